//! Section 4: reading paths.

use super::*;

const EVENT: &str = r#"{"a": {"b": 1}, "xs": [10, 20, 30, 40], "k": "b", "i": 2, "n": null}"#;

#[test]
fn steps_lead_into_values() {
    gives_for("event.a.b", EVENT, "1");
    gives_for("event.a[event.k]", EVENT, "1");
    gives_for("event[\"a\"].b", EVENT, "1");
    gives_for("event.xs[event.i]", EVENT, "30");
    gives_for("event.xs[1:3]", EVENT, "[20,30]");
    gives_for("event.xs[1:4][1]", EVENT, "30");
    gives_for("event.xs[1:4][1:3]", EVENT, "[30,40]");
    gives_for("event.xs[4:4]", EVENT, "[]");
    gives_for("let x = event; x.xs[x.i]", EVENT, "30");
}

#[test]
fn what_is_missing_is_named() {
    fails_for("event.gone", EVENT, "event key `gone`");
    fails_for("$gone", EVENT, "global key `gone`");
    fails_for("let x = event; x.gone", EVENT, "local key `gone`");
    fails_for("x", EVENT, "local key `x`");
    fails_for("let state = {}; state.gone", EVENT, "state key `gone`");
    fails_for("event[event.k]", EVENT, "event key `b`");
}

#[test]
fn wrong_types_are_named() {
    fails_for("event.xs.a", EVENT, "got array but expected record");
    fails_for("event.a[0]", EVENT, "got record but expected array");
    fails_for("event.i[1:2]", EVENT, "got integer but expected array");
    fails_for("event.a[event.i]", EVENT, "got integer but expected string");
    fails_for("event.xs[event.k]", EVENT, "got string but expected integer");
    fails_for("event.n[event.k]", EVENT, "got null but expected record");
    fails_for("event.n[event.i]", EVENT, "got null but expected array");
    fails_for("event.n[event.n]", EVENT, "got null but expected one of integer, string");
    fails_for("event.xs[1:2].a", EVENT, "got array but expected record");
    refused("event[1.0]", "got float but expected one of integer, string");
    refused("event[-1]", "got integer but expected one of integer, string");
}

#[test]
fn indexes_keep_within_bounds() {
    fails_for("event.xs[4]", EVENT, "index 4 but the valid range is 0:4");
    fails_for("event.xs[1:5]", EVENT, "index range 1:5 but the valid range is 0:4");
    fails_for("event.xs[5:5]", EVENT, "index 5 but the valid range is 0:4");
    fails_for("event.xs[2:1]", EVENT, "2:1 is invalid");
    fails_for("event.xs[0 - event.i]", EVENT, "Bad array index, got `-2`");
}

#[test]
fn constants_win_and_have_fields() {
    gives("const x = {\"k\": [1, 2]}; x.k[1]", "2");
    gives("let x = 1; const x = 2; x", "2");
    fails("const x = {}; x.k", "local key `k`");
    refused("const x = event;", "isn't constant");
    refused("const x = 1; const x = 2;", "constant `x` twice");
    refused("const x = {\"a\": 1}; const y = x.a;", "isn't constant");
    refused("mod a with const x = 1 end; a::y", "constant a::y");
    gives("mod a with const x = (1 + 2) end; a::x", "3");
}
