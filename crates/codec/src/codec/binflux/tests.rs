//! formats.md 3.8.

use proptest::prelude::*;
use temblor_value::{ObjectMap, Value};

use crate::codec::tests::{decode, decode_error, decoded, encode, encode_value};

const MESSAGE: &[u8] = b"\0\0\0\x04tank\0\0\0\0\0\0\0\x05\0\x01\0\x04site\0\x01n\0\x05\0\x01i\0\xff\xff\xff\xff\xff\xff\xff\xfc\0\x01f\x01\x3f\xf8\0\0\0\0\0\0\0\x01s\x02\0\x02hi\0\x01t\x03\0\x01u\x04";
const RECORD: &str =
    r#"{"measurement":"tank","tags":{"site":"n"},"fields":{"i":-4,"f":1.5,"s":"hi","t":true,"u":false},"timestamp":5}"#;

#[test]
fn layout() {
    assert_eq!(decoded("binflux", MESSAGE), RECORD);
    assert_eq!(decoded("binflux", [MESSAGE, b"xyz"].concat()), RECORD);
    assert_eq!(encode("binflux", RECORD).unwrap(), MESSAGE);
}

#[test]
fn broken_messages_are_refused() {
    for length in 0..MESSAGE.len() {
        assert!(decode("binflux", &MESSAGE[..length]).is_err(), "{length}");
    }
    assert!(decode_error("binflux", [b"\0\x01", &MESSAGE[2..]].concat()).contains("invalid version"));
    assert!(decode_error("binflux", b"\0\0\0\x01\xff\0\0\0\0\0\0\0\x05\0\0\0\0").contains("utf-8"));
    assert!(decode_error("binflux", b"\0\0\0\0\0\0\0\0\0\0\0\x05\0\0\0\x01\0\x01x\x05").contains("unknown type"));
}

#[test]
fn missing_tags_and_fields_count_as_none() {
    let message = encode("binflux", r#"{"measurement":"m","timestamp":1,"tags":[1]}"#).unwrap();
    assert_eq!(message, b"\0\0\0\x01m\0\0\0\0\0\0\0\x01\0\0\0\0");
}

#[test]
fn tags_that_are_no_strings_are_left_out() {
    let message = encode("binflux", r#"{"measurement":"m","timestamp":1,"tags":{"a":1,"b":"x"}}"#).unwrap();
    assert_eq!(
        decoded("binflux", message),
        r#"{"measurement":"m","tags":{"b":"x"},"fields":{},"timestamp":1}"#
    );
}

#[test]
fn values_of_other_shapes_are_refused() {
    let error = |value: &str| encode("binflux", value).unwrap_err();
    assert_eq!(
        error(r#"{"timestamp":1}"#),
        "Invalid BInflux Line Protocol data: measurement missing"
    );
    assert_eq!(
        error(r#"{"measurement":"m","timestamp":-1}"#),
        "Invalid BInflux Line Protocol data: timestamp missing"
    );
    for value in ["null", "[]", "{}", "18446744073709551615"] {
        let error = error(&format!(
            r#"{{"measurement":"m","timestamp":1,"fields":{{"depth":{value}}}}}"#
        ));
        assert!(
            error.contains("Unknown type as influx line value: ") && error.contains("depth"),
            "{error}"
        );
    }
    let long = format!(r#"{{"measurement":"{}","timestamp":1}}"#, "m".repeat(65536));
    assert!(error(&long).contains("string too long"));
    let many: ObjectMap = (0..65536).map(|n: u32| (n.to_string(), "x")).collect();
    let mut record = temblor_value::json::from_str(r#"{"measurement":"m","timestamp":1}"#).unwrap();
    record.insert("tags", Value::from(many.clone()));
    assert!(encode_value("binflux", &record).unwrap_err().contains("too many tags"));
    record.insert("tags", Value::Null);
    record.insert("fields", Value::from(many));
    assert!(encode_value("binflux", &record).unwrap_err().contains("too many fields"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_change_of_a_message_makes_the_decoder_panic(at in 0..MESSAGE.len(), byte: u8) {
        let mut message = MESSAGE.to_vec();
        message[at] = byte;
        let _ = decode("binflux", &message);
    }
}
