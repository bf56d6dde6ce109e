//! `dbg`, `doc` and `explain` (7.4, 7.5 and 12).

use std::fs;
use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::folder::{Folder, Ran};

const TIDE: &str = "### Tides.\n\n## Hours between two.\nconst hours = 12; # about\nlet event.n = event.n + 1_0;\nevent\n";

// 7.4

#[test]
fn dbg_src_numbers_lines() {
    let folder = Folder::new(&[("tide.tremor", TIDE), ("readme.txt", "text\n")]);
    let out = folder.run("dbg src tide.tremor").out(0);
    let (banner, lines): (Vec<_>, Vec<_>) = out.lines().partition(|line| !line.contains(" | "));
    assert_eq!(
        (banner[0], banner.len(), banner[4]),
        ("", 5, ""),
        "an empty line, three of banner, an empty line: {out}"
    );
    assert_eq!(lines[3], "    4 | const hours = 12; # about");
    assert_eq!(lines.len(), 6);
    assert!(!out.contains('\u{1b}'), "no colours but on a terminal");
    let bare = folder.run("dbg -b -n src tide.tremor").out(0);
    assert!(bare.starts_with("\n    1 | ### Tides.\n"), "{bare}");
    assert_eq!(folder.run("dbg src readme.txt").out(0), "");
}

#[test]
fn dbg_lex_lists_tokens_in_columns() {
    let folder = Folder::new(&[
        ("tide.tremor", TIDE),
        ("bad.tremor", "1 + ? 2\n"),
        ("open.tremor", "1 + \"a\n2"),
        ("tide.trickle", "#!config id = \"t\"\nselect event from in into out;\n"),
    ]);
    let out = folder.run("dbg -b lex tide.tremor").out(0);
    let mut lines = out.lines();
    assert_eq!(lines.next(), Some(""));
    assert_eq!(
        lines.next(),
        Some("   4:1 - 4:6     · keyword                        · const")
    );
    let text: Vec<&str> = lines.map(|line| line.rsplit(" · ").next().unwrap()).collect();
    let expected = "hours = 12 ; let event . n = event . n + 1_0 ; event";
    assert_eq!(text.join(" "), expected, "no white space, no comments, no documentation");
    let count = |file: &str| folder.run(&format!("dbg -b lex {file}")).out(0).lines().count() - 1;
    assert_eq!(count("bad.tremor"), 2, "ends at the first bad token");
    assert_eq!(count("open.tremor"), 2, "ends at an open string");
    assert!(folder.run("dbg lex tide.trickle").out(0).contains("configuration directive"));
}

#[test]
fn dbg_reads_a_script_from_standard_input() {
    let folder = Folder::new(&[]);
    let mut command = folder.command("dbg -b lex -");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"drop").unwrap();
    let out = Ran::from(child.wait_with_output().unwrap()).out(0);
    assert_eq!(out, "\n   1:1 - 1:5     · keyword                        · drop\n");
}

#[test]
fn dbg_preprocess_puts_modules_in_place() {
    let folder = Folder::new(&[
        ("main.tremor", "use sea::quay as q;\nq::depth"),
        ("lib/sea/quay.tremor", "use deep;\nconst depth = 4;"),
        ("lib/deep.tremor", "const x = 1"),
        ("lost.tremor", "use nowhere;\n1"),
        ("circle.tremor", "use round;\n1"),
        ("lib/round.tremor", "use round;\nconst a = 1"),
    ]);
    let out = folder.run("dbg -b preprocess main.tremor").out(0);
    let rows: Vec<(&str, &str)> = out
        .lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.split(" · ");
            (cells.next().unwrap().trim(), cells.nth(1).unwrap())
        })
        .collect();
    let text: Vec<&str> = rows
        .iter()
        .map(|(_, text)| *text)
        .filter(|text| !text.starts_with("#!line "))
        .collect();
    assert_eq!(
        text.join(" "),
        "mod q with mod deep with const x = 1 end ; const depth = 4 ; end ; q :: depth"
    );
    assert_eq!(
        rows.iter().filter(|(_, text)| text.starts_with("#!line ")).count(),
        4,
        "{out}"
    );
    let (_, directive) = rows.iter().find(|(_, text)| text.contains("quay.tremor")).unwrap();
    assert!(directive.starts_with("#!line 0 1 1 "), "{directive}");
    assert!(
        rows.contains(&("2:7 - 2:12", "depth")),
        "places are those of the module's file: {rows:?}"
    );
    assert!(folder.run("dbg preprocess lost.tremor").err(1).contains("nowhere"));
    assert!(folder.run("dbg preprocess circle.tremor").err(1).contains("round.tremor"));
    // What is shown can be fed in again.
    let lines: Vec<&str> = rows.iter().map(|(_, text)| *text).collect();
    fs::write(folder.path().join("all.tremor"), lines.join("\n")).unwrap();
    fs::write(folder.path().join("in.json"), "1\n").unwrap();
    assert_eq!(folder.run("run all.tremor -i in.json").out(0), "4\n");
}

#[test]
fn dbg_ast_is_json() {
    let folder = Folder::new(&[
        ("tide.tremor", TIDE),
        ("tide.trickle", "select event from in into out;\n"),
        ("syntax.tremor", "let = 1"),
        ("names.tremor", "nope::f(1)"),
        ("names.trickle", "select event from nowhere into out;"),
    ]);
    let json = |line: &str| serde_json::from_str::<Value>(&folder.run(line).out(0)).unwrap();
    let script = json("dbg -b ast tide.tremor");
    assert_eq!(script["stmts"].as_array().unwrap().len(), 3);
    assert_eq!(
        json("dbg -b ast -x tide.tremor").as_array().unwrap().len(),
        2,
        "without the constant"
    );
    assert_eq!(json("dbg -b ast --exprs-only tide.tremor"), json("dbg -b ast -x tide.tremor"));
    assert_eq!(json("dbg -b ast tide.trickle")["stmts"].as_array().unwrap().len(), 1);
    for file in ["syntax.tremor", "names.tremor"] {
        let out = folder.run(&format!("dbg ast {file}")).out(1);
        assert!(out.contains(&format!("Error in {file}:1:")), "{out}");
    }
    assert!(folder.run("dbg dot names.trickle").out(1).contains("nowhere"));
}

#[test]
fn dbg_dot_draws_queries_only() {
    let folder = Folder::new(&[("tide.trickle", "select event from in into out;\n"), ("tide.tremor", "1")]);
    let dot = folder.run("dbg -b dot tide.trickle").out(0);
    let lines: Vec<&str> = dot.lines().collect();
    assert_eq!(lines[..2], ["", "digraph {"]);
    assert_eq!(lines[2], "    0 [ label = \"in\" shape = \"rarrow\"]");
    assert_eq!(lines.last(), Some(&"}"));
    let err = folder.run("dbg dot tide.tremor").err(1);
    assert!(
        err.contains("Dot visualisation is only supported for trickle files."),
        "{err}"
    );
}

// 7.5

#[test]
fn doc_writes_markdown_in_the_form_of_the_specification() {
    let quay = "### About quays.\n###   Second line.\n\n## Depth in metres.\nconst depth = 4.5;\nconst name = \"q\";\n\
                mod inner with const hidden = 1 end;\n## Adds.\n## Twice.\nfn add(a, b) with a + b end;\nfn any(a, ...) with a end;\n\
                intrinsic fn size(x) as array::len";
    let folder = Folder::new(&[
        ("src/quay.tremor", quay),
        ("src/notes.txt", "no script ("),
        (
            "src/deep/er.tremor",
            "const m = <<1>>; const n = null; const l = [1]; const r = {}; const i = -1; const b = true",
        ),
    ]);
    assert_eq!(folder.run("doc src").out(0), "");
    assert_eq!(
        folder.read("docs/quay.md"),
        "\n# quay\n\nAbout quays.\nSecond line.\n## Constants\n### depth\n\n*type*: F64\n\nDepth in metres.\n\n### name\n\n*type*: String\n\n\n\
         ## Functions\n### add(a, b)\n\nAdds.\nTwice.\n\n### any(a)\n\n\n\n### size(x)\n\n\n"
    );
    let er = folder.read("docs/deep/er.md");
    let types: Vec<&str> = er.lines().filter_map(|line| line.strip_prefix("*type*: ")).collect();
    assert_eq!(types, ["Binary", "Null", "Array", "Object", "I64", "Bool"]);
    assert!(!folder.path().join("docs/notes.md").exists(), "scripts only");
    let printed = folder.run("doc -i src out").out(0);
    assert_eq!(
        printed,
        folder.read("out/quay.md") + &folder.read("out/deep/er.md"),
        "files before folders"
    );
    folder.run("doc src/deep/er.tremor one").out(0);
    assert_eq!(folder.read("one/er.md"), er);
}

#[test]
fn doc_ends_at_the_first_failure() {
    let folder = Folder::new(&[("src/bad.tremor", "const = 1"), ("src/good.tremor", "const a = 1")]);
    assert!(folder.run("doc src").err(1).contains("bad.tremor:1:"));
    assert!(!folder.path().join("docs/good.md").exists());
    assert_eq!(folder.run("doc nowhere").status, 1);
}

// 12: explain

#[test]
fn explain_says_what_a_script_does() {
    let script = "use std::string;\nconst size = 5;\nlet $route.x = event.a + size * 2;\nlet $tag = $seen;\nmatch event of\n  \
                  case %{ present b } => emit string::lowercase(\"ABC\") => \"side\"\n  case %{ present c } => drop\n  default => event\nend";
    let folder = Folder::new(&[("all.tremor", script), ("none.tremor", "event"), ("bad.tremor", "nope::f(1)")]);
    let out = folder.run("explain all.tremor").out(0);
    for line in [
        "script all.tremor",
        "  event      read",
        "  metadata   reads $seen; writes $route, $tag",
        "  state      not used",
        "  ports      side, out",
        "  drop       can drop",
        "  result     the event or another value",
        "  folded     3:26 size * 2 is 10",
        "             6:31 string::lowercase(\"ABC\") is \"abc\"",
    ] {
        assert!(out.lines().any(|found| found == line), "{line:?} in\n{out}");
    }
    let out = folder.run("explain none.tremor").out(0);
    for line in [
        "  event      not touched",
        "  metadata   not touched",
        "  drop       never drops",
        "  folded     nothing",
    ] {
        assert!(out.lines().any(|found| found == line), "{line:?} in\n{out}");
    }
    assert!(out.contains("the event as it came"), "{out}");
    assert!(folder.run("explain bad.tremor").err(1).contains("Error in bad.tremor:1:1"));
    assert!(folder.run("explain -f all.tremor").err(1).contains("all.tremor"));
    assert_eq!(folder.run("explain").status, 2);
}

#[test]
fn explain_says_what_a_query_does() {
    let query = "#!config id = \"tide\"\ndefine script tag script let event.x = 1; event end;\ncreate script tag;\n\
                 define generic::batch operator pair with count = 2 end;\ncreate operator pair;\n\
                 select event from in into tag;\nselect event from tag into pair;\nselect event from pair into out;\n\
                 select event from in into out/raw;\n";
    let folder = Folder::new(&[("all.trickle", query), ("plain.trickle", "select event from in into out;\n")]);
    let out = folder.run("explain all.trickle").out(0);
    assert!(out.contains("id         tide"), "{out}");
    let node = |name: &str, class: &str| {
        let found = out.lines().any(|line| line.split_whitespace().eq([name, class]));
        assert!(found, "{name} {class} in\n{out}");
    };
    node("tag", "stateless");
    node("pair", "stateful");
    assert!(out.contains("one at a time"), "{out}");
    assert!(out.contains("\ninput in\n") && out.contains("read by "), "{out}");
    assert!(out.contains("copied at in"), "{out}");
    assert!(out.contains("out (replaced)") && out.contains("raw (untouched)"), "{out}");
    let plain = folder.run("explain plain.trickle").out(0);
    assert!(
        plain.contains("body       not read") && plain.contains("out (untouched)"),
        "{plain}"
    );
    assert!(plain.contains("any number at once"), "{plain}");
}
