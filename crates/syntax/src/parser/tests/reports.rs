//! What is said of texts that are refused or doubtful, and the limits.

use super::*;

#[test]
fn hints() {
    for (text, marker) in [
        ("match event of case 1 => 1", "missing at the end"),
        ("event.window", "quoting it as `window`"),
        ("let from = 1", "quoting it as `from`"),
        ("mod m wiht 1 end", "Did you mean to use `with`"),
        ("merge a fo b end", "Did you mean to use `of`"),
    ] {
        let hint = error(text).hint.unwrap_or_default();
        assert!(hint.contains(marker), "{text}: {hint}");
    }
    assert_eq!(error("let a = 1 ? 2").hint, None);
}

#[test]
fn several_errors_but_no_follow_ups() {
    let text = "let a = ;\nlet b = 1;\nmatch b of\n  case => 1,\n  default => let\nend;\nconst c = 1 + 2;\nc";
    let errors = parsed(text, Dialect::Modern).diagnostics;
    let places: Vec<_> = errors.iter().filter_map(|error| error.span).map(|span| span.start).collect();
    let at = |needle: &str| text.find(needle).unwrap() as u32;
    assert_eq!(places, [at(";"), at("=> 1"), at("+ 2")]);
    // Lexical errors hide the others.
    assert_eq!(parsed("let = ;\nlet a = 5k", Dialect::Modern).diagnostics.len(), 1);
}

#[test]
fn nesting_is_limited() {
    let deep = |open: &str, close: &str, count: usize| format!("{}1{}", open.repeat(count), close.repeat(count));
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("f(", ")"),
        ("{\"a\": ", "}"),
        ("<< ", " >>"),
        ("\"#{", "}\""),
        ("let a = ", ""),
        ("event[", "]"),
        ("match 1 of default => ", " end"),
        ("match 1 of case %[", "] => 1 end"),
        ("merge {} of ", " end"),
        ("patch {} of merge => ", " end"),
        ("for 1 of case (a, b) => ", " end"),
    ] {
        assert!(
            parsed(&deep(open, close, 100), Dialect::Modern).tree.is_some() || open.contains("%["),
            "{open}"
        );
        for count in [300, 3000] {
            let error = error(&deep(open, close, count));
            assert!(
                error.message.contains("nested too deeply") || open.contains("%["),
                "{open}: {}",
                error.message
            );
        }
    }
    assert!(error(&format!("{}const x = 1{}", "mod m with ".repeat(300), " end".repeat(300))).code == codes::SOURCE_DEPTH);
    let limits = ParseLimits { source_depth: 0 };
    let (map, id) = sources(&deep("(", ")", 60));
    assert!(parse_script(&map, id, Dialect::Modern, &limits).tree.is_some());
    let (map, id) = sources(&deep("(", ")", 70));
    assert!(parse_script(&map, id, Dialect::Modern, &limits).tree.is_none());
    let sets = format!(
        "select 1 from in group by {}1{} into out",
        "set(".repeat(300),
        ")".repeat(300)
    );
    assert_eq!(query_error(&sets).code, codes::SOURCE_DEPTH);
}

/// Operators in a row make deep trees without any bracket.
#[test]
fn chains_are_limited_later_than_brackets() {
    assert!(parsed(&vec!["1"; 1000].join(" + "), Dialect::Modern).tree.is_some());
    for text in [
        vec!["1"; 20_000].join(" + "),
        format!("{}x", "- ".repeat(20_000)),
        format!("{}x", "not ".repeat(20_000)),
    ] {
        assert_eq!(error(&text).code, codes::SOURCE_DEPTH);
    }
    // A chain around a deep operand counts both.
    let both = format!("{}1{}{}", "(".repeat(250), ")".repeat(250), " + 1".repeat(1000));
    assert_eq!(error(&both).code, codes::SOURCE_DEPTH);
    // Long lists are no nesting.
    assert!(
        parsed(&format!("[{}]", vec!["1 + 1"; 5000].join(", ")), Dialect::Modern)
            .tree
            .is_some()
    );
}

#[test]
fn braces_that_look_like_interpolations() {
    let braces = |text| {
        let found = parsed(text, Dialect::Modern).braces;
        found.iter().map(|one| one.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        braces("\"box {crate} {event.a + 1} {f(1)} {$m}\""),
        ["crate", "event.a + 1", "f(1)", "$m"]
    );
    assert_eq!(braces("\"\"\"\n{a}\n{\"b\": c}\n{b\n}\n\"\"\""), ["a"]);
    assert_eq!(braces("{\"k{a}\": 1}"), ["a"]);
    assert_eq!(braces("emit 1 => \"p{a}\""), ["a"]);
    assert_eq!(braces("\"#{\"{a}\"}\""), ["a"]);
    for silent in [
        "\"{}\"",
        "\"{{event}}\"",
        "\"{ 5 }\"",
        "\"{\\\"a\\\": 1}\"",
        "\"#{event}\"",
        "\"\\#{event}\"",
        "\"{a b}\"",
        "\"{a\"",
        "\"{match a of default => 1 end}\"",
        "\"{%}\"",
        "match 1 of case ~ dissect|%{a}| => 1 default => 2 end",
    ] {
        assert_eq!(braces(silent), Vec::<String>::new(), "{silent}");
    }
    assert!(parsed("\"{a}\"", Dialect::V09).braces.is_empty());
    let text = "let x = \"a {b} c\"";
    let found = parsed(text, Dialect::Modern).braces.remove(0);
    assert_eq!((found.literal.start, found.literal.end), (8, 17));
    assert_eq!((found.span.start, found.span.end), (11, 14));
}

#[test]
fn window_warnings_of_the_older_dialect() {
    let warnings = |dialect, text: &str| {
        let (sources, id) = sources(text);
        let parsed = parse_query(&sources, id, dialect, &ParseLimits::default());
        assert!(parsed.tree.is_some());
        parsed.diagnostics.into_iter().map(|one| one.message).collect::<Vec<_>>()
    };
    let text = "define tumbling window w with size = 1, interval = 2, emit_empty_windows = true end; select 1 from in into out";
    let found = warnings(Dialect::V09, text);
    assert!(found[0].contains("interval") && found[0].contains("only one of"), "{found:?}");
    assert!(found[1].contains("emit_empty_windows"), "{found:?}");
    assert!(warnings(Dialect::Modern, text).is_empty());
}
