//! Section 14: limits.

use std::fmt::Write as _;

use super::*;

fn with(limits: Limits, script: &str, event: &str) -> Result<Value, String> {
    let env = env(Files::default(), Dialect::Modern, limits);
    let compiled = compiled_in(script, &env).map_err(|errors| errors[0].message.clone())?;
    let run = run_compiled(&compiled, event);
    match run.ended {
        Ok(_) => Ok(value(&run)),
        Err(trap) => {
            assert!(trap.is_limit());
            Err(trap.message())
        }
    }
}

fn reaches(limits: Limits, script: &str, marker: &str) {
    let error = with(limits, script, "[1, 2, 3]").unwrap_err();
    assert!(error.contains(marker), "{script}: {error}");
}

fn reaches_at_load(limits: Limits, script: &str, marker: &str) {
    let env = env(Files::default(), Dialect::Modern, limits);
    refused_in(script, &env, marker);
}

#[test]
fn values_do_not_nest_without_end() {
    let limits = || Limits {
        value_depth: 128,
        ..Limits::default()
    };
    reaches(
        limits(),
        "fn f(x, n) with match n of case 0 => x default => recur([x], n - 1) end end; f(1, 200)",
        "nested too deeply",
    );
    reaches(
        limits(),
        "fn f(x, n) with match n of case 0 => x default => recur({\"a\": x}, n - 1) end end; f(1, 200)",
        "nested too deeply",
    );
    reaches(
        limits(),
        "fn f(x, n) with match n of case 0 => x default => recur(core::test::nest(x), n - 1) end end; f(1, 200)",
        "nested too deeply",
    );
    reaches(
        limits(),
        "fn f(x, n) with let y = {}; let y.a.b = x; match n of case 0 => x default => recur(y, n - 1) end end; f(1, 200)",
        "nested too deeply",
    );
    reaches(
        limits(),
        "fn f(x, n) with match n of case 0 => x default => recur(patch {} of insert \"a\" => x end, n - 1) end end; f(1, 200)",
        "nested too deeply",
    );
    assert!(
        with(
            limits(),
            "fn f(x, n) with match n of case 0 => 5 default => recur([x], n - 1) end end; f(1, 126)",
            "1"
        )
        .is_ok()
    );
}

#[test]
fn written_values_keep_to_the_limits_too() {
    let limits = || Limits {
        value_depth: 128,
        value_elements: 3,
        ..Limits::default()
    };
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let records = "{\"a\": ".repeat(129) + "1" + &"}".repeat(129);
    assert!(with(limits(), &nested(128), "1").is_ok());
    reaches_at_load(limits(), &nested(129), "nested too deeply");
    reaches_at_load(limits(), &records, "nested too deeply");
    assert!(with(limits(), "[1, 2, 3]", "1").is_ok());
    reaches_at_load(limits(), "[1, 2, 3, 4]", "too large");
    reaches_at_load(limits(), "{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4}", "too large");
}

#[test]
fn texts_do_not_grow_without_end() {
    let limits = || Limits {
        value_bytes: 1000,
        ..Limits::default()
    };
    reaches(limits(), "fn f(x) with recur(x + x) end; f(\"abc\")", "too large");
    reaches(limits(), "fn f(x) with recur(\"#{x}#{x}\") end; f(\"abc\")", "too large");
    reaches(
        limits(),
        "fn f(x) with recur(<<x/binary, x/binary>>) end; f(\"abc\")",
        "too large",
    );
}

#[test]
fn work_is_counted() {
    let limits = || Limits {
        steps: 1000,
        recursion: 0,
        ..Limits::default()
    };
    reaches(limits(), "fn f(x) with recur(x) end; f(1)", "step limit");
    let nested = "for event of case (i, a) => (for event of case (j, b) => (for event of case (k, c) => (for event of case (l, d) => (for event of case (m, e) => (for event of case (n, f) => 1 end) end) end) end) end) end";
    reaches(limits(), nested, "step limit");
    assert!(with(Limits::default(), nested, "[1, 2, 3]").is_ok());
}

#[test]
fn zero_means_no_limit() {
    let limits = Limits {
        recursion: 0,
        steps: 0,
        ..Limits::default()
    };
    let script = "fn f(n) with match n of case 0 => \"end\" default => recur(n - 1) end end; f(20000)";
    assert_eq!(with(limits, script, "1"), Ok(Value::from("end")));
}

#[test]
fn chains_of_functions_do_not_exhaust_the_stack() {
    let script = chain(5000);
    let env = env(Files::default(), Dialect::Modern, Limits::default());
    refused_in(&script, &env, "nested too deeply");
}

/// A chain of functions, each calling the one before within an array.
fn chain(functions: usize) -> String {
    let mut script = String::from("fn f0(x) with [x] end;\n");
    for n in 1..functions {
        let _ = writeln!(script, "fn f{n}(x) with [f{}(x)] end;", n - 1);
    }
    let _ = write!(script, "let y = f{}(1); 1", functions - 1);
    script
}

#[test]
fn what_is_accepted_runs_on_the_stack_of_a_thread() {
    let accepted = (1..).take_while(|n| {
        let env = env(Files::default(), Dialect::Modern, Limits::default());
        compiled_in(&chain(n * 100), &env).is_ok()
    });
    let functions = accepted.last().unwrap() * 100;
    assert!(functions >= 200);
    gives(&chain(functions), "1");
    // Brackets, blocks and braces up to the source depth.
    let nests = [
        ("[", "]"),
        ("(match event of case 1 => 2 default => ", " end)"),
        ("-(", ")"),
        ("{\"a\": ", "}"),
        ("core::test::count([", "])"),
        ("patch {} of insert \"a\" => ", " end"),
        ("merge {} of {\"a\": ", "} end"),
        ("(for [1] of case (i, e) => ", " end)"),
        ("\"#{", "}\""),
    ];
    for (open, close) in nests {
        let script = format!("let x = {}7{}; event", open.repeat(125), close.repeat(125));
        gives_for(&script.replace('7', "event"), "7", "7");
    }
}
