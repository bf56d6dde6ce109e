//! Expressions and patterns.

use super::*;

/// An expression with every operation in parentheses.
fn grouped(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Binary { operands, op } => {
            let whole = printer::expr(
                &Expr {
                    kind: binary_of_names(*op),
                    span: expr.span,
                },
                Dialect::Modern,
            );
            let symbol = whole.trim_start_matches("l ").trim_end_matches(" r").to_owned();
            format!("({} {symbol} {})", grouped(&operands.0), grouped(&operands.1))
        }
        ExprKind::Unary { operand, op } => {
            let symbol = match op {
                UnaryOp::Plus => "+",
                UnaryOp::Minus => "-",
                UnaryOp::Not => "not ",
                UnaryOp::BitNot => "!",
            };
            format!("({symbol}{})", grouped(operand))
        }
        _ => printer::expr(expr, Dialect::Modern),
    }
}

fn binary_of_names(op: BinaryOp) -> ExprKind {
    let name = |text: &str| {
        let span = Span::new(SourceId(0), 0, 0);
        let name = Name {
            text: text.to_owned(),
            span,
        };
        Expr {
            kind: ExprKind::Path(Path {
                root: Root::Name(name),
                steps: vec![],
                span,
            }),
            span,
        }
    };
    ExprKind::Binary {
        op,
        operands: Box::new((name("l"), name("r"))),
    }
}

#[test]
fn precedence() {
    for (text, expected) in [
        ("a or b xor c and d", "(a or (b xor (c and d)))"),
        ("a and b or c", "((a and b) or c)"),
        ("a ^ b & c == d", "(a ^ (b & (c == d)))"),
        ("6 & 2 == 2", "(6 & (2 == 2))"),
        ("a == b < c", "(a == (b < c))"),
        ("a < b << c", "(a < (b << c))"),
        ("1 + 2 << 3", "((1 + 2) << 3)"),
        ("a << b >> c >>> d", "(((a << b) >> c) >>> d)"),
        ("a + b * c - d / e % f", "((a + (b * c)) - ((d / e) % f))"),
        ("a - b - c", "((a - b) - c)"),
        ("a != b == c", "((a != b) == c)"),
        ("a <= b >= c > d", "(((a <= b) >= c) > d)"),
        ("-x * 3", "((-x) * 3)"),
        ("not a == b", "((not a) == b)"),
        ("- not x", "(-(not x))"),
        ("not not !x", "(not (not (!x)))"),
        ("+-x", "(+(-x))"),
        ("- 4", "(-4)"),
        ("--4", "(--4)"),
        ("not -1", "(not -1)"),
        ("present a.b and absent c", "(present a.b and absent c)"),
        ("not present a", "(not present a)"),
        ("(a or b) and c", "((a or b) and c)"),
        ("a - -1", "(a - -1)"),
        ("5 -x", "(5 - x)"),
    ] {
        assert_eq!(grouped(&expr(text)), expected, "{text}");
    }
    for (text, token) in [
        ("not -x", "-"),
        ("a -1", "-1"),
        ("5 -3", "-3"),
        ("7 %(2)", "%("),
        ("1 + match a of default => 1 end", "match"),
        ("present (a)", "("),
        ("present 1", "1"),
        ("{\"a\": 1}.a", "."),
        ("(x).a", "."),
        ("f(x).a", "."),
        ("[1][0]", "["),
        ("a ~ re||", "~"),
        ("a + let b = 1", "let"),
        ("[drop]", "drop"),
    ] {
        refused(text, token);
    }
    assert!(error("not -x").hint.unwrap().contains("parentheses"));
}

#[test]
fn chains_build_to_the_left_and_spans_cover_them() {
    let tree = expr("a + (b) * c");
    assert_eq!((tree.span.start, tree.span.end), (0, 11));
    let ExprKind::Binary { operands, .. } = tree.kind else {
        panic!()
    };
    assert_eq!((operands.1.span.start, operands.1.span.end), (4, 11));
    let ExprKind::Binary { operands, .. } = operands.1.kind else {
        panic!()
    };
    // The brackets of a parenthesised value do not belong to it.
    assert_eq!((operands.0.span.start, operands.0.span.end), (5, 6));
}

#[test]
fn paths() {
    for text in [
        "event",
        "$",
        "$class",
        "$`odd name`.x[1]",
        "state[\"k\"]",
        "args",
        "group[0]",
        "window",
        "xs[2:6][1]",
        "event.`window`.a[b.c[0]][match 1 of\n  default => 2\nend]",
        "m::t.k[1]",
        "`a b`::c",
    ] {
        assert_eq!(printer::expr(&expr(text), Dialect::Modern), text);
    }
    for (text, token) in [
        ("$.class", "."),
        ("$[\"class\"]", "["),
        ("event.window", "window"),
        ("xs[1:]", "]"),
        ("xs[]", "]"),
        ("event.", ""),
        ("harbour:::master()", ":::"),
        ("a::match::b", "match"),
        ("_x", "_"),
        (".5", "."),
        ("let \"a\" = 1", "\""),
        ("let a() = 1", "("),
        ("let _ = 1", "_"),
    ] {
        refused(text, token);
    }
    let tree = expr("event.abc[i + 1]");
    let ExprKind::Path(path) = tree.kind else { panic!() };
    let places: Vec<_> = path.steps.iter().map(|step| (step.span.start, step.span.end)).collect();
    assert_eq!(places, [(6, 9), (10, 15)]);
}

#[test]
fn literals_and_collections() {
    for (text, printed) in [
        ("[1, \"a\", null, true,]", "[1, \"a\", null, true]"),
        ("[]", "[]"),
        ("{\"a\": 1, \"b#{c}\": {},}", "{\"a\": 1, \"b#{c}\": {}}"),
        ("<<>>", "<<>>"),
        (
            "<< 1:8/integer, x/binary, (a + 1):3, >>",
            "<< 1:8/integer,  x/binary,  (a + 1):3 >>",
        ),
        ("<< << 1 >> >>", "<< << 1 >> >>"),
        ("f()", "f()"),
        ("m::n::f(1, 2,)", "m::n::f(1, 2)"),
        ("recur(1,)", "recur(1)"),
        ("merge a of b end", "merge a of b end"),
    ] {
        assert_eq!(printer::expr(&expr(text), Dialect::Modern), printed, "{text}");
    }
    for (text, token) in [
        ("{a: 1}", "a"),
        ("{\"a\" 1}", "1"),
        ("[1 2]", "2"),
        ("[,]", ","),
        ("[1,,]", ","),
        ("<<event.v + 1>>", "+"),
        ("<<1:n>>", "n"),
        ("<<<<1>>>>", ">>>"),
        ("f(,)", ","),
        ("recur", ""),
        ("merge a b end", "b"),
    ] {
        refused(text, token);
    }
}

#[test]
fn texts() {
    let tree = expr("\"a\\n#{b}#{\"c\"}\"");
    let ExprKind::Text(text) = tree.kind else { panic!() };
    assert!(matches!(text.parts.as_slice(), [TextPart::Literal(a), TextPart::Value(_), TextPart::Value(_)] if a == "a\n"));
    assert!(matches!(expr("\"\"").kind, ExprKind::Text(Text { parts, is_heredoc: false }) if parts.is_empty()));
    assert!(matches!(
        expr("\"\"\"\nx\"\"\"").kind,
        ExprKind::Text(Text { is_heredoc: true, .. })
    ));
    refused("\"#{ match event of default => 1 end }\"", "match");
    refused("\"#{ }\"", "}");
    refused("\"#{ a b }\"", "b");
    let old = parsed("\"{ }\"", Dialect::V09);
    assert!(first_error(&old.diagnostics, "").message.contains("token `}`"));
}

#[test]
fn match_and_for() {
    for text in [
        "match event of\n  case 1 => 2\n  default => 3\nend",
        "match event of\n  default => 1\n  case _ when a => b\nend",
        "match a of\n  case x =>\n    let b = 1,\n    emit b => \"p#{1}\",\n    drop\nend",
        "for a of\n  case (k, `v w`) when k == 1 => emit\n  case (i, e) => e\nend",
        "let a = match b of\n  case 1 => drop\nend",
    ] {
        assert_eq!(printer::expr(&expr(text), Dialect::Modern), text);
    }
    let layer = |text| match expr(text).kind {
        ExprKind::Match(tree) => tree.is_action,
        ExprKind::Let { value, .. } => matches!(value.kind, ExprKind::Match(tree) if tree.is_action),
        ExprKind::Array(items) => matches!(&items[0].kind, ExprKind::Match(tree) if tree.is_action),
        other => panic!("{other:?}"),
    };
    assert!(layer("match a of default => 1 end"));
    assert!(layer("let x = match a of default => 1 end"));
    assert!(!layer("[match a of default => 1 end]"));
    assert!(!layer("(match a of default => 1 end)"));
    for (text, token) in [
        ("match event of end", "end"),
        ("match event of case 1 => 1 default => 2", ""),
        ("match event of case 1 => \"one\", default => 1 end", "default"),
        ("match event of default when a => 1 end", "when"),
        ("match event of case 1 when drop => 1 end", "drop"),
        ("[match event of case 1 => let a = 1 end]", "let"),
        ("for event of default => 1 end", "default"),
        ("for event of case (a) => 1 end", ")"),
        ("for event of case (a, _) => 1 end", "_"),
        ("match event of case 1 => 1 end + 1", "+"),
    ] {
        refused(text, token);
    }
    assert!(
        error("match event of case 1 => 1, default => 1 end")
            .hint
            .unwrap()
            .contains("trailing `,`")
    );
}

#[test]
fn patterns() {
    for text in [
        "_",
        "1 + 2",
        "a.b",
        "~ re|\\\\d\\|x|",
        "%{}",
        "%{present a, absent `b c`, d == 1, e != 2, f < 3, g <= 4, h > 5, i >= 6}",
        "%{a ~= json||, b ~= %{present c}, d ~= %[1, _, ~ glob|x*|, %{}]}",
        "%[]",
        "%[1, _, ~ re|x|, %{present a}]",
        "%()",
        "%(...)",
        "%(1, _, ~ re|x|, %{})",
        "%(a, ...)",
        "n = _",
        "n = ~ re|x|",
        "n = %(a, b, ...)",
        "n = a == 1",
    ] {
        let source = format!("match event of\n  case {text} => 1\nend");
        assert_eq!(printer::expr(&expr(&source), Dialect::Modern), source);
    }
    // Trailing commas, the name without effect, blanks between dots.
    for (text, printed) in [
        ("%{ present a, }", "%{present a}"),
        ("%{ x = a ~= re|b| }", "%{a ~= re|b|}"),
        ("%[ 1, ]", "%[1]"),
        ("%( . . . )", "%(...)"),
    ] {
        let print = |text: &str| printer::expr(&expr(&format!("match event of case {text} => 1 end")), Dialect::Modern);
        assert_eq!(print(text), print(printed));
    }
    for (text, token) in [
        ("%( ..., 1 )", ","),
        ("%( 1, )", ")"),
        ("%[ %[] ]", "%["),
        ("%[ %() ]", "%("),
        ("%( %[] )", "%["),
        ("%{ a ~ re|x| }", "~"),
        ("%{ a ~= \"x\" }", "\""),
        ("%{ a ~= [1] }", "["),
        ("%{ a ~= %(1) }", "%("),
        ("%{ a ~= _ }", "_"),
        ("%{ \"a\" == 1 }", "\""),
        ("%{ a.b == 1 }", "."),
        ("%{ window == 1 }", "window"),
        ("%{ a }", "}"),
        ("~ re", "=>"),
        ("present %{}", "%{"),
    ] {
        refused(&format!("match event of case {text} => 1 end"), token);
    }
    assert!(error("match event of case a = b = 1 => 1 end").code == codes::NESTED_BINDING);
}

#[test]
fn patch_and_emit() {
    let text = "patch event of\n  insert \"a\" => 1,\n  update a => b,\n  upsert \"c\" => null,\n  erase \"d\",\n  move \"e\" => \"f\",\n  copy \"g\" => \"h\",\n  merge \"i\" => {},\n  merge => {}\nend";
    let tree = expr(text);
    assert_eq!(printer::expr(&tree, Dialect::Modern), text);
    let ExprKind::Patch(patch) = tree.kind else { panic!() };
    assert_eq!((patch.head_span.start, patch.head_span.end), (0, 11));
    expr("patch event of erase \"a\", end");
    for text in [
        "emit",
        "emit a",
        "emit => \"p\"",
        "emit a => \"\"\"\np\"\"\"",
        "drop",
        "emit match a of\n  default => 1\nend => \"p\"",
    ] {
        assert_eq!(printer::expr(&expr(text), Dialect::Modern), text);
    }
    for (text, token) in [
        ("patch event of end", "end"),
        ("patch event of insert \"a\" => 1; insert \"b\" => 2 end", ";"),
        ("patch event of default \"a\" => 1 end", "default"),
        ("patch event of erase \"a\",, end", ","),
        ("drop \"reason\"", "\""),
        ("emit emit", "emit"),
        ("emit event => p", "p"),
    ] {
        refused(text, token);
    }
}
