//! Sections 4.5, 8 and 5.9: setting, results, what is evaluated.

use super::*;

#[test]
fn missing_records_are_made() {
    gives_for("let event.a.b.c = 1; event", "{}", r#"{"a":{"b":{"c":1}}}"#);
    gives("let x = {}; let x.a.b = 1; x", r#"{"a":{"b":1}}"#);
    gives_for("let event[event.k].z = 1; event", r#"{"k": "q"}"#, r#"{"k":"q","q":{"z":1}}"#);
    assert_eq!(json::to_string(&run("let $a[\"b\"] = 1", "null").meta), r#"{"a":{"b":1}}"#);
}

#[test]
fn what_cannot_be_set_is_refused_at_run_time() {
    fails_for("let event.a.b = 1", r#"{"a": null}"#, "got null but expected record");
    fails_for("let event.a[0] = 1", r#"{"a": [1]}"#, "assign value into an array");
    fails_for("let event.a[\"x\"] = 1", r#"{"a": [1]}"#, "got array but expected record");
    fails_for("let event[event.i] = 1", r#"{"i": 1}"#, "got integer but expected string");
    fails("let x.a = 1", "local key `x`");
    fails("let $ = {}", "value that isn't valid");
    fails("const x = 1; let x = 2", "Can't assign to the `x` constant");
    fails("let args = 2", "Can't assign to the `args` constant");
    fails("let window.a = 2", "Can't assign to the `window` constant");
    fails("let state.x = 1", "got null but expected record");
}

#[test]
fn a_failing_assignment_changes_nothing() {
    let run = run("let event.a.b[1] = 2", "{}");
    assert!(run.ended.is_err());
    assert_eq!(json::to_string(&run.event), "{}");
    assert!(!run.replaced);
}

#[test]
fn copies_are_values() {
    gives_for("let x = event; let x.a = 2; event", r#"{"a": 1}"#, r#"{"a":1}"#);
    gives_for("let x = event; let event.a = 2; x", r#"{"a": 1}"#, r#"{"a":1}"#);
}

#[test]
fn the_last_statement_is_the_result() {
    gives("let x = let y = 4; [x, y]", "[4,4]");
    gives("let a = {\"x\": 1}; let a.x = 2", "2");
    gives("5; const x = 6;", "6");
    gives("5; const x = 6; 7", "7");
    gives("5; fn f() with 1 end;", "5");
    gives_for("fn f() with 1 end;", "[1]", "[1]");
    assert_eq!(run("event", "1").ended.unwrap(), Verdict::ReturnEvent);
    assert_eq!(run("emit event", "1").ended.unwrap(), Verdict::EmitEvent(None));
    assert_eq!(run("emit => \"p\"", "1").ended.unwrap(), Verdict::EmitEvent(Some("p".into())));
    assert_eq!(
        run("emit 2 => \"p#{event}\"; 3", "1").ended.unwrap(),
        Verdict::EmitValue(Value::from(2i64), Some("p1".into()))
    );
    assert_eq!(run("drop; 3", "1").ended.unwrap(), Verdict::Drop);
}

#[test]
fn values_that_nobody_uses_are_not_evaluated() {
    gives("event.gone; 1", "1");
    gives("match 1 of case 1 => event.gone default => 2 end; 1", "1");
    gives("match 1 of case 1 => event.gone, 5 default => 2 end", "5");
    fails(
        "match event.gone of case 1 => 2 default => 2 end; 1",
        "got null but expected record",
    );
    gives("let x = [1]; for x of case (i, e) => event.gone end; 1", "1");
}

#[test]
fn state_stays_between_events() {
    let compiled = compile(
        "let state = match state of case null => {\"n\": 1} default => patch state of upsert \"n\" => state.n + 1 end end; state.n",
    );
    let mut state = Value::Null;
    for expected in 1..4i64 {
        let (mut event, mut meta) = (Value::Null, Value::object());
        let mut scope = Scope {
            event: &mut event,
            meta: &mut meta,
            state: &mut state,
            args: &Value::Null,
            group: &Value::Null,
            window: &Value::Null,
            info: EventInfo::default(),
            event_replaced: false,
        };
        let ended = compiled.program.run(&mut scope, &mut Scratch::default());
        assert_eq!(ended.unwrap(), Verdict::EmitValue(Value::from(expected), None));
    }
}

#[test]
fn changes_before_an_error_stay() {
    let run = run("let state = 1; let event.a = 2; event.gone", "{}");
    assert!(run.ended.is_err());
    assert_eq!(json::to_string(&run.event), r#"{"a":2}"#);
    assert_eq!(run.state, Value::from(1i64));
    assert!(run.replaced);
}
