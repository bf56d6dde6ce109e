//! Growth under the limits of spec/script.md 14.

use temblor_script::limits::LimitReached;

use super::*;

fn small() -> Limits {
    Limits {
        value_bytes: 8,
        value_elements: 4,
        steps: 1000,
        ..Limits::default()
    }
}

fn outcome(path: &str, arguments: &[Value]) -> Result<Value, FnError> {
    call_with(&small(), EventInfo::default(), path, arguments)
}

#[test]
fn results_at_the_limit_pass_and_above_it_fail() {
    let rows = [
        (
            "array::join",
            "[[\"abcd\",\"def\"],\"-\"]",
            "[[\"abcd\",\"defg\"],\"-\"]",
            LimitReached::Bytes,
        ),
        ("array::push", "[[1,2,3],4]", "[[1,2,3,4],5]", LimitReached::Elements),
        (
            "array::flatten",
            "[[[1,2],[3,4]]]",
            "[[[1,2],[3,4,5]]]",
            LimitReached::Elements,
        ),
        ("json::encode", "[[1,2,33]]", "[[1,2,333]]", LimitReached::Bytes),
        ("json::encode_pretty", "[[1]]", "[[100]]", LimitReached::Bytes),
        (
            "chash::sorted_serialize",
            "[{\"a\":12}]",
            "[{\"a\":1234}]",
            LimitReached::Bytes,
        ),
        ("random::string", "[8]", "[9]", LimitReached::Bytes),
        ("range::range", "[0,4]", "[0,5]", LimitReached::Elements),
        (
            "re::replace_all",
            "[\"a\",\"aa\",\"$0${0}x\"]",
            "[\"a\",\"aaa\",\"$0${0}x\"]",
            LimitReached::Bytes,
        ),
        (
            "re::split",
            "[\",\",\"a,b,c,d\"]",
            "[\",\",\"a,b,c,d,e\"]",
            LimitReached::Elements,
        ),
        (
            "record::from_array",
            "[[[\"a\",1],[\"b\",1],[\"c\",1],[\"d\",1],[\"a\",2]]]",
            "[[[\"a\",1],[\"b\",1],[\"c\",1],[\"d\",1],[\"e\",1]]]",
            LimitReached::Elements,
        ),
        (
            "record::merge",
            "[{\"a\":1,\"b\":1},{\"c\":1,\"d\":1,\"a\":1}]",
            "[{\"a\":1,\"b\":1},{\"c\":1,\"d\":1,\"e\":1}]",
            LimitReached::Elements,
        ),
        (
            "string::format",
            "[\"{}{}\",\"abcd\",1234]",
            "[\"{}{}\",\"abcd\",12345]",
            LimitReached::Bytes,
        ),
        (
            "string::replace",
            "[\"aa\",\"a\",\"1234\"]",
            "[\"aa\",\"a\",\"12345\"]",
            LimitReached::Bytes,
        ),
        (
            "string::replace",
            "[\"abc\",\"\",\"-\"]",
            "[\"abcd\",\"\",\"-\"]",
            LimitReached::Bytes,
        ),
        ("string::uppercase", "[\"ßßßß\"]", "[\"ΐΐ\"]", LimitReached::Bytes),
        (
            "string::split",
            "[\"a,b,c,d\",\",\"]",
            "[\"a,b,c,d,e\",\",\"]",
            LimitReached::Elements,
        ),
        ("url::encode", "[\"a b \"]", "[\"  %\"]", LimitReached::Bytes),
        (
            "datetime::format",
            "[0,\"%H:%M:%S\"]",
            "[0,\"%H:%M:%S.\"]",
            LimitReached::Bytes,
        ),
        (
            "base64::decode",
            "[\"AAAAAAAAAAA=\"]",
            "[\"AAAAAAAAAAAA\"]",
            LimitReached::Bytes,
        ),
        (
            "binary::from_bytes",
            "[[1,2,3,4,5,6,7,8]]",
            "[[1,2,3,4,5,6,7,8,9]]",
            LimitReached::Bytes,
        ),
    ];
    for (path, within, above, limit) in rows {
        assert!(
            outcome(path, &args(within)).is_ok(),
            "{path}({within}): {:?}",
            outcome(path, &args(within))
        );
        assert_eq!(outcome(path, &args(above)), Err(FnError::Limit(limit)), "{path}({above})");
    }
    assert!(outcome("binary::into_bytes", &[binary(&[0; 4])]).is_ok());
    assert_eq!(
        outcome("binary::into_bytes", &[binary(&[0; 5])]),
        Err(FnError::Limit(LimitReached::Elements))
    );
    assert!(outcome("base64::encode", &[binary(&[0; 6])]).is_ok());
    assert_eq!(
        outcome("base64::encode", &[binary(&[0; 7])]),
        Err(FnError::Limit(LimitReached::Bytes))
    );
    assert_eq!(
        outcome("string::from_utf8_lossy", &[binary(&[255; 3])]),
        Err(FnError::Limit(LimitReached::Bytes))
    );
}

#[test]
fn shared_parts_are_counted_as_often_as_they_stand() {
    let mut value = Value::from(vec![Value::from(1)]);
    for _ in 0..60 {
        value = Value::from(vec![value.clone(), value]);
    }
    let limits = Limits {
        steps: 10_000,
        ..Limits::default()
    };
    let other = [Value::from(vec![value.clone()]), value.clone()];
    for (path, arguments) in [
        ("array::flatten", std::slice::from_ref(&value)),
        ("json::encode", &[value.clone()]),
        ("array::contains", &other),
    ] {
        assert_eq!(
            call_with(&limits, EventInfo::default(), path, arguments),
            Err(FnError::Limit(LimitReached::Steps)),
            "{path}"
        );
    }
}
