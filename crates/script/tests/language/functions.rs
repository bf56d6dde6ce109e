//! Sections 5.10, 5.11 and 6.2: functions and recur.

use super::*;

#[test]
fn functions_have_names_of_their_own() {
    gives("let x = 1; fn f(a) with let x = a + 1; x end; [f(4), x]", "[5,1]");
    fails("fn f(a) with x end; let x = 1; f(x)", "local key `x`");
    gives_for("fn f() with event end; f()", "5", "null");
    fails_for("fn f() with event.a end; f()", r#"{"a": 1}"#, "got null but expected record");
    gives("fn f(a, b) with present b end; f(1)", "false");
    gives("fn f(a) with args end; f(1, 2, 3)", "[2,3]");
    gives("fn f(a, ...) with [a, args] end; f(1)", "[1,[]]");
    gives("fn g(a) with [a, args] end; fn f(a, b) with g(a) end; f(1, 2)", "[1,[]]");
}

#[test]
fn definitions_are_checked() {
    refused("fn f() with g() end; fn g() with 1 end; 1", "undefined function ::g");
    refused("fn f() with f() end; 1", "undefined function ::f");
    refused("fn f() with 1 end; fn f(a) with 2 end; 1", "function f already defined");
    refused("fn f(a, a) with 1 end; 1", "parameters");
    refused("fn f() with emit 1 end; 1", "Can not emit");
    refused("fn f() with drop end; 1", "Can not drop");
    refused("core::nothing::f()", "undefined module nothing");
    refused("core::test::f()", "undefined function test::f");
    refused("a::b::f()", "undefined function a::b::f");
    gives("intrinsic fn two(x) as test::twice; two(4)", "8");
    gives("intrinsic fn two(x) as test::twice; const eight = two(4);", "8");
}

#[test]
fn recur_runs_again_with_new_parameters() {
    gives(
        "fn f(n, acc) with match n of case 0 => acc default => recur(n - 1, acc + n) end end; f(100, 0)",
        "5050",
    );
    gives(
        "fn swap(a, b, n) with match n of case 0 => [a, b] default => recur(b, a, n - 1) end end; swap(1, 2, 3)",
        "[2,1]",
    );
    gives(
        "fn f(n) with let x = match n of case 0 => \"end\" default => recur(n - 1) end end; f(3)",
        "\"end\"",
    );
    gives(
        "fn f(n) with (match n of case 0 => \"end\" default => recur(n - 1) end) end; f(3)",
        "\"end\"",
    );
    gives(
        "fn f(n) with match n of case 0 => present y default => let y = 1, recur(n - 1) end end; f(2)",
        "false",
    );
    fails("fn f(n) with recur(n) end; f(1)", "Recursion limit");
    gives(
        "fn f(n) with match n of case 0 => \"end\" default => recur(n - 1) end end; f(1023)",
        "\"end\"",
    );
    fails(
        "fn f(n) with match n of case 0 => \"end\" default => recur(n - 1) end end; f(1024)",
        "Recursion limit",
    );
    gives(
        "fn f(a, b, ...) with match a of case 0 => [b, args] default => recur(a - 1) end end; f(2, 7, 8)",
        "[7,[8]]",
    );
}

#[test]
fn recur_stands_in_the_last_place_only() {
    refused("recur(1)", "Can not recur");
    refused("fn f(n) with recur(n); 1 end; 1", "Can not recur");
    refused("fn f(n) with 1 + recur(n) end; 1", "Can not recur");
    refused("fn f(n) with for n of case (i, e) => recur(n) end end; 1", "Can not recur");
    refused("fn f(a, b) with recur(a) end; 1", "expected 2 but got 1");
    refused("fn f(a, ...) with recur(a, 1) end; 1", "expected 1 but got 2");
}

#[test]
fn matching_functions_set_what_their_patterns_bind() {
    gives(
        "fn f(a, b) of case (1, _) => [\"one\", a, b] default => [\"other\", a, b] end; [f(1.0, 2), f(3, 4)]",
        r#"[["one",1,2],["other",3,4]]"#,
    );
    gives(
        "fn f(a) of case (%{ present x }) when present a.y => a default => 0 end; f({\"x\": 1, \"y\": 2})",
        r#"{"x":1}"#,
    );
    gives("fn f(a) of case (~ json||) => a default => 0 end; f(\"[1]\")", "[1]");
    gives("fn f(a, b) of case (_) => 1 default => 2 end; f(1, 2)", "2");
    gives("fn f(a, b) of case (a, b) => \"same\" default => 2 end; f(1, 2)", "\"same\"");
    fails("fn f(a) of case (x) => 1 default => 2 end; f(1)", "local key `x`");
    gives(
        "fn f(n, acc) of case (0, _) => acc default => recur(n - 1, acc + n) end; f(10, 0)",
        "55",
    );
    gives("fn f() of default => 3 end; f()", "3");
}

#[test]
fn parameters_of_matching_functions_win_in_dialect_09() {
    let script = "const a = 5; fn f(a) of case (7) => a default => a end; f(7)";
    gives(script, "5");
    let compiled = compiled_in(script, &env(Files::default(), Dialect::V09, Limits::default())).unwrap();
    assert_eq!(value(&run_compiled(&compiled, "null")), Value::from(7i64));
}
