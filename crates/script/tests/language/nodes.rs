//! That common forms become the nodes made for them (the outcome is tested elsewhere).

use super::*;

fn nodes(script: &str) -> String {
    compile(script).program.dump()
}

fn has(script: &str, node: &str) {
    let dump = nodes(script);
    assert!(dump.contains(node), "{script}: {dump}");
}

#[test]
fn paths_of_fields_are_one_node() {
    has("event.a", "Field {");
    has("event.a[\"b\"].c", "Fields {");
    has("let x = event; x.a.b", "LocalFields {");
    has(
        "match event of case _ when present event.a.b => 1 default => 2 end",
        "HasFields {",
    );
}

#[test]
fn what_is_written_back_is_changed_in_place() {
    has("let event = patch event of insert \"a\" => 1 end; event", "PatchPlace {");
    has("let $a = merge $a of {\"a\": 1} end; event", "MergePlace {");
    assert!(!nodes("let event = patch event of upsert \"a\" => 1, erase \"a\" end; event").contains("PatchPlace"));
    assert!(!nodes("let event = patch event of upsert event.k => 1 end; event").contains("PatchPlace"));
    assert!(!nodes("let event = patch $a of insert \"a\" => 1 end; event").contains("PatchPlace"));
}

#[test]
fn rows_of_literals_are_tables() {
    let cases = |pattern: fn(u32) -> String| -> String {
        let clauses: Vec<String> = (0..5).map(|n| format!("case {} => {n}", pattern(n))).collect();
        format!("match event of {} default => 9 end", clauses.join(" "))
    };
    has(&cases(|n| format!("\"k{n}\"")), "Table(");
    let by_field = cases(|n| format!("%{{ kind == \"k{n}\" }}"));
    has(&by_field, "FieldTable {");
    gives_for(&by_field, r#"{"kind": "k3"}"#, "3");
    gives_for(&by_field, r#"{"other": "k3"}"#, "9");
    gives_for(&by_field, "\"k3\"", "9");
    let mixed = "match event of case 0 => 0 case 1 => 1 case %{ a == 1 } => 2 case %{ a == 2 } => 3 case %{ a == 3 } => 4 case %{ a == 4 } => 5 case %{ b == 4 } => 6 case 7 => 7 default => 8 end";
    for (event, expected) in [
        ("1", "1"),
        (r#"{"a": 3}"#, "4"),
        (r#"{"b": 4, "a": 5}"#, "6"),
        ("7", "7"),
        ("{}", "8"),
    ] {
        gives_for(mixed, event, expected);
    }
}

#[test]
fn the_event_as_result_is_not_copied() {
    has("event", "ReturnEvent");
    has("match $a of case 1 => drop default => event end", "ReturnEvent");
    has("emit event => \"p\"", "value: None");
}

#[test]
fn conditions_are_tests() {
    has(
        "match event.a == 1 and event.b > 2 and present event.c of case true => 1 default => 2 end",
        "AllOf(",
    );
    has(
        "fn f(n) with match n of case 0 => 1 default => recur(n - 1) end end; f(event)",
        "Recur {",
    );
    let long = vec!["event"; 20].join(" + ");
    has(&long, "Chain {");
}

#[test]
fn programs_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&compile("event").program);
}
