//! Section 7: modules and use.

use super::*;

const FILES: Files = Files(&[
    ("coast/light", "const colour = \"red\"; fn f() with colour end;"),
    ("coast/map", "use coast::light;\nfn g() with light::f() end;"),
    ("a", "use b;\nconst x = 1;"),
    ("b", "use a;\nconst x = 1;"),
    ("broken", "const x = ;"),
    ("old", "#!config dialect = \"0.9\"\nconst x = \"{1 + 1}\";"),
    ("fails", "fn f(x) with x.gone end;"),
]);

fn in_files(script: &str) -> Result<Value, String> {
    let env = env(FILES, Dialect::Modern, Limits::default());
    let compiled = compiled_in(script, &env).map_err(|errors| errors[0].message.clone())?;
    let run = run_compiled(&compiled, "null");
    match run.ended {
        Ok(_) => Ok(value(&run)),
        Err(trap) => Err(trap.message()),
    }
}

#[test]
fn used_files_become_modules() {
    assert_eq!(in_files("use coast::light;\nlight::f()"), Ok(Value::from("red")));
    assert_eq!(in_files("use coast::light as l;\nl::colour"), Ok(Value::from("red")));
    assert_eq!(
        in_files("use coast::map;\n[map::g(), map::light::f()]"),
        Ok(Value::from(vec![Value::from("red"), Value::from("red")]))
    );
    assert_eq!(
        in_files("mod m with use coast::light;\nend; m::light::colour"),
        Ok(Value::from("red"))
    );
    assert_eq!(in_files("use old;\nold::x"), Ok(Value::from("2")));
}

#[test]
fn wrong_uses_are_refused() {
    let error = |script| in_files(script).unwrap_err();
    assert!(error("use coast::south;\n1").contains("coast/south"));
    assert!(error("use a;\n1").contains("Cyclic dependency of modules: lib/a.tremor -> lib/b.tremor -> lib/a.tremor"));
    assert!(error("use coast::light;\nuse coast::light;\n1").contains("constant `colour` twice"));
    assert!(error("use coast::light as l;\nlight::f()").contains("undefined function light::f"));
    assert!(
        error("const x = event; use coast::south;\n1").contains("coast/south"),
        "files are read first"
    );
    assert!(error("use broken;\n1").contains("token `;`"));
}

#[test]
fn errors_in_modules_name_their_file() {
    let env = env(FILES, Dialect::Modern, Limits::default());
    let mut sources = SourceMap::new();
    let id = sources.add("script.tremor", "use fails;\nfails::f({})");
    let compiled = compile_script(&mut sources, id, &env).unwrap();
    let trap = run_compiled(&compiled, "null").ended.unwrap_err();
    assert_eq!(sources.name(trap.span().source), "lib/fails.tremor");
}

#[test]
fn names_are_looked_up_downwards() {
    gives(
        "mod a with const x = 1; mod b with const x = 2; fn f() with x end end; fn f() with [x, b::x] end end; [a::f(), a::b::f()]",
        "[[1,2],2]",
    );
    refused(
        "fn f() with 1 end; mod a with fn g() with f() end end; 1",
        "undefined function ::f",
    );
    refused("const x = 1; mod a with const y = x end; 1", "isn't constant");
    gives(
        "mod a with const x = 1 end; mod a with const y = 2 end; [a::x, a::y]",
        "[1,2]",
    );
    refused(
        "mod a with const x = 1 end; mod a with const x = 2 end; 1",
        "constant `x` twice",
    );
}
