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

/// spec/proxy.md 2.1: bytes that are not UTF-8 are replaced in what programs see, and go on as they came.
#[test]
fn bytes_that_are_no_text_are_shown_replaced_and_go_on_as_they_came() {
    let received = &b"\xff\xfe of a longer text"[..];
    let mut record = record(headers_of([("vary", &b"one"[..]), ("via", received)]));
    let shown = "\u{fffd}\u{fffd} of a longer text";
    let given = HeaderRecord::of(Some(&record));
    assert_eq!(given.first(Name::Via), Some(shown));
    let fields: Vec<_> = given.untouched().unwrap().iter().map(Field::value).collect();
    assert_eq!(fields, [&b"one"[..], received]);
    record.insert("vary", "two");
    let given = HeaderRecord::of(Some(&record));
    assert_eq!(given.first(Name::Via), Some(shown));
    let last = given.entries_from(1).next().unwrap();
    assert_eq!(last.received().unwrap().next().unwrap().value(), received);
}

#[test]
fn what_is_set_takes_the_place_of_what_was_received() {
    let mut changed = record_of(&[("vary", "one"), ("via", "two"), ("date", "three"), ("date", "four")]);
    changed.insert("via", "new");
    changed.insert("Etag", Value::from(vec![Value::from(1_i64), Value::from("x")]));
    let given = HeaderRecord::of(Some(&changed));
    assert!(given.untouched().is_none());
    let entries = given.entries_from(0);
    let received: Vec<_> = entries.map(|entry| entry.received().map(Iterator::count)).collect();
    assert_eq!(received, [Some(1), None, Some(2), None]);
    let names = [Name::Vary, Name::Via, Name::Date, Name::Etag, Name::Accept];
    assert_eq!(
        names.map(|name| given.first(name)),
        [Some("one"), Some("new"), Some("three"), Some("x"), None]
    );
    assert!(given.has("VARY") && given.has("etag") && !given.has("accept"));
}

#[test]
fn what_is_added_leaves_the_received_fields_as_they_came() {
    let mut record = record_of(&[("vary", "one"), ("via", "two")]);
    assert_eq!(
        record.get("vary"),
        Some(&Value::from([Value::from("one")])),
        "looking changes nothing"
    );
    record.insert("Date", "three");
    record.insert("VIA", "four");
    let given = HeaderRecord::of(Some(&record));
    assert_eq!(given.untouched().map(Headers::len), Some(2));
    let added: Vec<_> = given.entries_from(2).map(|entry| entry.name).collect();
    assert_eq!(added, ["Date", "VIA"]);
    let names = [Name::Vary, Name::Via, Name::Date, Name::Etag];
    assert_eq!(
        names.map(|name| given.first(name)),
        [Some("one"), Some("two"), Some("three"), None]
    );
    record.object_mut().unwrap().get_mut("vary");
    assert!(
        HeaderRecord::of(Some(&record)).untouched().is_none(),
        "it may have been changed"
    );
}

#[test]
fn options_are_found_in_any_case_and_in_every_field_of_a_name() {
    let mut changed = record_of(&[("connection", "keep-alive, Upgrade"), ("te", "gzip"), ("te", "trailers")]);
    assert!(HeaderRecord::of(Some(&changed)).names_option(Name::Connection, "upgrade"));
    assert!(HeaderRecord::of(Some(&changed)).names_option(Name::Te, "trailers"));
    assert!(!HeaderRecord::of(Some(&changed)).names_option(Name::Te, "deflate"));
    changed.insert("te", "deflate");
    assert!(HeaderRecord::of(Some(&changed)).names_option(Name::Te, "deflate"));
    assert!(!HeaderRecord::of(Some(&changed)).names_option(Name::Te, "trailers"));
    assert!(!HeaderRecord::of(None).names_option(Name::Te, "trailers"));
}
