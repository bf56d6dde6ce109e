//! Sections 5.4 to 5.6: match, patterns, for.

use super::*;

fn matches(pattern: &str, target: &str, holds: bool) {
    let script = format!("match event of case {pattern} => true default => false end");
    gives_for(&script, target, if holds { "true" } else { "false" });
}

fn binds(pattern: &str, target: &str, bound: &str) {
    gives_for(
        &format!("match event of case r = {pattern} => r default => \"no\" end"),
        target,
        bound,
    );
}

#[test]
fn clauses_are_tried_in_order() {
    gives_for(
        "match event of case 1 => \"a\" case 1.0 => \"b\" default => \"c\" end",
        "1",
        "\"a\"",
    );
    gives_for("match event of default => 0 case 1 => 1 end", "1", "0");
    gives_for(
        "match event of case x = _ when x > 5 => \"big\" case _ => \"small\" end",
        "7",
        "\"big\"",
    );
    fails_for("match event of case 1 => 1 end", "2", "no clause matched");
    fails_for(
        "match event of case _ when 1 => 1 default => 2 end",
        "2",
        "got integer but expected boolean",
    );
}

#[test]
fn many_literal_cases_behave_as_if_tried_in_order() {
    let script = "match event of case 1 => \"a\" case \"x\" => \"b\" case 2.0 => \"c\" case 2 => \"d\" case null => \"e\" case true => \"f\" case [1] => \"g\" default => \"h\" end";
    for (event, expected) in [
        ("1", "a"),
        ("\"x\"", "b"),
        ("2", "c"),
        ("null", "e"),
        ("true", "f"),
        ("[1]", "g"),
        ("3", "h"),
        ("1.0", "a"),
    ] {
        gives_for(script, event, &format!("\"{expected}\""));
    }
}

#[test]
fn record_patterns_test_fields_in_order() {
    matches("%{}", "{}", true);
    matches("%{}", "[]", false);
    matches("%{ absent a }", "1", false);
    matches("%{ present a, b == 2 }", r#"{"a": null, "b": 2}"#, true);
    matches("%{ a != 1 }", "{}", false);
    matches("%{ a > 1, a < 3, }", r#"{"a": 2}"#, true);
    matches("%{ a ~= %{ b == 1 } }", r#"{"a": {"b": 1}}"#, true);
    matches("%{ a ~= %[ 1 ] }", r#"{"a": [2, 1]}"#, true);
    fails_for(
        "match event of case %{ a < \"m\", present b } => 1 default => 2 end",
        r#"{"a": 1}"#,
        "binary operation `<`",
    );
}

#[test]
fn bound_records_hold_what_was_tested() {
    binds(
        "%{ present a, b == 2, c ~= %{ present d } }",
        r#"{"a": 1, "b": 2, "c": {"d": 3, "e": 4}}"#,
        r#"{"a":1,"c":{"d":3}}"#,
    );
    binds("%{ absent z }", "{\"a\": 1}", "{}");
    binds("%{ f ~= json||, }", r#"{"f": "[1]"}"#, r#"{"f":[1]}"#);
}

#[test]
fn array_patterns_search_everywhere() {
    matches("%[]", "[]", true);
    matches("%[ 2, %{ present a } ]", r#"[{"a": 1}, 1, 2]"#, true);
    matches("%[ _ ]", "[]", false);
    binds("%[ 1, _, ~ json|| ]", r#"[1, "2", 1]"#, "[[0,1],[2,1],[1,2]]");
}

#[test]
fn tuple_patterns_go_by_position() {
    matches("%()", "[]", true);
    matches("%()", "[1]", false);
    matches("%(1, _, ...)", "[1, 2, 3]", true);
    matches("%(1, _)", "[1, 2, 3]", false);
    binds("%(1, _, ~ json||, ...)", r#"[1.0, "x", "[]", 5]"#, r#"[1,"x",[]]"#);
}

#[test]
fn bound_names_live_in_their_clause() {
    gives_for(
        "let x = 1; let y = match event of case x = _ => x default => 0 end; [x, y]",
        "2",
        "[1,2]",
    );
    gives_for("match event of case v = 1 => v default => 0 end", "1.0", "1");
    fails_for("match event of case x = x => 1 default => 2 end", "1", "local key `x`");
    refused("match event of case a = b = _ => 1 end", "bind");
    gives_for(
        "match event of case r = %{ present a } => let r.a = 5, event.a default => 0 end",
        r#"{"a": 1}"#,
        "1",
    );
}

#[test]
fn dialect_09_takes_everything_for_a_record() {
    let env = env(Files::default(), Dialect::V09, Limits::default());
    let compiled = compiled_in("match event of case r = %{ absent x } => r default => \"no\" end", &env).unwrap();
    assert_eq!(value(&run_compiled(&compiled, "5")), Value::object());
    let nested = compiled_in("match event of case %{ a ~= %{ absent x } } => 1 default => \"no\" end", &env).unwrap();
    assert_eq!(value(&run_compiled(&nested, r#"{"a": 5}"#)), Value::from("no"));
}

#[test]
fn for_gives_the_values_of_the_taken_clauses() {
    gives_for(
        "for event of case (i, e) when e > 1 => [i, e] end",
        "[1, 2, 3]",
        "[[1,2],[2,3]]",
    );
    gives_for("for event of case (k, v) => k end", r#"{"b": 1, "a": 2}"#, r#"["b","a"]"#);
    gives_for("for event of case (k, v) => k end", "7", "[]");
    gives_for(
        "let n = 0; for event of case (i, e) => let n = n + e end; n",
        "[1, 2, 3]",
        "6",
    );
    gives_for("let i = 9; for event of case (i, e) => e end; i", "[1]", "9");
    gives_for(
        "for event of case (i, e) when e == 2 => emit e case (i, e) => e end",
        "[1, 2, 3]",
        "2",
    );
    gives_for(
        "for event of case (i, e) => let event[e] = 1, event end",
        r#"{"k": "z"}"#,
        r#"[{"k":"z","z":1}]"#,
    );
}
