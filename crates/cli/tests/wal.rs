//! The log on disk behind the real program (spec/operators-and-flow.md B.9). The long form of the first test is the example `kill_loop` of the
//! testkit.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use temblor_testkit::KillLoop;

#[test]
fn a_killed_program_loses_nothing_it_accepted() {
    let seed = 42;
    let kill_loop = KillLoop {
        program: PathBuf::from(env!("CARGO_BIN_EXE_temblor")),
        rounds: 8,
        clients: 3,
        seed,
    };
    let summary = kill_loop.run().unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert!(summary.is_clean() && summary.accepted > 0, "seed {seed}\n{summary}");
    assert_eq!(summary.rounds, 8);
}

#[test]
fn a_folder_that_cannot_be_used_refuses_the_query() {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let file = folder.path().join("file");
    let query = folder.path().join("main.trickle");
    let text = format!(
        "define qos::wal operator w with read_count = 1, max_elements = 9, dir = \"{}\" end;\ncreate operator w;\nselect event from in into w;\nselect event from w into out;\n",
        file.display()
    );
    let written = std::fs::write(&file, "no folder").and_then(|()| std::fs::write(&query, text));
    assert!(written.is_ok(), "{written:?}");
    let run = Command::new(env!("CARGO_BIN_EXE_temblor"))
        .arg("run")
        .arg(&query)
        .stdin(Stdio::null())
        .output();
    let output = run.unwrap_or_else(|error| panic!("{error}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(stderr.contains("`dir`") && stderr.contains("file"), "{stderr}");
}
