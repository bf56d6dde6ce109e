//! `explain -f`: what is said of deployments, compared with files.
//!
//! A case is a folder `tests/explain/NAME`; the program runs there (or in the folder that the file `folder` names) over all queries and
//! documents in it (or over what the file `files` names), with the further arguments in `args`. `expected.txt` is what it prints,
//! `warnings.txt` what it writes to standard error; without that file it writes nothing there. A case whose name begins with the code of a
//! finding shows findings of that code and no others. `TEMBLOR_BLESS=1` writes `expected.txt` anew; read what it changed.
#![allow(clippy::unwrap_used)] // a test without the usual harness

mod golden;

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use golden::{compare, folders, name_of};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

/// Codes of findings (spec/proxy.md 1.7).
const CODES: [&str; 9] = ["RP01", "RP02", "RP03", "RP04", "RP05", "RP06", "RP07", "RP08", "RP09"];

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain");
    let cases = folders(&root);
    let names: Vec<String> = cases.iter().map(|case| name_of(case)).collect();
    let mut trials: Vec<Trial> = cases
        .into_iter()
        .map(|case| Trial::test(name_of(&case), move || check(&case)))
        .collect();
    trials.push(Trial::test("every_code_has_a_case", move || every_code_has_a_case(&names)));
    let clean = root.join("clean");
    let of_clean = |call: fn(&Path) -> Result<(), Failed>| {
        let clean = clean.clone();
        move || call(&clean)
    };
    trials.push(Trial::test("nothing_is_opened", of_clean(nothing_is_opened)));
    trials.push(Trial::test("one_onramp_can_be_chosen", of_clean(one_onramp_can_be_chosen)));
    trials.push(Trial::test(
        "load_errors_end_with_status_1",
        of_clean(load_errors_end_with_status_1),
    ));
    trials.push(Trial::test(
        "wrong_usage_ends_with_status_2",
        of_clean(wrong_usage_ends_with_status_2),
    ));
    trials.push(Trial::test("findings_are_logged_at_deployment", {
        let case = root.join("RP05-discards");
        move || findings_are_logged_at_deployment(&case)
    }));
    libtest_mimic::run(&args, trials).exit();
}

/// The words of a file of the case; none if it has no such file.
fn words(case: &Path, file: &str) -> Vec<String> {
    let text = fs::read_to_string(case.join(file)).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

fn files(case: &Path) -> Vec<String> {
    let named = words(case, "files");
    if !named.is_empty() {
        return named;
    }
    let mut found: Vec<String> = fs::read_dir(case)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "trickle" || extension == "yaml")
        })
        .map(|path| name_of(&path))
        .collect();
    found.sort();
    found
}

fn explain(case: &Path, more: &[&str]) -> Output {
    let folder = words(case, "folder")
        .pop()
        .map_or(case.to_owned(), |folder| case.join(folder));
    Command::new(env!("CARGO_BIN_EXE_temblor"))
        .arg("explain")
        .arg("-f")
        .args(files(case))
        .args(words(case, "args"))
        .args(more)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Standard output of a call that succeeds and warns of nothing but what the case says.
fn shown(case: &Path, more: &[&str]) -> Result<String, Failed> {
    let output = explain(case, more);
    let err = String::from_utf8_lossy(&output.stderr);
    let warnings = fs::read_to_string(case.join("warnings.txt")).unwrap_or_default();
    if !output.status.success() || err != warnings {
        return Err(format!("{}, standard error:\n{err}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Status and standard error of a call that prints nothing.
fn refused(case: &Path, more: &[&str]) -> Result<(Option<i32>, String), Failed> {
    let output = explain(case, more);
    if !output.stdout.is_empty() {
        return Err(format!("printed:\n{}", String::from_utf8_lossy(&output.stdout)).into());
    }
    Ok((output.status.code(), String::from_utf8(output.stderr)?))
}

fn records(case: &Path, more: &[&str]) -> Result<Vec<Value>, Failed> {
    let args: Vec<&str> = std::iter::once("--json").chain(more.iter().copied()).collect();
    let lines = shown(case, &args)?;
    Ok(lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn expect(holds: bool, what: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(what().into()) }
}

fn check(case: &Path) -> Result<(), Failed> {
    let text = shown(case, &[])?;
    let codes: BTreeSet<&str> = CODES
        .into_iter()
        .filter(|code| text.lines().any(|line| line.trim_start().starts_with(code)))
        .collect();
    let name = name_of(case);
    if let Some(code) = CODES.iter().find(|code| name.starts_with(**code)) {
        expect(codes == BTreeSet::from([*code]), || format!("findings of {codes:?}:\n{text}"))?;
    }
    same_as_json(case, &text)?;
    compare(case, &text)
}

/// Onramps, needs, codes, statuses and places of the records are those of the text, in its order.
fn same_as_json(case: &Path, text: &str) -> Result<(), Failed> {
    let mut rest = text;
    let mut find = |part: &str| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            Ok(())
        }
        None => Err(Failed::from(format!("`{part}` is not in what is left of the text:\n{rest}"))),
    };
    for record in records(case, &[])? {
        find(&format!("onramp {}", record["name"].as_str().unwrap()))?;
        find(&format!("request   {}", record["request"]["need"].as_str().unwrap()))?;
        let reason = &record["request"]["reason"];
        find(&format!("{}{}", reason["text"].as_str().unwrap(), place(&reason["place"])))?;
        for finding in record["replies"].as_array().unwrap() {
            find(finding["code"].as_str().unwrap())?;
            find(&format!("{}{}", finding["text"].as_str().unwrap(), place(&finding["place"])))?;
            if let Some(status) = finding["status"].as_u64() {
                find(&format!("-> {status} "))?;
            }
            find(finding["leads_to"].as_str().unwrap())?;
        }
        for pipeline in record["pipelines"].as_array().unwrap() {
            find(&format!(
                "pipeline  {}  {}",
                pipeline["name"].as_str().unwrap(),
                pipeline["mode"].as_str().unwrap()
            ))?;
        }
    }
    Ok(())
}

fn place(place: &Value) -> String {
    match place {
        Value::Null => String::new(),
        place => format!(" ({}:{}:{})", place["file"].as_str().unwrap(), place["line"], place["column"]),
    }
}

fn every_code_has_a_case(names: &[String]) -> Result<(), Failed> {
    let missing: Vec<&str> = CODES
        .into_iter()
        .filter(|code| !names.iter().any(|name| name.starts_with(code)))
        .collect();
    expect(missing.is_empty(), || format!("no case for {missing:?}"))
}

/// A copy of the case's files with a change in its document.
fn varied(case: &Path, from: &str, to: &str) -> Result<tempfile::TempDir, Failed> {
    let folder = tempfile::tempdir()?;
    for name in files(case) {
        let text = fs::read_to_string(case.join(&name))?;
        fs::write(folder.path().join(&name), text.replace(from, to))?;
    }
    Ok(folder)
}

/// A port that is taken and a file that cannot be made are found by running, not by explaining.
fn nothing_is_opened(case: &Path) -> Result<(), Failed> {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let port = format!("port: {}", taken.local_addr()?.port());
    let folder = varied(case, "port: 8080", &port)?;
    expect(shown(folder.path(), &[])?.contains("onramp gate/a"), || {
        "not explained".to_owned()
    })?;
    let file = "offramp:\n  - id: notes\n    type: file\n    config: {file: notes.jsonl}\n";
    let folder = varied(case, "offramp:\n", file)?;
    shown(folder.path(), &[])?;
    expect(!folder.path().join("notes.jsonl").exists(), || "the file was made".to_owned())
}

fn one_onramp_can_be_chosen(case: &Path) -> Result<(), Failed> {
    let folder = varied(case, "mapping:\n", "mapping:\n  /binding/main/b:\n    instance: b\n")?;
    let names = |more: &[&str]| -> Result<Vec<String>, Failed> {
        let records = records(folder.path(), more)?;
        Ok(records
            .iter()
            .map(|record| record["name"].as_str().unwrap().to_owned())
            .collect())
    };
    let both = names(&[])?;
    expect(both == ["gate/b", "gate/a"], || format!("{both:?}"))?;
    let by_id = names(&["--onramp", "gate"])?;
    expect(by_id == both, || format!("{by_id:?}"))?;
    let one = names(&["--onramp", "gate/a"])?;
    expect(one == ["gate/a"], || format!("{one:?}"))?;
    let (status, err) = refused(folder.path(), &["--onramp", "door"])?;
    expect(status == Some(1) && err.contains("gate/b, gate/a"), || {
        format!("{status:?} {err}")
    })
}

fn load_errors_end_with_status_1(case: &Path) -> Result<(), Failed> {
    let cases = [
        (
            "select event from in into out;",
            "select event frm in into out;",
            "back.trickle:1:14",
        ),
        ("port: 8080", "port: [8080]", "port"),
        ("type: rest", "type: tests", "tests"),
        ("/pipeline/route/{instance}/in", "/pipeline/rout/{instance}/in", "rout"),
        ("id: gate", "idd: gate", "idd"),
        ("mapping:\n  /binding/main/a:\n    instance: a\n", "", "deploy no onramp"),
    ];
    for (from, to, named) in cases {
        let folder = varied(case, from, to)?;
        let (status, err) = refused(folder.path(), &[])?;
        expect(status == Some(1) && err.contains(named), || {
            format!("`{to}`: {status:?}\n{err}")
        })?;
    }
    Ok(())
}

fn wrong_usage_ends_with_status_2(case: &Path) -> Result<(), Failed> {
    for more in [&["--compat", "0.10"][..], &["--nothing"]] {
        let (status, err) = refused(case, more)?;
        expect(status == Some(2), || format!("{more:?}: {status:?}\n{err}"))?;
    }
    let alone = Command::new(env!("CARGO_BIN_EXE_temblor"))
        .args(["explain", "--json", "route.trickle"])
        .current_dir(case)
        .output()?;
    expect(alone.status.code() == Some(2), || format!("{:?}", alone.status))
}

/// Findings stop nothing: the server runs, and says what it found.
fn findings_are_logged_at_deployment(case: &Path) -> Result<(), Failed> {
    let exit = "offramp:\n  - id: end\n    type: exit\n";
    let onramp = "onramp:\n  - id: clock\n    type: metronome\n    config: {interval: 1}\n";
    let links = "links:\n      \"/onramp/clock/{instance}/out\": [\"/pipeline/stop/{instance}/in\"]\n      \
                 \"/pipeline/stop/{instance}/out\": [\"/offramp/end/{instance}/in\"]\n";
    let folder = varied(case, "offramp:\n", exit)?;
    let document = folder.path().join("config.yaml");
    let free = temblor_testkit::free_port()?;
    let text = fs::read_to_string(&document)?
        .replace("onramp:\n", onramp)
        .replace("links:\n", links)
        .replace("port: 8080", &format!("port: {free}"));
    fs::write(&document, text)?;
    fs::write(folder.path().join("stop.trickle"), "select {\"exit\": 0} from in into out;\n")?;
    let output = Command::new(env!("CARGO_BIN_EXE_temblor"))
        .args(["server", "run", "-n", "-f"])
        .args(files(folder.path()))
        .current_dir(folder.path())
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null())
        .output()?;
    let err = String::from_utf8_lossy(&output.stderr);
    let has = |part: &str| {
        err.lines()
            .any(|line| line.contains("WARN") && line.contains("RP05") && line.contains(part))
    };
    expect(output.status.success(), || format!("{}\n{err}", output.status))?;
    expect(has("script tag can drop (route.trickle:4:18)") && has("filtered"), || {
        err.to_string()
    })
}
