//! The rules of spec/formats.md 3.7.

use temblor_value::json;

use super::*;

fn decoded(line: &str) -> Result<Option<String>, InfluxError> {
    let decoded = decode_line(&Str::from(line), 42);
    assert_eq!(
        check_line(line),
        decoded.as_ref().map(Option::is_some).map_err(Clone::clone),
        "{line}"
    );
    Ok(decoded?.map(|value| json::to_string(&value)))
}

#[track_caller]
fn check(line: &str, measurement: &str, tags: &str, fields: &str, timestamp: u64) {
    let expected = format!(r#"{{"measurement":"{measurement}","tags":{tags},"fields":{fields},"timestamp":{timestamp}}}"#);
    assert_eq!(decoded(line), Ok(Some(expected)), "{line}");
}

fn encoded(record: &str) -> Result<String, InfluxError> {
    let mut out = Vec::new();
    encode_line(&json::from_str(record).unwrap(), &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn lines_become_records() {
    check(
        "tank,site=north level=7.5,full=f,n=3i,s=\"a b\" 1700000000000000001",
        "tank",
        r#"{"site":"north"}"#,
        r#"{"level":7.5,"full":false,"n":3,"s":"a b"}"#,
        1_700_000_000_000_000_001,
    );
    check("  tank level=1\n", "tank", "{}", r#"{"level":1.0}"#, 42);
    check(",a= f=1", "", r#"{"a":""}"#, r#"{"f":1.0}"#, 42);
    check(
        "m,a=b=c,d=e f=1 18446744073709551615",
        "m",
        r#"{"a":"b=c","d":"e"}"#,
        r#"{"f":1.0}"#,
        u64::MAX,
    );
    check("m,a=1,a=2 f=1,f=2", "m", r#"{"a":"2"}"#, r#"{"f":2.0}"#, 42);
    check("m  a b,c=1", "m", "{}", r#"{" a b,c":1.0}"#, 42);
}

#[test]
fn long_parts_are_whole() {
    let long = "x".repeat(60);
    check(
        &format!("{long},{long}={long} {long}=\"{long}\""),
        &long,
        &format!(r#"{{"{long}":"{long}"}}"#),
        &format!(r#"{{"{long}":"{long}"}}"#),
        42,
    );
}

#[test]
fn blank_lines_and_comments_are_skipped() {
    for line in ["", "   ", "\t\n", "# tank level=1", "  #"] {
        assert_eq!(decoded(line), Ok(None), "{line}");
    }
}

#[test]
fn field_values() {
    for (text, value) in [
        ("t", "true"),
        ("T", "true"),
        ("True", "true"),
        ("TRUE", "true"),
        ("f", "false"),
        ("False", "false"),
        ("82", "82.0"),
        ("-1", "-1.0"),
        ("+3", "3.0"),
        ("1.", "1.0"),
        (".5", "0.5"),
        ("1e-3", "0.001"),
        ("7i", "7"),
        ("+7i", "7"),
        ("-7i", "-7"),
        ("18446744073709551615i", "18446744073709551615"),
        ("-9223372036854775808i", "-9223372036854775808"),
        ("\"\"", "\"\""),
        (r#""a,b c=d""#, r#""a,b c=d""#),
        (r#""a\"b\\c\d""#, r#""a\"b\\c\\d""#),
    ] {
        check(&format!("m f={text}"), "m", "{}", &format!(r#"{{"f":{value}}}"#), 42);
        check(
            &format!("m f={text},g=1 5"),
            "m",
            "{}",
            &format!(r#"{{"f":{value},"g":1.0}}"#),
            5,
        );
    }
}

#[test]
fn backslashes_count_before_what_could_end_the_element() {
    check(r"wea\ ther\,\\\= f=1", r"wea ther,\\\\=", "{}", r#"{"f":1.0}"#, 42);
    check(
        r"m,a\=b\ c\,d=e\ f\,g\= h=1",
        "m",
        r#"{"a=b c,d":"e f,g\\="}"#,
        r#"{"h":1.0}"#,
        42,
    );
    check(r"m a\ b\=c\,=1", "m", "{}", r#"{"a\\ b=c\\,":1.0}"#, 42);
    check(r"m\ä f=1", r"m\\ä", "{}", r#"{"f":1.0}"#, 42);
}

#[test]
fn broken_lines_are_errors() {
    for line in [
        "tank",
        "tank,",
        "tank,site",
        "tank,site level=1",
        "tank,site,a=b level=1",
        "tank,site=north",
        "tank level",
        "tank level=",
        "tank level=,a=1",
        "tank level=abc",
        "tank level=1 -5",
        "tank level=1  5",
        "tank level=1 5 x",
        "tank level=1 +5",
        "tank level=1 18446744073709551616",
        "tank level=1,",
        "tank level=5u",
        "tank level=i",
        "tank level=1.5i",
        "tank level=18446744073709551616i",
        "tank level=-9223372036854775809i",
        "tank level=nan",
        "tank level=inf",
        "tank level=-infinity",
        "tank level=1e999",
        r"tank level=1\,2",
        "tank level=\"a",
        "tank level=\"a\"b",
        r#"tank level="a\"#,
        r"tank\",
        r"tank,a=b\ ",
    ] {
        let error = decoded(line).unwrap_err();
        assert!(error.to_string().starts_with("Invalid Influx Line Protocol data: "), "{line}");
    }
}

#[test]
fn records_become_lines() {
    assert_eq!(
        encoded(
            r#"{"measurement":"m, a","tags":{"z":"1","a=b":"x \"y\"","n":5},
                "fields":{"s":"q\"\\ ,","b":true,"f":1.5,"i":-3,"big":18446744073709551615,"a b":false},"timestamp":7}"#
        )
        .as_deref(),
        Ok(r#"m\,\ a,a\=b=x\ \"y\",z=1 a\ b=false,b=true,big=18446744073709551615i,f=1.5,i=-3i,s="q\"\\ ," 7"#)
    );
    assert_eq!(
        encoded(r#"{"timestamp":0,"fields":{},"tags":{},"measurement":"m"}"#).as_deref(),
        Ok("m  0")
    );
}

#[test]
fn records_of_another_shape_are_errors_that_name_the_key() {
    for (record, key) in [
        (r#"{"tags":{},"fields":{},"timestamp":1}"#, "measurement"),
        (r#"{"measurement":1,"tags":{},"fields":{},"timestamp":1}"#, "measurement"),
        (r#"{"measurement":"m","fields":{},"timestamp":1}"#, "tags"),
        (r#"{"measurement":"m","tags":[],"fields":{},"timestamp":1}"#, "tags"),
        (r#"{"measurement":"m","tags":{},"timestamp":1}"#, "fields"),
        (r#"{"measurement":"m","tags":{},"fields":{}}"#, "timestamp"),
        (r#"{"measurement":"m","tags":{},"fields":{},"timestamp":-1}"#, "timestamp"),
        (r#"{"measurement":"m","tags":{},"fields":{},"timestamp":1.0}"#, "timestamp"),
        (r#"{"measurement":"m","tags":{},"fields":{"no":null},"timestamp":1}"#, "no"),
        (r#"{"measurement":"m","tags":{},"fields":{"no":[]},"timestamp":1}"#, "no"),
        ("[]", "record"),
    ] {
        assert!(encoded(record).unwrap_err().to_string().contains(key), "{record}");
    }
}

#[test]
fn lines_survive_the_round_trip() {
    for line in [r"m\ x,a\=1=b\ c,d=e\,f g=1.5,h=2i,i=true 9", r#"m f="a\"b\\c, d=e" 1"#] {
        let record = decode_line(&Str::from(line), 0).unwrap().unwrap();
        let mut out = Vec::new();
        encode_line(&record, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), line);
    }
}
