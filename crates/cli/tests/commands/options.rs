//! Usage, options and completions (7.1 and 7.8).

use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::Value;

use crate::folder::{Folder, Ran};

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
