//! The test runner (7.7).

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::folder::{Folder, Ran};

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
