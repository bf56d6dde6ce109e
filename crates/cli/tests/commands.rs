//! The commands that look into scripts and queries, and the test runner, driven through the binary (spec/runtime.md 7 and 12).
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with files in it.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for (name, text) in files {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_temblor"));
        command
            .args(line.split_whitespace())
            .current_dir(self.path())
            .stdin(Stdio::null());
        command.env("TEMBLOR_PATH", self.path().join("lib"));
        command
    }

    fn run(&self, line: &str) -> Ran {
        Ran::from(self.command(line).output().unwrap())
    }

    fn report(&self) -> Value {
        serde_json::from_str(&self.read("report.json")).unwrap()
    }
}

#[derive(Debug)]
struct Ran {
    status: i32,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// Checks the status, gives the standard output.
    #[track_caller]
    fn out(self, status: i32) -> String {
        assert_eq!(self.status, status, "{self:?}");
        self.out
    }

    /// Checks the status, gives the standard error.
    #[track_caller]
    fn err(self, status: i32) -> String {
        assert_eq!(self.status, status, "{self:?}");
        self.err
    }
}

const TIDE: &str = "### Tides.\n\n## Hours between two.\nconst hours = 12; # about\nlet event.n = event.n + 1_0;\nevent\n";

// 7.1

#[test]
fn usage_follows_the_table_of_statuses() {
    let folder = Folder::new(&[]);
    for line in [
        "--help",
        "-h",
        "dbg --help",
        "dbg -h",
        "run -h",
        "server run --help",
        "help",
        "test --help",
    ] {
        let out = folder.run(line).out(0);
        assert!(out.contains("USAGE"), "{line}: {out}");
    }
    let help = folder.run("--help").out(0);
    for heading in ["USAGE", "FLAGS", "OPTIONS", "SUBCOMMANDS"] {
        assert!(help.contains(heading), "{heading} in {help}");
    }
    for line in [
        "",
        "--no-such",
        "harbour",
        "dbg lex",
        "run",
        "--dialect 0.5 dbg src x.tremor",
        "--diagnostics xml dbg",
    ] {
        let ran = folder.run(line);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{line}: {ran:?}");
        assert!(!ran.err.is_empty(), "{line}");
    }
    assert!(folder.run("").err(2).contains("USAGE"));
    assert!(folder.run("server").err(1).contains("SUBCOMMANDS"));
    assert!(folder.run("dbg").err(1).contains("Missing subcommand"));
    assert!(folder.run("completions").out(0).contains("SUBCOMMANDS"));
    assert_eq!(folder.run("-v -vv --verbose completions").status, 0);
}

#[test]
fn the_version_carries_the_name_the_program_was_called_by() {
    let folder = Folder::new(&[]);
    for line in ["--version", "-V", "dbg -V", "server run --version"] {
        let out = folder.run(line).out(0);
        assert!(
            out.starts_with(concat!("temblor ", env!("CARGO_PKG_VERSION"))),
            "{line}: {out}"
        );
        assert_eq!(out.contains(" (DEBUG)"), cfg!(debug_assertions), "{out}");
    }
    let link = folder.path().join("tremor");
    symlink(env!("CARGO_BIN_EXE_temblor"), &link).unwrap();
    let out = Ran::from(Command::new(link).arg("--version").output().unwrap()).out(0);
    assert!(out.starts_with(concat!("tremor ", env!("CARGO_PKG_VERSION"))), "{out}");
}

#[test]
fn the_instance_option_reaches_scripts() {
    let folder = Folder::new(&[("who.tremor", "use tremor::system;\nsystem::instance()"), ("in.json", "1\n")]);
    assert_eq!(folder.run("-i quay run who.tremor -i in.json").out(0), "\"quay\"\n");
    assert_eq!(folder.run("run who.tremor -i in.json").out(0), "\"tremor\"\n");
}

#[test]
fn diagnostics_come_as_json_on_request() {
    let folder = Folder::new(&[
        ("bad.tremor", "let x = ;\n"),
        ("bad.trickle", "select nope from in into out;\n"),
        ("in.json", "1\n"),
    ]);
    for (line, on_output) in [
        ("--diagnostics json run bad.tremor -i in.json", false),
        ("run --diagnostics json bad.trickle -i in.json", false),
        ("dbg --diagnostics json ast bad.tremor", true),
        ("explain --diagnostics json bad.trickle", false),
    ] {
        let ran = folder.run(line);
        assert_eq!(ran.status, 1, "{line}");
        let text = if on_output { ran.out } else { ran.err };
        let error: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        assert_eq!(
            (&error["severity"], &error["line"]),
            (&Value::from("error"), &Value::from(1)),
            "{line}"
        );
    }
}

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

// 7.8

#[test]
fn completions_know_five_shells() {
    let folder = Folder::new(&[]);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let out = folder.run(&format!("completions {shell}")).out(0);
        assert!(out.contains("temblor") && out.contains("explain"), "{shell}");
    }
    assert!(folder.run("completions csh").err(1).contains("Unsupported shell: csh"));
    let guess = |variables: &[(&str, &str)]| {
        let mut command = folder.command("completions guess");
        command.env_clear().envs(variables.iter().copied());
        Ran::from(command.output().unwrap())
    };
    let fish = folder.run("completions fish").out;
    assert_eq!(guess(&[("SHELL", "/usr/bin/fish")]).out(0), fish);
    let zsh = folder.run("completions zsh").out;
    assert_eq!(
        guess(&[("SHELL", "/usr/bin/fish"), ("PSModulePath", "x"), ("ZSH_NAME", "zsh")]).out(0),
        zsh
    );
    assert!(guess(&[("SHELL", "/bin/csh")]).err(1).contains("Unsupported shell: csh"));
    assert!(guess(&[]).err(1).contains("Unable to guess your shell, "));
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

// 7.7

const META: &str = r#"{"kind": "Unit", "includes": "all.tremor"}"#;

fn stats(report: &Value, kind: &str) -> [u64; 4] {
    ["pass", "fail", "skip", "assert"].map(|key| report["stats"][kind][key].as_u64().unwrap())
}

#[test]
fn unit_tests_pass_fail_and_are_skipped() {
    let suite = r#"
use std::test;
const ten = 10;
fn twice(x) with x * 2 end;
event.nowhere.at.all;
test::suite({
  "name": "tide",
  "tags": ["tide"],
  "suite": {
    "name": "tide",
    "tests": [
      test::test({"name": "ebb", "tags": ["ebb"], "test": test::assert("ebb", 3 - 5, -2)}),
      test::test({"name": "wrong", "test": test::assert("wrong", twice(ten), 21)}),
      test::test({"name": "fails", "test": event.nowhere == 1}),
      test::test({"name": "no boolean", "test": 1}),
      twice(1) < 3
    ]
  }
});
test::suite({"name": "folded", "suite": {"tests": [true, 2 < 3]}});
test::suite({"name": "odd", "suite": 1})
"#;
    let folder = Folder::new(&[
        ("tests/meta.json", META),
        ("tests/tags.json", r#"["unit"]"#),
        ("tests/deep/ALL.tremor", suite),
        ("tests/deep/other.tremor", "not ( a script"),
    ]);
    let ran = folder.run("test unit");
    assert!(ran.err.contains("2 out of 7 tests failed."), "{ran:?}");
    for line in ["(+) ebb", "(-) wrong", "(-) fails", "Stats: Pass 4 Fail 2 Skip 1"] {
        assert!(ran.out.contains(line), "{line} in {}", ran.out);
    }
    assert_eq!(ran.status, 1);
    let report = folder.report();
    for key in ["metadata", "includes", "excludes", "reports", "stats"] {
        assert!(!report[key].is_null(), "{key} in {report}");
    }
    assert_eq!(stats(&report, "unit"), [4, 2, 1, 6]);
    assert_eq!(stats(&report, "all"), [4, 2, 1, 6]);
    assert_eq!(stats(&report, "command"), [0; 4]);
    let suites = &report["reports"]["unit"][0]["elements"];
    let tide = &suites["tide"];
    assert_eq!(tide["stats"]["pass"], 2);
    let element = &tide["elements"][0];
    assert_eq!(
        (&element["description"], &element["keyword"]),
        (&Value::from("ebb"), &Value::from("Test"))
    );
    assert_eq!(
        (&element["result"]["status"], &element["hidden"]),
        (&Value::from("Passed"), &Value::from(false))
    );
    assert!(element["result"]["duration"].is_u64() && element["info"].is_null() && tide["evidence"].is_null());
    let failed = &tide["elements"][2];
    assert!(
        failed["info"].as_str().unwrap().contains("nowhere"),
        "a runtime error fails its test: {failed}"
    );
    assert_eq!(
        (&suites["folded"]["stats"]["pass"], &suites["odd"]["stats"]["skip"]),
        (&Value::from(2), &Value::from(1))
    );
}

#[test]
fn tags_select_unit_tests() {
    let suite = r#"use std::test;
test::suite({"name": "a", "tags": ["outer"], "suite": {"tags": ["inner"], "tests": [
  test::test({"name": "one", "tags": ["one"], "test": true}),
  test::test({"name": "two", "tags": ["two"], "test": true}),
  true
]}})"#;
    let folder = Folder::new(&[
        ("t/meta.json", META),
        ("t/tags.json", r#"["unit", "top"]"#),
        ("t/all.tremor", suite),
        ("untagged/meta.json", META),
        ("untagged/all.tremor", suite),
    ]);
    for (options, expected) in [
        ("t", [3, 0, 0, 3]),
        ("t -i one", [1, 0, 1, 1]),
        ("t -i inner", [3, 0, 0, 3]),
        ("t -i outer -e outer", [3, 0, 0, 3]),
        ("t -e one two", [1, 0, 2, 1]),
        ("t --excludes top", [0, 0, 2, 0]),
        ("t -i top -e one", [3, 0, 0, 3]),
        ("untagged", [0, 0, 2, 0]),
    ] {
        folder.run(&format!("test unit {options}")).out(0);
        assert_eq!(stats(&folder.report(), "unit"), expected, "{options}");
    }
}

#[test]
fn files_that_do_not_compile_are_failures() {
    let folder = Folder::new(&[
        ("tests/meta.json", META),
        ("tests/tags.json", r#"["unit"]"#),
        ("tests/a/all.tremor", "let ="),
        (
            "tests/b/all.tremor",
            "use std::test;\ntest::suite({\"name\": \"b\", \"suite\": {\"tests\": [true]}})",
        ),
        (
            "tests/c/all.tremor",
            "use std::test;\ntest::suite({\"name\": \"c\", \"suite\": {\"name\": \"c\"}})",
        ),
    ]);
    let ran = folder.run("test -q -o out.json");
    assert!(ran.out.contains("Error in tests/a/all.tremor:1:"), "{ran:?}");
    assert!(!ran.out.contains("(+)"), "quiet shows failures only: {ran:?}");
    assert!(ran.err(1).contains("2 out of 3 tests failed."));
    let report: Value = serde_json::from_str(&folder.read("out.json")).unwrap();
    assert_eq!(stats(&report, "unit"), [1, 2, 0, 1]);
}

#[test]
fn modes_and_kinds_choose_roots() {
    let suite = "use std::test;\ntest::suite({\"name\": \"s\", \"suite\": {\"tests\": [true]}})";
    let folder = Folder::new(&[
        ("tests/tags.json", r#"["unit", "command"]"#),
        ("tests/u/META.json", META),
        ("tests/u/all.tremor", suite),
        ("tests/c/meta.json", r#"{"kind": "Command", "includes": "*.yml"}"#),
    ]);
    for (mode, pass) in [("all", 1), ("UNIT", 1), ("command", 0), ("rest", 0), ("it", 0), ("bench", 0)] {
        folder.run(&format!("test {mode} tests")).out(0);
        assert_eq!(stats(&folder.report(), "all")[0], pass, "{mode}");
    }
    let err = folder.run("test everything").err(1);
    assert!(
        err.contains("unit") && err.contains("integration") && err.contains("bench"),
        "{err}"
    );
    assert_eq!(folder.run("test unit nowhere").status, 1);
    // A root of kind All asks for the tag `all` from there on.
    fs::write(folder.path().join("tests/meta.json"), r#"{"kind": "All", "includes": ""}"#).unwrap();
    folder.run("test").out(0);
    assert_eq!(folder.report()["includes"], serde_json::json!(["all"]));
    assert_eq!(stats(&folder.report(), "all")[0], 0);
    fs::write(folder.path().join("tests/meta.json"), r#"{"kind": "unit", "includes": ""}"#).unwrap();
    assert!(
        folder.run("test").err(1).contains("unknown kind"),
        "kinds are written exactly so"
    );
}

#[test]
fn command_tests_check_status_and_outputs() {
    let commands = r#"
name: harbour tool checks
suites:
  - name: version
    tags: [smoke]
    cases:
      - name: prints its version
        command: tremor --version
        tags: [version]
        status: 0
        expects:
          - source: stdout
            contains: ["  tremor "]
            doesnt_contain: [temblor]
          - source: fg.0.out.log
            contains: [tremor]
      - name: words and environment
        command: sh -c 'echo "$QUAY sea"; echo oops >&2; exit 3'
        env: {QUAY: deep}
        status: 3
        expects:
          - source: STDOUT
            equals_file: wanted.txt
          - source: stderr
            contains: [oops]
          - source: stdout
      - name: wrong
        command: echo "two words"
        status: 1
        expects:
          - source: stdout
            contains: [two words, missing]
      - name: open quote
        command: echo "a
        status: 0
        expects: []
      - name: no such program
        command: no-such-program-here
        status: 0
        expects: []
  - name: others
    cases:
      - name: not selected by smoke
        command: "true"
        status: 0
        expects: []
"#;
    let folder = Folder::new(&[
        ("tests/meta.json", r#"{"kind": "Command", "includes": ""}"#),
        ("tests/tags.json", r#"["command"]"#),
        ("tests/x/command.yml", commands),
        ("tests/x/wanted.txt", "deep sea\n"),
    ]);
    let ran = folder.run("test command -i smoke");
    assert!(ran.err.contains("3 out of 6 tests failed."), "{ran:?}");
    let report = folder.report();
    assert_eq!(stats(&report, "command"), [2, 3, 1, 10], "{ran:?}");
    assert_eq!(report["reports"]["command"][0]["description"], "harbour tool checks");
    let version = &report["reports"]["command"][0]["elements"]["version"];
    assert_eq!(version["evidence"]["fg.2.out.log"], "two words\n");
    let predicates = version["elements"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|element| element["keyword"] == "Predicate");
    assert_eq!(predicates.count(), 10);
    assert_eq!(folder.read("tests/x/fg.1.err.log"), "oops\n");
    assert!(ran.out.contains("not selected by smoke: not selected"), "{}", ran.out);
}

#[test]
fn processes_run_before_and_after_command_tests() {
    let before = r#"{"run": "", "cmd": "sh", "args": ["-c", "echo started; touch ready; sleep 600"],
        "await": {"wait-for-ms": ["1"]}, "max-await-secs": 5, "min-await-secs": 1}"#;
    let after = r#"{"run": "", "cmd": "sh", "args": ["-c", "echo $WORD; exit 7"], "env": {"WORD": "done"}}"#;
    let commands = "name: x\nsuites:\n  - name: y\n    cases:\n      - {name: z, command: cat bg.out.log ready, status: 0, \
                    expects: [{source: stdout, contains: [started]}]}\n";
    let folder = Folder::new(&[
        ("tests/meta.json", r#"{"kind": "Command", "includes": ""}"#),
        ("tests/tags.json", r#"["command"]"#),
        ("tests/command.yml", commands),
        ("tests/before.json", before),
        ("tests/after.json", after),
        ("late/meta.json", r#"{"kind": "Command", "includes": ""}"#),
        ("late/command.yml", commands),
        (
            "late/before.json",
            r#"{"run": "", "cmd": "sleep", "args": ["600"], "await": {"port-open": ["1"]}}"#,
        ),
    ]);
    folder.run("test command").out(0);
    assert_eq!(folder.read("tests/after.out.log"), "done\n");
    let ran = folder.run("test command late");
    assert!(ran.out.contains("Upper bound exceeded error"), "{ran:?}");
    assert_eq!(ran.status, 1);
}

#[test]
fn integration_tests_run_a_server_in_their_folder() {
    let tremor = "#!/bin/sh\nif grep -qs quiet mode; then exit 0; fi\necho \"$@\"\necho \"log $RUST_LOG\" >&2\necho made > made.txt\nexit 4\n";
    let assert = "status: 4\nname: ebb\nasserts:\n  - source: stdout\n    contains: [--dialect 0.9 server run -n -f, b.trickle]\n    \
                  doesnt_contain: [assert.yaml, logger.yaml, c.tremor]\n  - source: stderr\n    contains: [log info]\n  - source: MADE.txt\n    \
                  equals_file: made.txt\n";
    let folder = Folder::new(&[
        ("bin/tremor", tremor),
        (
            "tests/meta.json",
            r#"{"kind": "Integration", "includes": "{EBB,flood,empty}*"}"#,
        ),
        ("tests/tags.json", r#"["integration"]"#),
        ("tests/deep/ebb-1/a.yaml", ""),
        ("tests/deep/ebb-1/b.trickle", ""),
        ("tests/deep/ebb-1/c.tremor", ""),
        ("tests/deep/ebb-1/logger.yaml", ""),
        ("tests/deep/ebb-1/assert.yaml", assert),
        ("tests/flood/a.yaml", ""),
        ("tests/flood/mode", "quiet"),
        ("tests/flood-2/a.yaml", ""),
        ("tests/flood-3/a.yaml", ""),
        ("tests/flood-3/tags.json", r#"["slow"]"#),
        ("tests/empty/readme.txt", ""),
        ("tests/calm/a.yaml", ""),
    ]);
    let program = folder.path().join("bin/tremor");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").unwrap());
    let mut command = folder.command("--dialect 0.9 test integration -e slow");
    let ran = Ran::from(command.env("PATH", path).output().unwrap());
    let report = folder.report();
    // Passed are ebb-1 and flood; flood-2 ends with status 4, empty has nothing to deploy; flood-3 is not selected.
    assert_eq!(stats(&report, "integration"), [2, 2, 1, 8], "{ran:?}");
    assert!(ran.err.contains("2 out of 5 tests failed."), "{ran:?}");
    assert!(folder.read("tests/deep/ebb-1/fg.out.log").contains("a.yaml"));
    assert!(!folder.path().join("tests/calm/fg.out.log").exists());
}
