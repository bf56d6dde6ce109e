//! What holds for every codec, and round trips (formats.md 7).

use proptest::prelude::*;
use temblor_value::{Blob, ObjectMap, json};

use super::*;

/// The value of a message, or the text of the error.
pub(super) fn decode(name: &str, message: &[u8]) -> Result<Option<Value>, String> {
    let codec = codec(name).unwrap();
    let mut scratch = Scratch::default();
    let result = codec.decode(Bytes::copy_from_slice(message), &mut scratch, &mut 77);
    let check = codec.check(message, &mut scratch);
    assert_eq!(check.is_ok(), result.is_ok(), "{name} checks what it decodes: {message:?}");
    result.map_err(|error| error.to_string())
}

/// The value of a message as JSON text; panics if it does not decode.
pub(super) fn decoded(name: &str, message: impl AsRef<[u8]>) -> String {
    json::to_string(&decode(name, message.as_ref()).unwrap().unwrap())
}

/// The text of the error that a message gives.
pub(super) fn decode_error(name: &str, message: impl AsRef<[u8]>) -> String {
    decode(name, message.as_ref()).unwrap_err().to_lowercase()
}

/// The message for a value given as JSON text, or the text of the error.
pub(super) fn encode(name: &str, value: &str) -> Result<Vec<u8>, String> {
    encode_value(name, &json::from_str(value).unwrap())
}

pub(super) fn encode_value(name: &str, value: &Value) -> Result<Vec<u8>, String> {
    let mut out = b"before".to_vec();
    codec(name)
        .unwrap()
        .encode(value, &mut out)
        .map_err(|error| error.to_string())?;
    assert!(out.starts_with(b"before"), "{name} only appends");
    Ok(out.split_off(6))
}

/// The message for a value given as JSON text, as text; panics if there is none.
pub(super) fn encoded(name: &str, value: &str) -> String {
    String::from_utf8(encode(name, value).unwrap()).unwrap()
}

/// Arrays within arrays.
pub(super) fn nested(levels: usize) -> Value {
    (0..levels).fold(Value::Null, |inner, _| Value::from(vec![inner]))
}

/// Values of every kind but binary, with finite floats that are no integers' neighbours.
pub(super) fn plain_values() -> impl Strategy<Value = Value> {
    values(prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        text().prop_map(Value::from),
    ])
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        "[a-z0-9:,. #-]{0,12}",
        "(?i)(yes|no|on|off|true|false|null|~|\\.inf|\\.nan|0o7|\\+0b1|1e5|inf)"
    ]
}

fn values(leaf: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    leaf.prop_recursive(5, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..20)
                .prop_map(|entries| Value::from(entries.into_iter().collect::<ObjectMap>())),
        ]
    })
}

/// Exact text of a value, in which also key order and number types count.
fn exact(value: &Value) -> String {
    format!("{value:?}")
}

#[test]
fn registered_names_are_those_of_the_specification() {
    let names: Vec<_> = codec_names().collect();
    let expected = [
        "json", "msgpack", "yaml", "string", "binary", "null", "influx", "binflux", "statsd", "syslog",
    ];
    assert_eq!(names, expected);
    for name in names {
        assert_eq!(codec(name).unwrap().name(), name);
    }
    assert!(codec("jsonx").is_none());
    assert!(codec("").is_none());
}

#[test]
fn announced_content_types() {
    let first = |name| codec(name).unwrap().mime_types().first().copied();
    assert_eq!(first("json"), Some("application/json"));
    assert_eq!(first("yaml"), Some("application/yaml"));
    assert_eq!(first("string"), Some("text/plain"));
    assert_eq!(first("msgpack"), Some("application/msgpack"));
    assert_eq!(first("binary"), Some("application/octet-stream"));
    for name in ["influx", "binflux", "statsd", "syslog", "null"] {
        assert_eq!(first(name), None);
    }
}

#[test]
fn empty_messages_decode_where_the_codec_says_so() {
    for name in codec_names() {
        let has_value = matches!(decode(name, b""), Ok(Some(_)));
        assert_eq!(has_value, codec(name).unwrap().decodes_empty(), "{name}");
    }
}

#[test]
fn json_errors_say_where() {
    assert!(decode_error("json", "").contains("character"));
    assert!(decode_error("json", "{\"a\":1} 2").contains("character 8"));
    assert!(decode_error("json", "18446744073709551616").contains("overflow"));
    assert_eq!(decoded("json", " {\"a\":1,\"b\":2,\"a\":3}\r\n"), r#"{"a":3,"b":2}"#);
}

#[test]
fn string_takes_text_untrimmed_and_writes_others_as_json() {
    assert_eq!(decoded("string", " ü \n"), "\" ü \\n\"");
    assert!(decode_error("string", b"a\xff").contains("utf-8"));
    assert_eq!(encoded("string", "\"pump \\\"7\\\"\""), "pump \"7\"");
    assert_eq!(
        encoded("string", r#"{"a":[1,null],"b":{},"c":2.0,"d":[[],{"e":"f"}]}"#),
        r#"{"a":[1,null],"b":{},"c":2.0,"d":[[],{"e":"f"}]}"#
    );
}

#[test]
fn binary_within_text_is_an_array_of_numbers() {
    let bytes = Value::from(Blob::from(&[1u8, 255][..]));
    assert_eq!(encode_value("string", &bytes).unwrap(), b"[1,255]");
    assert_eq!(encode_value("binary", &bytes).unwrap(), [1, 255]);
    let list = Value::from(vec![bytes, Value::from(Blob::from(&[][..])), Value::from("x")]);
    assert_eq!(encode_value("binary", &list).unwrap(), b"[[1,255],[],\"x\"]");
    assert_eq!(encode_value("binary", &Value::from("ü")).unwrap(), "ü".as_bytes());
}

#[test]
fn null_takes_and_writes_nothing() {
    assert_eq!(decoded("null", "{"), "null");
    assert_eq!(encoded("null", "[1]"), "");
}

#[test]
fn deep_values_are_written_without_a_stack() {
    for name in ["json", "string", "binary", "msgpack"] {
        let length = encode_value(name, &nested(200_000)).unwrap().len();
        assert!(length >= 200_000, "{name}");
    }
    assert!(encode_value("yaml", &nested(200_000)).unwrap().len() >= 200_000);
}

#[test]
fn influx_lines_use_the_ingest_time_and_may_be_skipped() {
    assert_eq!(
        decoded("influx", "m f=1"),
        r#"{"measurement":"m","tags":{},"fields":{"f":1.0},"timestamp":77}"#
    );
    assert_eq!(decode("influx", b"# note").unwrap(), None);
    assert_eq!(decode("influx", b" ").unwrap(), None);
    assert!(decode_error("influx", "m f=high").starts_with("invalid influx line protocol data: "));
    assert!(decode_error("influx", b"m f=\xff").contains("utf-8"));
    assert_eq!(
        encoded("influx", r#"{"measurement":"m","tags":{},"fields":{"f":1},"timestamp":5}"#),
        "m f=1i 5"
    );
    assert!(
        encode("influx", r#"{"measurement":"m","tags":{},"fields":{"f":1}}"#)
            .unwrap_err()
            .contains("timestamp")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_message_makes_a_decoder_panic(message in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in codec_names() {
            let _ = decode(name, &message);
        }
    }

    #[test]
    fn no_text_makes_a_decoder_panic(message in "[\\[\\]{}<>\\-0-9a-cT:.|@=\"\\\\ \t\n,!&*?%+Zé]{0,60}") {
        for name in codec_names() {
            let _ = decode(name, message.as_bytes());
        }
    }

    #[test]
    fn values_come_back_from_json_msgpack_and_yaml(value in plain_values()) {
        for name in ["json", "msgpack", "yaml"] {
            let message = encode_value(name, &value).unwrap();
            let back = decode(name, &message);
            prop_assert_eq!(back.map(|back| back.map(|back| exact(&back))), Ok(Some(exact(&value))), "{}: {}", name, String::from_utf8_lossy(&message));
        }
    }

    #[test]
    fn text_and_bytes_come_back(text in ".*", bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let message = encode_value("string", &Value::from(text.clone())).unwrap();
        prop_assert_eq!(decode("string", &message), Ok(Some(Value::from(text))));
        let value = Value::from(Blob::from(bytes));
        for name in ["binary", "msgpack"] {
            let message = encode_value(name, &value).unwrap();
            prop_assert_eq!(decode(name, &message), Ok(Some(value.clone())));
        }
    }
}
