//! Definitions, modules, queries and whole files.

use super::*;

#[test]
fn definitions() {
    let text = "### about\n###\n### this\n## one\n## two\nconst day = (24 * 60);\nfn f() with\n  1\nend;\nfn g(a, b, ...) with\n  let c = a;\n  c\nend;\nfn h(...) with\n  args\nend;\nfn k(a) of\n  case (1) when a => 2\n  case (~ re|x|, %{}, _, b) => 3\n  default => 4\nend;\nintrinsic fn len(x, ...) as core::string::len;\nmod m with\n  ### inside\n  use a::`b c`;\n  const x = -1;\n  mod n with\n    use q as r;\n  end;\n  ## f\n  fn f() of\n    default => 1\n  end\nend;\nuse std::string;\nday\n";
    assert_eq!(printer::script(&script(text)), text);
    let tree = script(text);
    assert_eq!(tree.docs.as_deref(), Some("about\n\nthis"));
    let Stmt::Item(Item::Const(day)) = &tree.stmts[0] else {
        panic!()
    };
    assert_eq!(day.docs.as_deref(), Some("one\ntwo"));
    for (text, token) in [
        ("const a = 1 * 2;", "*"),
        ("const a = -x;", "-"),
        ("const match = 1;", "match"),
        ("const a = match 1 of default => 1 end;", "match"),
        ("fn f() of case (1) => 1 default => 2 end; 1", "case"),
        ("fn f(a) of case (1) => 1 end; 1", "end"),
        ("fn f(a) of default => 1 case (1) => 2 end; 1", "case"),
        ("fn f(a) of case () => 1 default => 1 end; 1", ")"),
        ("fn f(a) of case (...) => 1 default => 1 end; 1", "."),
        ("fn f(a, ...) of default => 1 end; 1", "of"),
        ("fn f(..., a) with 1 end; 1", ","),
        ("fn f(a,) with 1 end; 1", ")"),
        ("fn f() with end; 1", "end"),
        ("fn f() with const x = 1; x end; 1", "const"),
        ("fn f() with use a;\nx end; 1", "use"),
        ("mod m with end; 1", "end"),
        ("mod m with let a = 1 end; 1", "let"),
        ("mod m with 1 end", "1"),
        ("intrinsic f() as a::b", "f"),
        ("", ""),
        ("# only a comment\n", ""),
        ("let a = 1;; a", ";"),
        ("let a = 1 let b = 2", "let"),
        ("let from = 1", "from"),
        ("1 ? 2", "?"),
        ("#!config unit = 1\nevent", "#!config "),
    ] {
        refused(text, token);
    }
}

#[test]
fn documentation_out_of_place_is_a_comment() {
    let plain = script("let a = 1;\nmatch a of\ncase 1 => 2\ndefault => 3\nend");
    let banners =
        "let a = 1;\n######## banner\n## let\nmatch a of\n### case\ncase 1 => 2\n## default\ndefault => 3\n## end\nend\n### last";
    assert_eq!(printer::script(&script(banners)), printer::script(&plain));
    // Plain comments and blank lines may stand between the lines and what they document.
    let tree = script("let a = 1;\n## one\n# plain\n\n## two\n\n# plain\nconst b = 1");
    let Some(Stmt::Item(Item::Const(b))) = tree.stmts.last() else {
        panic!()
    };
    assert_eq!(b.docs.as_deref(), Some("one\ntwo"));
    assert_eq!(tree.docs, None);
    query("## banner\nselect event from in into out\n### end\n");
}

#[test]
fn layout_of_use() {
    for text in [
        "use a;\n1",
        "use a::b::c;\n1",
        "use coast :: north::  light  ;  \n1",
        "use `a b`::c as `match`;\r\n1",
        "use a; # note\n1",
        "use a; ## note\n1",
        "use a as b\n1",
        "use a;\n",
        "let x = 1; use a;\nx",
    ] {
        script(text);
    }
    for (text, token, expected) in [
        ("use a; 1", "1", "`<newline>`"),
        ("use a;", "", "`<newline>`"),
        ("use a; # note", "", "`<newline>`"),
        ("use a\n1", "<newline>", "`;`"),
        ("use a 1;\n1", "1", "`;`"),
        ("use\na;\n1", "<newline>", "`<ident>`"),
        ("use a::\nb;\n1", "<newline>", "`<ident>`"),
        ("use a as\nb;\n1", "<newline>", "`<ident>`"),
        ("use \"a\";\n1", "\"", "`<ident>`"),
        ("use a::match;\n1", "match", "`<ident>`"),
        ("use a as b 1", "1", "`<newline>`"),
        ("use a;\n;1", ";", "expected"),
    ] {
        refused(text, token);
        assert!(error(text).message.contains(expected), "{text:?}: {}", error(text).message);
    }
}

#[test]
fn queries() {
    let text = "#!config id = \"orders\"\n#!config metrics_interval_s = 5 + 5\ndefine tumbling window w\nwith\n  size = 10,\n  max_groups = 2 * 2\nscript event.n\nend;\ndefine sliding window v\nwith\n  size = 1\nend;\ndefine qos::roundrobin operator rr\nwith\n  outputs = [\"a\"]\nend;\ndefine generic::counter operator c;\ndefine script s\nwith\n  factor = 1\nscript\n  use std::array;\n  let event.total = args.factor;\n  event\nend;\ndefine script t\nscript\n  event\nend;\nmod m with\n  ### doc\n  ## x\n  const x = 1;\n  define script s\n  script\n    1\n  end\nend;\nuse a::b as c;\ncreate stream `group`;\ncreate operator rr1 from m::rr\nwith\n  a = 1\nend;\ncreate operator rr;\ncreate script s;\nselect event from in into out;\nselect match event of\n  default => 1\nend from in/side[w, m::v] where event.a > 1 group by set(event.a, each(event.b), set(1)) into out/port having event.n > 1\n";
    assert_eq!(printer::query(&query(text)), text);
    for text in [
        "select 1 from in[w,] into out;",
        "select 1 from in group by set(event.a,) into out",
        "define tumbling window w with size = 1, end; select 1 from in into out",
        "# a comment\n#!config x = 1\n\n# another\nselect 1 from in into out",
    ] {
        query(text);
    }
    for (text, token) in [
        ("", ""),
        ("select event from in into out;;", ";"),
        ("select event from in having true into out", "having"),
        ("select event from in into out where true", "where"),
        ("select from in into out", "from"),
        ("select let a = 1 from in into out", "let"),
        ("select event from in[] into out", "]"),
        ("select event from in group by set() into out", ")"),
        ("select event from in group by event.a, event.b into out", ","),
        ("select event from in group by match 1 of default => 1 end into out", "match"),
        ("create stream group", "group"),
        ("create window w", "window"),
        ("const a = 1; select event from in into out", "const"),
        ("fn f() with 1 end", "fn"),
        ("let a = 1", "let"),
        ("mod m with end", "end"),
        ("mod m with select event from in into out end", "select"),
        ("mod m with create stream s end", "create"),
        ("define tumbling window w", ""),
        ("define tumbling window w with end", "end"),
        ("define script s script end", "end"),
        ("define script s with a = 1 end script 1 end", "end"),
        ("define roundrobin operator x", "operator"),
        ("use a; select event from in into out", "select"),
        ("use a;\n#!config id = 1\nselect event from in into out", "#!config "),
        ("select event from in into out;\n#!config id = 1", "#!config "),
        ("#!config id = 1;\nselect event from in into out", ";"),
    ] {
        let error = query_error(text);
        assert!(
            error.message.contains(&format!("token `{token}`")),
            "{text:?}: {}",
            error.message
        );
    }
    let late = query_error("## banner\n#!config dialect = \"0.9\"\nselect event from in into out");
    assert_eq!(late.code, codes::DIALECT_FORM);
}

#[test]
fn module_files() {
    let (sources, id) =
        sources("#!config dialect = \"0.9\"\n### doc\nuse a;\nconst b = \"{1}\";\nmod c with fn f() with 1 end end");
    let limits = ParseLimits::default();
    let module = parse_module(&sources, id, Dialect::Modern, &limits).tree.unwrap();
    assert_eq!(
        (module.docs.as_deref(), module.items.len(), module.dialect),
        (Some("doc"), 3, Dialect::V09)
    );
    assert!(parse_query_module(&sources, id, Dialect::Modern, &limits).tree.is_some());
    for (text, token) in [
        ("const a = 1;\nlet b = 2;", "let"),
        ("", ""),
        ("select event from in into out", "select"),
    ] {
        let mut sources = SourceMap::new();
        let id = sources.add("m", text);
        for diagnostics in [
            parse_module(&sources, id, Dialect::Modern, &limits).diagnostics,
            parse_query_module(&sources, id, Dialect::Modern, &limits).diagnostics,
        ] {
            assert!(first_error(&diagnostics, text).message.contains(&format!("token `{token}`")));
        }
    }
}

#[test]
fn dialects_of_trees() {
    assert_eq!(script("#!config dialect = \"0.9\"\nevent").dialect, Dialect::V09);
    assert_eq!(
        parsed("#!config dialect = \"0.11\"\n\"{a}\"", Dialect::V09)
            .tree
            .unwrap()
            .dialect,
        Dialect::Modern
    );
    let tree = query("#!config dialect = \"0.9\"\ndefine script s script \"{a}\" end");
    let QueryStmtKind::Item(QueryItem::Script(inner)) = &tree.stmts[0].kind else {
        panic!()
    };
    assert_eq!(
        (tree.dialect, inner.script.dialect, tree.config.len()),
        (Dialect::V09, Dialect::V09, 1)
    );
    for text in [
        "#!config dialect = 0.9\n1",
        "#!config dialect = \"0.7\"\n1",
        "#!config dialect = \"0.9\"\n#!config dialect = \"0.11\"\n1",
    ] {
        assert!(parsed(text, Dialect::Modern).tree.is_none(), "{text}");
    }
}
