//! formats.md 3.3.

use temblor_value::{Blob, Value};

use crate::codec::tests::{decode, decode_error, decoded, encode_value, encoded};

#[test]
fn plain_scalars_have_the_specified_types() {
    let cases = [
        ("~", "null"),
        ("null", "null"),
        ("---", "null"),
        ("NULL", "\"NULL\""),
        ("true", "true"),
        ("True", "\"True\""),
        ("yes", "\"yes\""),
        ("on", "\"on\""),
        ("0", "0"),
        ("-5", "-5"),
        ("+5", "5"),
        ("0x10", "16"),
        ("-0x10", "-16"),
        ("0o17", "15"),
        ("+0b11", "3"),
        ("0x-1", "\"0x-1\""),
        ("007", "\"007\""),
        ("-007", "\"-007\""),
        ("18446744073709551615", "18446744073709551615"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.5", "1.5"),
        ("1e3", "1000.0"),
        (".5", "0.5"),
        ("inf", "\"inf\""),
        ("nan", "\"nan\""),
        ("1_000", "\"1_000\""),
        ("1e999", "\"1e999\""),
        ("plain text", "\"plain text\""),
        ("'5'", "\"5\""),
        ("\"true\"", "\"true\""),
        ("!!str 5", "\"5\""),
        ("|\n  5\n", "\"5\\n\""),
    ];
    for (document, value) in cases {
        assert_eq!(decoded("yaml", document), value, "{document}");
    }
    let number = |document: &str| decode("yaml", document.as_bytes()).unwrap().unwrap().as_f64().unwrap();
    assert_eq!(number(".inf"), f64::INFINITY);
    assert_eq!(number("-.inf"), f64::NEG_INFINITY);
    assert!(number(".nan").is_nan());
    assert_eq!(number("18446744073709551616"), 18_446_744_073_709_551_616.0);
}

#[test]
fn documents_become_values() {
    let document = "name: pump\nempty:\n# note\nlist: [1, two]\nnested:\n  - a: -3\n  -\n    - x\n";
    assert_eq!(
        decoded("yaml", document),
        r#"{"name":"pump","empty":null,"list":[1,"two"],"nested":[{"a":-3},["x"]]}"#
    );
    assert_eq!(
        decoded("yaml", "a: &x [1, 2]\nb: *x\nc: &k 7\n*k : v"),
        r#"{"a":[1,2],"b":[1,2],"c":7,"7":"v"}"#
    );
    assert_eq!(
        decoded("yaml", "1: a\ntrue: b\n~: c\n<<: {d: e}"),
        r#"{"1":"a","true":"b","~":"c","<<":{"d":"e"}}"#
    );
    assert_eq!(decoded("yaml", "---\na: 1\n...\n"), r#"{"a":1}"#);
}

#[test]
fn broken_documents_are_refused() {
    assert!(decode_error("yaml", "a: 1\n---\nb: 2\n").contains("more than one document"));
    for document in [
        "",
        "# only a comment\n",
        "a: [1",
        "a: b: c",
        "*nowhere",
        "? [1]\n: x",
        "{[1]: x}",
        "a: &a [*a]",
        "\"open",
    ] {
        assert!(decode("yaml", document.as_bytes()).is_err(), "{document}");
    }
    assert!(decode_error("yaml", b"a: \xff").contains("utf-8"));
}

#[test]
fn nesting_is_refused_beyond_128_levels() {
    let document = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(decode("yaml", document(128).as_bytes()).is_ok());
    assert!(decode("yaml", document(129).as_bytes()).is_err());
    assert!(decode("yaml", document(100_000).as_bytes()).is_err());
    assert!(decode("yaml", "- ".repeat(100_000).as_bytes()).is_err());
    let by_alias = format!("a: &a {}\nb: {}*a{}", document(70), "[".repeat(70), "]".repeat(70));
    assert!(decode_error("yaml", by_alias).contains("deep"));
}

#[test]
fn aliases_do_not_multiply_without_end() {
    let levels = (1..30).map(|level| {
        let before = format!("*a{},", level - 1).repeat(8);
        format!("a{level}: &a{level} [{before}]\n")
    });
    let document: String = std::iter::once("a0: &a0 [x,x,x,x,x,x,x,x]\n".to_owned())
        .chain(levels)
        .collect();
    assert!(decode_error("yaml", document).contains("too large"));
}

#[test]
fn values_become_block_style_documents() {
    assert_eq!(
        encoded("yaml", r#"{"a":1,"b":[1,{"c":null,"d":[]}],"e":{"f":true,"g":{}},"h":1.5}"#),
        "---\na: 1\nb:\n  - 1\n  - c: ~\n    d: []\ne:\n  f: true\n  g: {}\nh: 1.5\n"
    );
    assert_eq!(encoded("yaml", "\"pump\""), "---\npump\n");
    assert_eq!(encoded("yaml", "{}"), "---\n{}\n");
    assert_eq!(encoded("yaml", "[[1,[2]],[]]"), "---\n- - 1\n  - - 2\n- []\n");
    assert_eq!(encoded("yaml", "18446744073709551615"), "---\n18446744073709551615\n");
    let floats = Value::from(vec![
        Value::F64(f64::INFINITY),
        Value::F64(f64::NEG_INFINITY),
        Value::F64(f64::NAN),
    ]);
    assert_eq!(encode_value("yaml", &floats).unwrap(), b"---\n- .inf\n- -.inf\n- .nan\n");
    let bytes = Value::from(vec![
        Value::from(Blob::from(&[1u8, 255][..])),
        Value::from(Blob::from(&[][..])),
    ]);
    assert_eq!(encode_value("yaml", &bytes).unwrap(), b"---\n- - 1\n  - 255\n- []\n");
}

#[test]
fn strings_are_quoted_where_needed_only() {
    let quoted = [
        "", " pad", "pad ", "-x", "@me", ".5x", "=a", "0xz", "x: y", "a,b", "it's", "a`b", "a\tb", "yes", "Yes", "YES", "oFF",
        "~", "007", "1e5", "-7", "inf", "0o7", "+0b1",
    ];
    for text in quoted {
        let document = encoded("yaml", &temblor_value::json::to_string(&Value::from(text)));
        assert_eq!(document.starts_with("---\n\""), text != "oFF", "{text}");
    }
    for text in ["plain text", "a-b", "yesterday", "oN", "ü", "+", "0o8", "a%", "x=1"] {
        assert_eq!(encoded("yaml", &format!("{text:?}")), format!("---\n{text}\n"));
    }
    assert_eq!(
        encoded("yaml", "{\"a: b\":\"line\\nfeed\"}"),
        "---\n\"a: b\": \"line\\nfeed\"\n"
    );
}
