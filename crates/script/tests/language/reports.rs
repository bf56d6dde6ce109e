//! Sections 9.2 and 10: warnings, places, hints.

use super::*;

/// The piece of the script that an error underlines.
fn underlines(script: &str, event: &str, piece: &str) {
    let trap = run(script, event).ended.unwrap_err();
    let at = trap.span();
    assert_eq!(&script[at.start as usize..at.end as usize], piece, "{script}");
}

#[test]
fn errors_are_underlined_where_they_are() {
    underlines("event.a.gone.b", r#"{"a": {}}"#, "gone");
    underlines("1 + unset.x", "1", "unset.x");
    underlines("1 + event.a", r#"{"a": "x"}"#, "1 + event.a");
    underlines("2 * -event", "\"x\"", "event");
    underlines("match event of case 1 => 2 end", "2", "match event of case 1 => 2 end");
    underlines("match event of case _ when 7 => 2 default => 1 end", "2", "7");
    underlines("merge event of 5 end", "{}", "5");
    underlines("patch event of insert \"a\" => 1 end", r#"{"a": 1}"#, "\"a\"");
    underlines("patch event of copy \"a\" => \"a\" end", r#"{"a": 1}"#, "patch event");
    underlines("let event.a.b = 1", r#"{"a": 1}"#, "b");
    underlines("let args.a = 1 + 2", "1", "args.a = 1 + 2");
    underlines("[core::test::count(1, 2)]", "1", "core::test::count(1, 2)");
    underlines("event[event.i]", r#"{"i": 1}"#, "event.i");
}

fn hint(script: &str, event: &str) -> Option<String> {
    run(script, event).ended.unwrap_err().diagnostic().hint
}

#[test]
fn near_names_are_suggested() {
    assert_eq!(
        hint("event.harbor", r#"{"harbour": 1}"#).as_deref(),
        Some("Did you mean to use `harbour`?")
    );
    assert_eq!(hint("event.harbor", r#"{"quay": 1}"#), None);
    assert!(hint("nil", "1").unwrap().contains("Did you mean null"));
    assert!(hint("evnt", "1").unwrap().contains("`event`"));
    assert!(
        hint("match event of case 1 => 2 end", "2")
            .unwrap()
            .starts_with("Consider adding")
    );
    assert!(hint("let xs = [1]; xs[event]", "1.5").unwrap().contains("std::math"));
    let errors = compiled_in(
        "core::object::x()",
        &env(Files::default(), Dialect::Modern, Limits::default()),
    )
    .unwrap_err();
    assert!(errors[0].hint.as_deref().unwrap().contains("record"));
}

fn warnings(script: &str) -> Vec<String> {
    compile(script).warnings.into_iter().map(|warning| warning.message).collect()
}

#[test]
fn matches_and_patterns_are_warned_about() {
    assert!(warnings("match event of case 1 => 1 end")[0].contains("no default clause"));
    assert!(warnings("match event of case _ when event => 1 end")[0].contains("no default clause"));
    assert!(warnings("match event of case x = _ => 1 end").is_empty());
    assert!(warnings("match event of default => 1 case _ => 2 end")[0].contains("more then one default"));
    assert!(
        warnings("match event of case %{ present a, a == 1 } => 1 default => 2 end")[0].contains("checked with both present")
    );
    assert!(
        warnings("match event of case %{ absent a, present a } => 1 default => 2 end")
            .iter()
            .any(|text| text.contains("absence"))
    );
    assert!(warnings("fn f(a) of case (1) => 1 default => 2 end; 1").is_empty());
}

#[test]
fn braces_around_known_names_are_warned_about() {
    assert!(warnings("let name = 1; \"hello {name}\"")[0].contains("`#{name}`"));
    assert!(warnings("\"hello {event.x}\"")[0].contains("`#{event.x}`"));
    for quiet in [
        "\"hello {name}\"",
        "\"{ 5 }\"",
        "\"{}\"",
        "\"{{event}}\"",
        "\"{args.x}\"",
        "\"{name}\"; let name = 1",
    ] {
        assert!(warnings(quiet).is_empty(), "{quiet}");
    }
}

#[test]
fn formats_keep_their_braces_in_dialect_09() {
    let mut registry = registry();
    registry.add_function(FunctionDef {
        module: "string",
        name: "format",
        arity: Arity::at_least(1),
        purity: Purity::Pure,
        call: |_, args| Ok(args[0].clone()),
        doc: FunctionDoc::default(),
    });
    let env = Env {
        registry: Arc::new(registry),
        ..env(Files::default(), Dialect::V09, Limits::default())
    };
    let compiled = compiled_in("[core::string::format(\"{{ {} }}\", 1), \"{{ {} }}\"]", &env).unwrap();
    assert_eq!(
        json::to_string(&value(&run_compiled(&compiled, "1"))),
        r#"["{{ {} }}","{ {} }"]"#
    );
}
