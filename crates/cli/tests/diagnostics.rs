//! The rendered text of every kind of error and warning, compared with files.
//!
//! A case is a folder `tests/diagnostics/CODE-NAME` with `source.tremor` or `query.trickle`, and if needed `in.jsonl` (events), `lib/`
//! (the module path) and `args` (further arguments of `run`). `expected.txt` is what `temblor run` writes to standard error in that
//! folder, with the path of the folder as `.`. `TEMBLOR_BLESS=1` writes these files anew; read what it changed.
#![allow(clippy::unwrap_used)] // a test without the usual harness

mod golden;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use golden::{compare, folders, name_of};
use libtest_mimic::{Arguments, Failed, Trial};
use temblor_syntax::codes;

/// Codes that no run of a script or query can show, with the reason.
const WITHOUT_CASE: &[(&str, &str)] = &[
    ("Q014", "needs a query of more than 65535 nodes or ports"),
    ("W106", "about ramps of a deployment, which `run` does not have"),
    ("W107", "about ramps of a deployment, which `run` does not have"),
];

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics");
    let cases = folders(&root);
    let names: Vec<String> = cases.iter().map(|case| name_of(case)).collect();
    let mut trials: Vec<Trial> = cases
        .into_iter()
        .map(|case| Trial::test(name_of(&case), move || check(&case)))
        .collect();
    trials.push(Trial::test("every_code_has_a_case", move || every_code_has_a_case(&names)));
    libtest_mimic::run(&args, trials).exit();
}

/// The code that the name of a case starts with.
fn code_of(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}

fn check(case: &Path) -> Result<(), Failed> {
    let shown = run(case);
    let name = name_of(case);
    let code = code_of(&name);
    if !shown.lines().any(|line| line.ends_with(&format!("[{code}]"))) {
        return Err(format!("nothing with the code {code} was shown:\n{shown}").into());
    }
    compare(case, &shown)
}

/// What `temblor run` writes to standard error.
fn run(case: &Path) -> String {
    let has = |name: &str| case.join(name).exists();
    let source = if has("query.trickle") {
        "query.trickle"
    } else {
        "source.tremor"
    };
    let input = if has("in.jsonl") { "in.jsonl" } else { "/dev/null" };
    let args = fs::read_to_string(case.join("args")).unwrap_or_default();
    let output = Command::new(env!("CARGO_BIN_EXE_temblor"))
        .args(["run", source, "-i", input])
        .args(args.split_whitespace())
        .current_dir(case)
        .env("TEMBLOR_PATH", "lib")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8_lossy(&output.stderr).replace(&*case.to_string_lossy(), ".")
}

fn every_code_has_a_case(names: &[String]) -> Result<(), Failed> {
    let has_case = |code: &str| names.iter().any(|name| code_of(name) == code);
    let is_excused = |code: &str| WITHOUT_CASE.iter().any(|(one, _)| *one == code);
    let wrong: Vec<&str> = codes::ALL
        .iter()
        .map(|code| code.id())
        .filter(|code| has_case(code) == is_excused(code))
        .collect();
    let unknown = names
        .iter()
        .find(|name| codes::ALL.iter().all(|code| code.id() != code_of(name)));
    match (wrong.as_slice(), unknown) {
        ([], None) => Ok(()),
        (_, Some(name)) => Err(format!("the case {name} names no code").into()),
        (wrong, None) => Err(format!("no case and no reason, or both: {wrong:?}").into()),
    }
}
