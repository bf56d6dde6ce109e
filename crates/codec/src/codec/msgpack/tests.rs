//! formats.md 3.2.

use temblor_value::{Blob, Value};

use crate::codec::tests::{decode, decode_error, decoded, encode, encode_value, nested};

#[test]
fn all_types_are_read() {
    let message = b"\x88\xa1n\xc0\xa1t\xc3\xa1i\xd0\x05\xa1u\xcd\x01\x00\xa1f\xca\x3f\xc0\x00\x00\xa1s\xd9\x02hi\xa1l\xdc\x00\x02\xff\x80\xc4\x01k\xcf\xff\xff\xff\xff\xff\xff\xff\xff";
    assert_eq!(
        decoded("msgpack", message),
        r#"{"n":null,"t":true,"i":5,"u":256,"f":1.5,"s":"hi","l":[-1,{}],"k":18446744073709551615}"#
    );
}

#[test]
fn strings_that_are_no_text_are_binary() {
    let value = decode("msgpack", b"\x92\xc4\x02\x00\xff\xa2\xff\xfe").unwrap().unwrap();
    let bytes: Vec<_> = value
        .as_array()
        .unwrap()
        .iter()
        .map(|element| element.as_bytes().unwrap().to_vec())
        .collect();
    assert_eq!(bytes, [vec![0, 255], vec![255, 254]]);
}

#[test]
fn what_follows_the_value_is_ignored() {
    assert_eq!(decoded("msgpack", b"\x07\xc1\xff"), "7");
}

#[test]
fn duplicate_keys_keep_the_first_place_and_the_last_value() {
    assert_eq!(decoded("msgpack", b"\x83\xa1a\x01\xa1b\x02\xa1a\x03"), r#"{"a":3,"b":2}"#);
}

#[test]
fn broken_messages_are_refused() {
    for truncated in [
        &b""[..],
        b"\x93\x01",
        b"\xa3ab",
        b"\xcd\x01",
        b"\x81\xa1a",
        b"\x81",
        b"\xdd\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
    ] {
        assert!(decode_error("msgpack", truncated).contains("reading"), "{truncated:?}");
    }
    for wrong in [
        &b"\xd4\x01\x02"[..],
        b"\x81\x01\x02",
        b"\x81\xa1\xff\x02",
        b"\xc1",
        b"\xc7\x01\x02\x03",
    ] {
        assert!(decode_error("msgpack", wrong).contains("invalid type"), "{wrong:?}");
    }
}

#[test]
fn nesting_is_refused_from_1024_levels_on() {
    let message = |levels| encode_value("msgpack", &nested(levels)).unwrap();
    assert!(decode("msgpack", &message(1023)).is_ok());
    assert!(decode_error("msgpack", message(1024)).contains("deep"));
    assert!(decode_error("msgpack", message(1_000_000)).contains("deep"));
}

#[test]
fn smallest_forms_are_written() {
    let cases: &[(&str, &[u8])] = &[
        ("127", b"\x7f"),
        ("128", b"\xcc\x80"),
        ("255", b"\xcc\xff"),
        ("256", b"\xcd\x01\x00"),
        ("65536", b"\xce\x00\x01\x00\x00"),
        ("4294967296", b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
        ("-32", b"\xe0"),
        ("-33", b"\xd0\xdf"),
        ("-128", b"\xd0\x80"),
        ("-129", b"\xd1\xff\x7f"),
        ("-32769", b"\xd2\xff\xff\x7f\xff"),
        ("-2147483649", b"\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"),
        ("1.5", b"\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00"),
        ("[null,true,false]", b"\x93\xc0\xc3\xc2"),
        (r#"{"a":[]}"#, b"\x81\xa1a\x90"),
    ];
    for (value, message) in cases {
        assert_eq!(encode("msgpack", value).unwrap(), *message, "{value}");
    }
}

#[test]
fn heads_grow_with_their_length() {
    let head = |value: &Value| encode_value("msgpack", value).unwrap()[..3].to_vec();
    let text = |length: usize| Value::from("x".repeat(length));
    assert_eq!(head(&text(31))[0], 0xbf);
    assert_eq!(head(&text(32))[..2], [0xd9, 32]);
    assert_eq!(head(&text(256)), [0xda, 1, 0]);
    assert_eq!(head(&text(65536))[..2], [0xdb, 0]);
    let bytes = |length: usize| Value::from(Blob::from(vec![0; length]));
    assert_eq!(head(&bytes(1))[..2], [0xc4, 1]);
    assert_eq!(head(&bytes(256)), [0xc5, 1, 0]);
    let array = |length: usize| Value::from(vec![Value::Null; length]);
    assert_eq!(head(&array(15))[0], 0x9f);
    assert_eq!(head(&array(16)), [0xdc, 0, 16]);
    assert_eq!(head(&array(65536))[..2], [0xdd, 0]);
}
