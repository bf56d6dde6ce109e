//! formats.md 3.9.

use crate::codec::tests::{decode_error, decoded, encode, encoded};

#[test]
fn metrics_are_read() {
    assert_eq!(decoded("statsd", "req:1|c"), r#"{"metric":"req","type":"c","value":1}"#);
    assert_eq!(
        decoded("statsd", "temp:21.5|g"),
        r#"{"metric":"temp","type":"g","value":21.5}"#
    );
    assert_eq!(decoded("statsd", ":1|h"), r#"{"metric":"","type":"h","value":1}"#);
    assert_eq!(
        decoded("statsd", "r:7|ms|@1"),
        r#"{"metric":"r","type":"ms","sample_rate":1.0,"value":7}"#
    );
}

#[test]
fn signs_of_gauges_are_actions() {
    assert_eq!(
        decoded("statsd", "t:+12|g"),
        r#"{"metric":"t","action":"add","type":"g","value":12}"#
    );
    assert_eq!(
        decoded("statsd", "t:-3.5|g|@0.5"),
        r#"{"metric":"t","action":"sub","type":"g","sample_rate":0.5,"value":3.5}"#
    );
    assert_eq!(
        decoded("statsd", "t:-9223372036854775808|g"),
        r#"{"metric":"t","action":"sub","type":"g","value":9223372036854775808}"#
    );
    assert_eq!(decoded("statsd", "t:-4|c"), r#"{"metric":"t","type":"c","value":-4}"#);
    assert_eq!(decoded("statsd", "t:+4|c"), r#"{"metric":"t","type":"c","value":4}"#);
}

#[test]
fn other_shapes_are_refused() {
    for message in [
        "req|c",
        "req:1",
        "req:1|x",
        "req:1|m",
        "req:1|cc",
        "req:1|c|#a:b",
        "req:1|c\n",
        "req:1|",
        "",
    ] {
        assert_eq!(decode_error("statsd", message), "invalid statsd metric", "{message}");
    }
    for message in ["req:x|c", "req:1e5|c", "req:1:2|c"] {
        assert!(decode_error("statsd", message).contains("invalid digit"), "{message}");
    }
    for message in ["req:1|c|@x", "req:1.x|c", "req:1|c|@0.5|#a"] {
        assert!(decode_error("statsd", message).contains("float"), "{message}");
    }
}

#[test]
fn metrics_are_written() {
    assert_eq!(
        encoded("statsd", r#"{"type":"ms","value":1.5,"metric":"lat","sample_rate":0.5}"#),
        "lat:1.5|ms|@0.5"
    );
    assert_eq!(
        encoded("statsd", r#"{"metric":"x","type":"anything","value":-2}"#),
        "x:-2|anything"
    );
    assert_eq!(
        encoded("statsd", r#"{"metric":"t","type":"g","value":3,"action":"add"}"#),
        "t:+3|g"
    );
    assert_eq!(
        encoded("statsd", r#"{"metric":"t","type":"g","value":3,"action":"sub"}"#),
        "t:-3|g"
    );
    assert_eq!(
        encoded("statsd", r#"{"metric":"t","type":"g","value":3,"action":"set"}"#),
        "t:3|g"
    );
    assert_eq!(
        encoded("statsd", r#"{"metric":"t","type":"c","value":3,"action":"sub"}"#),
        "t:3|c"
    );
}

#[test]
fn values_of_other_shapes_are_refused() {
    let values = [
        "[1]",
        r#"{"type":"c","value":1}"#,
        r#"{"metric":"m","value":1}"#,
        r#"{"metric":"m","type":"c"}"#,
        r#"{"metric":"m","type":"c","value":"1"}"#,
        r#"{"metric":"m","type":"c","value":1,"sample_rate":"x"}"#,
        r#"{"metric":"m","type":"c","value":1,"sample_rate":null}"#,
    ];
    for value in values {
        assert_eq!(encode("statsd", value).unwrap_err(), "Invalid statsd metric", "{value}");
    }
}

#[test]
fn metrics_come_back() {
    for message in ["a:+1|g", "b:-2.5|g|@0.1", "c:-3|c", "d:4|s"] {
        assert_eq!(encoded("statsd", &decoded("statsd", message)), message);
    }
}
