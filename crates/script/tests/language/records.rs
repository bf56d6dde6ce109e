//! Sections 5.7 and 5.8: patch and merge, in place and as copies.

use super::*;

/// The same patch as a copy and written back in place.
fn patches(ops: &str, event: &str, expected: Result<&str, &str>) {
    let copied = format!("let x = patch event of {ops} end; x");
    let in_place = format!("let event = patch event of {ops} end; event");
    for script in [copied, in_place] {
        match expected {
            Ok(value) => gives_for(&script, event, value),
            Err(marker) => {
                fails_for(&script, event, marker);
                assert_eq!(run(&script, event).event, json::from_str(event).unwrap(), "{script}");
            }
        }
    }
}

#[test]
fn operations_change_a_copy() {
    patches("insert \"b\" => 2", r#"{"a": 1}"#, Ok(r#"{"a":1,"b":2}"#));
    patches("update \"a\" => 2, erase \"z\"", r#"{"a": 1}"#, Ok(r#"{"a":2}"#));
    patches(
        "upsert \"a\" => null, upsert \"b\" => 1",
        r#"{"a": 1}"#,
        Ok(r#"{"a":null,"b":1}"#),
    );
    patches("move \"a\" => \"b\"", r#"{"a": 1}"#, Ok(r#"{"b":1}"#));
    patches(
        "copy \"a\" => \"b\", move \"z\" => \"y\"",
        r#"{"a": 1}"#,
        Ok(r#"{"a":1,"b":1}"#),
    );
    patches("insert \"a\" => 1, move \"a\" => \"b\"", "{}", Ok(r#"{"b":1}"#));
    patches("erase event.k", r#"{"k": "k"}"#, Ok("{}"));
    patches(
        "merge \"r\" => {\"a\": null, \"b\": 2}",
        r#"{"r": {"a": 1}}"#,
        Ok(r#"{"r":{"b":2}}"#),
    );
    patches("merge \"r\" => {\"a\": null, \"b\": 2}", "{}", Ok(r#"{"r":{"b":2}}"#));
    patches("merge \"r\" => null", r#"{"r": {}}"#, Ok(r#"{"r":null}"#));
    patches(
        "merge => {\"a\": null, \"b\": {\"c\": null}}",
        r#"{"a": 1}"#,
        Ok(r#"{"b":{"c":null}}"#),
    );
    patches("merge => 5", "{}", Ok("5"));
}

#[test]
fn failing_operations_leave_no_trace() {
    patches(
        "upsert \"b\" => 1, insert \"a\" => 2",
        r#"{"a": null}"#,
        Err("already exists: a"),
    );
    patches("upsert \"b\" => 1, update \"z\" => 2", "{}", Err("does not exists: z"));
    patches(
        "upsert \"b\" => 1, move \"z\" => \"a\"",
        r#"{"a": 1}"#,
        Err("already exists: a"),
    );
    patches(
        "upsert \"b\" => 1, copy \"a\" => \"a\"",
        r#"{"a": 1}"#,
        Err("already exists: a"),
    );
    patches(
        "upsert \"b\" => 1, merge \"a\" => {}",
        r#"{"a": [1]}"#,
        Err("key 'a' has the type array"),
    );
    patches("insert \"b\" => 1", "[]", Err("got array but expected record"));
    patches("merge => 5, insert \"a\" => 1", "{}", Err("got integer but expected record"));
    patches("insert event.k => 1", r#"{"k": 1}"#, Err("got integer but expected string"));
}

#[test]
fn values_see_the_record_before_the_patch() {
    patches(
        "upsert \"a\" => 2, upsert \"b\" => event.a",
        r#"{"a": 1}"#,
        Ok(r#"{"a":2,"b":1}"#),
    );
}

#[test]
fn patches_reach_below_a_root() {
    gives_for(
        "let event.r = patch event.r of insert \"b\" => 2 end; event",
        r#"{"r": {"a": 1}}"#,
        r#"{"r":{"a":1,"b":2}}"#,
    );
    fails_for("let event.r = patch event.r of insert \"b\" => 2 end", "{}", "event key `r`");
    fails("let x = patch x of insert \"b\" => 2 end", "local key `x`");
}

#[test]
fn merges_join_records() {
    gives(
        "merge {\"a\": 1, \"b\": {\"c\": 1}} of {\"a\": null, \"b\": {\"d\": 2}} end",
        r#"{"b":{"c":1,"d":2}}"#,
    );
    gives_for(
        "let event = merge event of {\"b\": 2} end; event",
        r#"{"a": 1}"#,
        r#"{"a":1,"b":2}"#,
    );
    fails_for("merge event of event.gone end", "1", "got integer but expected record");
    fails_for("let event = merge event of 5 end", "{}", "got integer but expected record");
}

#[test]
fn the_last_of_equal_keys_wins_at_the_first_place() {
    gives_for(r#"{"a": 1, "b": event, "a": 3}"#, "2", r#"{"a":3,"b":2}"#);
    gives_for(r##"{"#{event}": 1, "b": 2}"##, "2", r#"{"2":1,"b":2}"#);
}
