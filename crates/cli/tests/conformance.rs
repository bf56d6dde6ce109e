//! Runs the cases below `conformance/` against the binary, by the rules of the runner that came with them.
//!
//! A case is a folder; what its files mean is said in `conformance/`'s README of the given suites: `script.tremor` or
//! `query.trickle` run over `in.jsonl`, or `cmd` names the arguments; `out.jsonl`, `out.raw`, `error.txt` and `stderr.txt` say what must
//! come of it. Cases that the specification contradicts are listed with the reason in `conformance_exceptions.txt`, shown as ignored,
//! never as passed.
#![allow(clippy::unwrap_used)] // a test without the usual harness

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Map, Number, Value};

const EXCEPTIONS: &str = include_str!("conformance_exceptions.txt");
/// Longest time a case may take.
const LIMIT: Duration = Duration::from_secs(20);

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let trials = folders(&root)
        .iter()
        .flat_map(|suite| folders(suite))
        .map(|case| trial(&root, case))
        .collect();
    libtest_mimic::run(&args, trials).exit();
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).unwrap_or_else(|error| panic!("{}: {error}", of.display()));
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn trial(root: &Path, case: PathBuf) -> Trial {
    let name = case.strip_prefix(root).unwrap().display().to_string();
    let exception = EXCEPTIONS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find(|line| line.split_whitespace().next() == Some(&name));
    let ignored = exception.is_some();
    let kind = exception.map_or(String::new(), |line| line[name.len()..].trim().to_owned());
    Trial::test(name, move || run(&case))
        .with_kind(kind)
        .with_ignored_flag(ignored)
}

fn run(case: &Path) -> Result<(), Failed> {
    let output = execute(case)?;
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if let Some(expected) = text(case, "error.txt") {
        check_error(&expected, &output, &stderr)?;
        if !case.join("out.jsonl").exists() {
            return Ok(());
        }
    }
    if let Some(expected) = text(case, "stderr.txt") {
        let expected = expected.trim();
        if !stderr.to_lowercase().contains(&expected.to_lowercase()) {
            return Err(format!("standard error does not name {expected:?}: {stderr:?}").into());
        }
    }
    let is_raw = case.join("out.raw").exists() || (case.join("cmd").exists() && !case.join("out.jsonl").exists());
    if is_raw {
        return check_raw(case, &output, &stderr);
    }
    let wanted = lines(&std::fs::read(case.join("out.jsonl")).map_err(|error| error.to_string())?);
    compare(&wanted, &lines(&output.stdout), &stderr)
}

fn execute(case: &Path) -> Result<Output, Failed> {
    let arguments: Vec<String> = match text(case, "cmd") {
        Some(line) => line.split_whitespace().map(str::to_owned).collect(),
        None => {
            let script = ["script.tremor", "query.trickle"]
                .into_iter()
                .find(|name| case.join(name).exists());
            let script = script.ok_or("no script.tremor, query.trickle or cmd")?;
            ["run", script, "-i", "in.jsonl"].map(str::to_owned).to_vec()
        }
    };
    let path = format!("{}:", case.join("lib").display());
    let child = Command::new(env!("CARGO_BIN_EXE_temblor"))
        .args(&arguments)
        .current_dir(case)
        .env("TREMOR_PATH", &path)
        .env("TEMBLOR_PATH", &path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let id = child.id();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(child.wait_with_output()));
    match receiver.recv_timeout(LIMIT) {
        Ok(output) => output.map_err(|error| error.to_string().into()),
        Err(_) => {
            // The process is this test's own.
            let _ = Command::new("kill").arg(id.to_string()).status();
            Err(format!("no end after {} s", LIMIT.as_secs()).into())
        }
    }
}

fn check_error(expected: &str, output: &Output, stderr: &str) -> Result<(), Failed> {
    let mut words = expected.lines().map(str::trim).filter(|line| !line.is_empty());
    let wanted = words.next().unwrap_or("");
    let is_compile = words.next() == Some("compile");
    if output.status.success() && (stderr.trim().is_empty() || is_compile) {
        return Err(format!("accepted (exit status 0); an error naming {wanted:?} was expected").into());
    }
    if !stderr.to_lowercase().contains(&wanted.to_lowercase()) {
        return Err(format!("error does not name {wanted:?}: {stderr:?}").into());
    }
    Ok(())
}

fn check_raw(case: &Path, output: &Output, stderr: &str) -> Result<(), Failed> {
    let wanted = std::fs::read(case.join("out.raw")).map_err(|error| error.to_string())?;
    let is_json = matches!(wanted.trim_ascii_start().first(), Some(b'{' | b'['));
    if output.stdout == wanted || (is_json && lines(&wanted) == lines(&output.stdout)) {
        return Ok(());
    }
    let (wanted, got) = (String::from_utf8_lossy(&wanted), String::from_utf8_lossy(&output.stdout));
    Err(format!("bytes differ: want {wanted:?}, got {got:?} {stderr:?}").into())
}

fn compare(wanted: &[Value], got: &[Value], stderr: &str) -> Result<(), Failed> {
    if let Some((at, (wanted, got))) = wanted.iter().zip(got).enumerate().find(|(_, (wanted, got))| wanted != got) {
        return Err(format!("line {}: want {wanted}, got {got}; {stderr:?}", at + 1).into());
    }
    if wanted.len() != got.len() {
        return Err(format!("want {} lines, got {}; {stderr:?}", wanted.len(), got.len()).into());
    }
    Ok(())
}

/// One value a line; what is no JSON counts as text.
fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_str(line).map_or_else(|_| Value::from(line), canonical))
        .collect()
}

/// A value that compares by meaning: floats that agree in twelve digits are one.
fn canonical(value: Value) -> Value {
    match value {
        Value::Array(values) => Value::Array(values.into_iter().map(canonical).collect()),
        Value::Object(record) => Value::Object(
            record
                .into_iter()
                .map(|(name, value)| (name, canonical(value)))
                .collect::<Map<_, _>>(),
        ),
        Value::Number(number) if number.is_f64() => {
            let rounded = number
                .as_f64()
                .and_then(|float| format!("{float:.11e}").parse().ok())
                .and_then(Number::from_f64);
            // The given runner compares 1 and 1.0 as equal numbers.
            rounded.map_or(Value::Null, |number| match number.as_f64() {
                Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => Value::from(float as i64),
                _ => Value::Number(number),
            })
        }
        other => other,
    }
}

fn text(case: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(case.join(name)).ok()
}
