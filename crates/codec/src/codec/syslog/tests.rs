//! formats.md 3.10. Times in ns since the epoch.

use bytes::Bytes;
use proptest::prelude::*;
use temblor_value::{Value, json, json::Scratch};

use crate::codec::{
    codec,
    tests::{decode, decode_error, decoded, encode, encoded},
};

/// 2031-05-06T07:08:09Z
const TIME: i64 = 1_935_817_689_000_000_000;

/// The keys of the decoded record that are not null, without the three that the other tests look at.
fn parts(message: &str) -> String {
    let mut value = decode("syslog", message.as_bytes()).unwrap().unwrap();
    value
        .object_mut()
        .unwrap()
        .retain(|key, value| !value.is_null() && !["severity", "facility", "protocol"].contains(&key.as_str()));
    json::to_string(&value)
}

fn field(message: &str, key: &str) -> Value {
    decode("syslog", message.as_bytes())
        .unwrap()
        .unwrap()
        .get(key)
        .cloned()
        .unwrap()
}

fn timestamp_at(message: &str, now_ns: u64) -> Value {
    let message = Bytes::copy_from_slice(message.as_bytes());
    let record = codec("syslog")
        .unwrap()
        .decode(message, &mut Scratch::default(), &mut now_ns.clone())
        .unwrap()
        .unwrap();
    record.get("timestamp").cloned().unwrap()
}

#[test]
fn rfc5424_messages_have_all_keys_in_order() {
    assert_eq!(
        decoded(
            "syslog",
            "<165>1 2031-05-06T07:08:09.250Z gw7.example.net pumpd 0042 ID9 [meta@1 a=\"1\" b=\"x y\"][geo lat=\"5\"] tank is full"
        ),
        r#"{"hostname":"gw7.example.net","severity":"notice","facility":"local4","timestamp":1935817689250000000,"protocol":"RFC5424","protocol_version":1,"appname":"pumpd","msgid":"ID9","structured_data":{"meta@1":[{"a":"1"},{"b":"x y"}],"geo":[{"lat":"5"}]},"procid":"42","msg":"tank is full"}"#
    );
    assert_eq!(
        decoded("syslog", "<0>1 2031-05-06T07:08:09+02:00 - - - - - hello"),
        r#"{"hostname":null,"severity":"emerg","facility":"kern","timestamp":1935810489000000000,"protocol":"RFC5424","protocol_version":1,"appname":null,"msgid":null,"structured_data":null,"procid":null,"msg":"hello"}"#
    );
}

#[test]
fn priority_is_optional_and_has_a_range() {
    assert_eq!(
        parts("2 2031-05-06T07:08:09Z h a:b p1 - -"),
        r#"{"hostname":"h","timestamp":1935817689000000000,"protocol_version":2,"appname":"a:b","procid":"p1","msg":""}"#
    );
    assert_eq!(field("<255>1 2031-05-06T07:08:09Z h a - - - x", "facility"), Value::Null);
    assert_eq!(
        field("<255>1 2031-05-06T07:08:09Z h a - - - x", "severity"),
        Value::from("debug")
    );
    assert_eq!(
        field("<191>1 2031-05-06T07:08:09Z h a - - - x", "facility"),
        Value::from("local7")
    );
    let beyond = "<256>1 2031-05-06T07:08:09Z h a - - - x";
    assert_eq!(field(beyond, "msg"), Value::from(beyond));
}

#[test]
fn what_is_no_rfc5424_message_falls_through() {
    for message in [
        "<34>1 - h a - - - x",
        "<34>1 2031-05-06T07:08:09 h a - - - x",
        "<34>1 2031-05-06T07:08:09Z h:1 a - - - x",
        "<34>1 2031-05-06T07:08:09Z h a - - x",
        "<34>1 2031-05-06T07:08:09Z h a - - [x",
        "  what is this ",
        "",
        "<",
        "<1",
        "<1>",
    ] {
        let expected = format!(
            r#"{{"hostname":null,"severity":null,"facility":null,"timestamp":null,"protocol":"RFC3164","protocol_version":null,"appname":null,"msgid":null,"structured_data":null,"procid":null,"msg":{}}}"#,
            json::to_string(&Value::from(message))
        );
        assert_eq!(decoded("syslog", message), expected);
    }
    assert!(decode_error("syslog", b"<13>\xff").contains("utf-8"));
}

#[test]
fn structured_data() {
    let data = |text: &str| {
        let message = format!("<34>1 2031-05-06T07:08:09Z h a - - {text} x");
        assert_eq!(field(&message, "msg"), Value::from("x"), "{text}");
        json::to_string(&field(&message, "structured_data"))
    };
    assert_eq!(data("-"), "null");
    assert_eq!(data("[only]"), r#"{"only":[]}"#);
    assert_eq!(data(r#"[i k="a\"b\\c"]"#), r#"{"i":[{"k":"a\\\"b\\\\c"}]}"#);
    assert_eq!(data(r#"[i k="a\]b" e=""]"#), r#"{"i":[{"k":"a\\]b"},{"e":""}]}"#);
    assert_eq!(data(r#"[i  k= "v"]"#), r#"{"i":[{"k":"v"}]}"#);
    assert_eq!(data(r#"[ok k="1"][bad thing]"#), r#"{"ok":[{"k":"1"}]}"#);
    assert_eq!(data(r#"[bad k="\x"][ok]"#), r#"{"ok":[]}"#);
    assert_eq!(data("[]"), "null");
    assert_eq!(data(r#"[i k="1"  l="2"][j]"#), r#"{"j":[]}"#);
    assert_eq!(data(r#"[i k="1"][j][i k="2"]"#), r#"{"i":[{"k":"2"}],"j":[]}"#);
}

#[test]
fn rfc3164_host_and_tag() {
    let cases = [
        (
            "host7 cron: tick",
            r#""hostname":"host7","timestamp":@,"appname":"cron","msg":"tick""#,
        ),
        (
            "web-7 nginx[812]: GET / 200",
            r#""hostname":"web-7","timestamp":@,"appname":"nginx","procid":"812","msg":"GET / 200""#,
        ),
        ("host7: tick", r#""hostname":"host7","timestamp":@,"msg":"tick""#),
        (
            "cron[007]: tick",
            r#""timestamp":@,"appname":"cron","procid":"7","msg":"tick""#,
        ),
        (
            "host7 tick tock",
            r#""hostname":"host7","timestamp":@,"appname":"tick","msg":"tock""#,
        ),
        ("host7  tick tock", r#""hostname":"host7","timestamp":@,"msg":"tick tock""#),
        ("host7 -: tick", r#""timestamp":@,"msg":"tick""#),
        ("- a: tick", r#""timestamp":@,"appname":"a","msg":"tick""#),
        (
            "host7 app: [warn] hot",
            r#""hostname":"host7","timestamp":@,"appname":"app","structured_data":{"warn":[]},"msg":"hot""#,
        ),
        (
            "host7 app: - hot",
            r#""hostname":"host7","timestamp":@,"appname":"app","msg":"hot""#,
        ),
        (
            "host7 app: [open",
            r#""hostname":"host7","timestamp":@,"appname":"app","msg":"[open""#,
        ),
        (": tick", r#""timestamp":@,"msg":"tick""#),
    ];
    for (text, expected) in cases {
        let message = format!("<13>2031-05-06T07:08:09Z {text}");
        assert_eq!(
            parts(&message),
            format!("{{{expected}}}").replace('@', &TIME.to_string()),
            "{text}"
        );
        assert_eq!(field(&message, "protocol"), Value::from("RFC3164"));
        assert_eq!(field(&message, "facility"), Value::from("user"));
    }
}

#[test]
fn rfc3164_times() {
    let time = |text: &str| field(&format!("<13>{text} h a: x"), "timestamp");
    for text in [
        "Feb 14 2023 09:10:11",
        "feb  14  2023  9:10:11",
        " FEB 14 2023 09:10:11:",
        "2023-02-14T09:10:11Z",
        "2023-02-14T10:10:11+01:00:",
    ] {
        assert_eq!(time(text), Value::from(1_676_365_811_000_000_000i64), "{text}");
    }
    for text in [
        "Feb 30 2023 09:10:11",
        "Feb 14 2023 24:10:11",
        "Feb 14 2023 09:10:60",
        "Feb 14 99999999 09:10:11",
        "Fev 14 2023 09:10:11",
        "14 Feb 2023 09:10:11",
    ] {
        assert_eq!(time(text), Value::Null, "{text}");
    }
}

#[test]
fn times_without_year_are_of_this_year_or_the_december_before() {
    const SECOND: u64 = 1_000_000_000;
    let (january_2024, june_2024) = (1_704_499_200 * SECOND, 1_717_632_000 * SECOND);
    assert_eq!(
        timestamp_at("<13>Jan  5 10:00:00 h a: x", january_2024),
        Value::from(1_704_448_800 * SECOND)
    );
    assert_eq!(
        timestamp_at("<13>Dec 31 23:59:59 h a: x", january_2024),
        Value::from(1_704_067_199 * SECOND)
    );
    assert_eq!(
        timestamp_at("<13>Dec 31 23:59:59 h a: x", june_2024),
        Value::from(1_735_689_599 * SECOND)
    );
    assert_eq!(
        timestamp_at("<13>Feb 29 00:00:00 h a: x", june_2024),
        Value::from(1_709_164_800 * SECOND)
    );
    assert_eq!(
        timestamp_at("<13>Feb 29 00:00:00 h a: x", june_2024 - 365 * 86400 * SECOND),
        Value::Null
    );
    assert_eq!(timestamp_at("<13>Feb 29 00:00:00 h a: x", u64::MAX), Value::Null);
}

#[test]
fn messages_are_written() {
    let cases = [
        (
            r#"{"facility":"cron","severity":"info","msg":"tick"}"#,
            "<78>1 - - - - - - tick",
        ),
        (
            r#"{"facility":"kern","severity":"debug","hostname":5,"procid":42,"msg":7}"#,
            "<7>1 - - - - - -",
        ),
        (
            r#"{"facility":"kern","severity":"debug","structured_data":{},"timestamp":1500000000000001000}"#,
            "<7>1 2017-07-14T02:40:00.000001+00:00 - - - - -",
        ),
        (
            r#"{"protocol":"RFC5424","protocol_version":1,"facility":"local4","severity":"notice","timestamp":1935817689250000000,"hostname":"gw7","appname":"pumpd","procid":"42","msgid":"ID9","structured_data":{"meta@1":[{"a":"1"},{"b":"x y"}],"geo":[]},"msg":"full"}"#,
            "<165>1 2031-05-06T07:08:09.250+00:00 gw7 pumpd 42 ID9 [meta@1 a=\"1\" b=\"x y\"][geo] full",
        ),
        (
            r#"{"protocol":"RFC3164","facility":"user","severity":"err","timestamp":1935817689000000000,"hostname":"h","appname":"app","procid":"7","msg":"x"}"#,
            "<11> 2031-05-06T07:08:09+00:00 h app[7]: x",
        ),
        (
            r#"{"protocol":"RFC3164","facility":"user","severity":"err","appname":"app","msg":"x"}"#,
            "<11> - - app: x",
        ),
        (
            r#"{"protocol":"RFC3164","facility":"user","severity":"err","procid":"7","structured_data":{"i":[]}}"#,
            "<11> - - : [i]",
        ),
    ];
    for (value, message) in cases {
        assert_eq!(encoded("syslog", value), message);
    }
}

#[test]
fn values_of_other_shapes_are_refused() {
    let cases = [
        ("[]", "facility missing"),
        (r#"{"severity":"info"}"#, "facility missing"),
        (r#"{"facility":"cron"}"#, "severity missing"),
        (r#"{"facility":"pump","severity":"info"}"#, "invalid facility"),
        (r#"{"facility":"cron","severity":"loud"}"#, "invalid severity"),
        (
            r#"{"protocol":"RFC1","facility":"cron","severity":"info"}"#,
            "invalid protocol type",
        ),
        (
            r#"{"protocol":"RFC5424","facility":"cron","severity":"info"}"#,
            "Missing protocol version",
        ),
        (
            r#"{"protocol":"RFC5424","protocol_version":4294967296,"facility":"cron","severity":"info"}"#,
            "Missing protocol version",
        ),
        (
            r#"{"protocol_version":1,"facility":"cron","severity":"info"}"#,
            "Missing protocol type",
        ),
        (
            r#"{"facility":"cron","severity":"info","structured_data":"x"}"#,
            "structured data not an object",
        ),
        (
            r#"{"facility":"cron","severity":"info","structured_data":{"i":{"a":"b"}}}"#,
            "params not an array",
        ),
        (
            r#"{"facility":"cron","severity":"info","structured_data":{"i":["a"]}}"#,
            "not an object",
        ),
        (
            r#"{"facility":"cron","severity":"info","structured_data":{"i":[{"a":1}]}}"#,
            "not a string",
        ),
    ];
    for (value, text) in cases {
        let error = encode("syslog", value).unwrap_err();
        assert!(
            error.starts_with("Invalid Syslog Protocol data: ") && error.contains(text),
            "{value}: {error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rfc5424_messages_come_back(
        pri in 0..192u8,
        host in "[a-z.]{1,9}",
        id in "[1-9][0-9]{0,4}",
        data in "(-|(\\[[a-z@]{1,4}( [a-z]{1,3}=\"[a-z ]{0,3}\"){0,3}\\]){1})",
        msg in "[a-z][a-z :\\[\"]{0,9}[a-z]"
    ) {
        let message = format!("<{pri}>1 2031-05-06T07:08:09.000000001+00:00 {host} app {id} - {data} {msg}");
        prop_assert_eq!(encoded("syslog", &decoded("syslog", &message)), message);
    }

    #[test]
    fn no_text_makes_the_decoder_panic(rest in "\\PC{0,40}", head in "(<[0-9]{1,3}>)?(1 )?((Jan|Feb) [0-9]{1,2} ([0-9]{1,5} )?[0-9:]{5,9}|2031-05-06T07:08:09Z) ?") {
        let message = head + &rest;
        prop_assert!(decode("syslog", message.as_bytes()).is_ok());
    }
}
