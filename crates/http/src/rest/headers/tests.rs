use temblor_value::json;

use super::*;
use crate::testing::headers_of;

fn record_of(fields: &[(&str, &str)]) -> Value {
    record(headers_of(fields.iter().map(|(name, value)| (*name, value.as_bytes()))))
}

#[test]
fn names_keep_their_order_and_values_of_one_name_come_together() {
    let shown = record_of(&[
        ("host", "a"),
        ("x", "1"),
        ("set-cookie", "b"),
        ("y", "2"),
        ("x", "3"),
        ("set-cookie", "c"),
        ("x", "4"),
    ]);
    assert_eq!(
        json::to_string(&shown),
        r#"{"host":["a"],"x":["1","3","4"],"set-cookie":["b","c"],"y":["2"]}"#
    );
}

#[test]
fn many_names_are_read_as_few_are() {
    let lines: Vec<_> = (0..80)
        .map(|number| (format!("x-{}", number % 70), number.to_string()))
        .collect();
    let shown = record(headers_of(lines.iter().map(|(name, value)| (&**name, value.as_bytes()))));
    assert_eq!(shown.as_object().unwrap().len(), 70);
    assert_eq!(
        shown.get("x-9").unwrap().as_array().unwrap(),
        [Value::from("9"), Value::from("79")]
    );
    assert_eq!(shown.get("x-10").unwrap().as_array().unwrap(), [Value::from("10")]);
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_leave_as_they_are_shown() {
    let shown = record_of(&[("a", "one"), ("b", "\u{e9}t\u{e9}")]);
    let entries: Vec<_> = HeaderRecord::of(Some(&shown)).entries().collect();
    assert!(entries[0].received().is_some());
    assert_eq!(entries[1].value(), &Value::from(["\u{e9}t\u{e9}".into()]));
    let broken = record(headers_of([("a", &b"\xff\xfe of a longer text"[..])]));
    let given = HeaderRecord::of(Some(&broken));
    assert!(given.entries().next().unwrap().received().is_none());
    assert_eq!(given.first("a"), Some("\u{fffd}\u{fffd} of a longer text"));
}

#[test]
fn what_is_set_takes_the_place_of_what_was_received() {
    let mut changed = record_of(&[("a", "one"), ("b", "two"), ("c", "three"), ("c", "four")]);
    changed.insert("b", "new");
    changed.insert("D", Value::from(vec![Value::from(1_i64), Value::from("x")]));
    let given = HeaderRecord::of(Some(&changed));
    let received: Vec<_> = given.entries().map(|entry| entry.received().map(Iterator::count)).collect();
    assert_eq!(received, [Some(1), None, Some(2), None]);
    assert_eq!(
        [given.first("a"), given.first("b"), given.first("c"), given.first("d")],
        [Some("one"), Some("new"), Some("three"), Some("x")]
    );
    assert_eq!(given.first("e"), None);
}

#[test]
fn options_are_found_in_any_case_and_in_every_field_of_a_name() {
    let mut changed = record_of(&[("connection", "keep-alive, Upgrade"), ("te", "gzip"), ("te", "trailers")]);
    assert!(HeaderRecord::of(Some(&changed)).names_option("connection", "upgrade"));
    assert!(HeaderRecord::of(Some(&changed)).names_option("te", "trailers"));
    assert!(!HeaderRecord::of(Some(&changed)).names_option("te", "deflate"));
    changed.insert("te", "deflate");
    assert!(HeaderRecord::of(Some(&changed)).names_option("te", "deflate"));
    assert!(!HeaderRecord::of(Some(&changed)).names_option("te", "trailers"));
    assert!(!HeaderRecord::of(None).names_option("te", "trailers"));
}
