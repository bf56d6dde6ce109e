//! Runs the examples of the documentation.
//!
//! In `docs/**/*.md` a block marked `tremor` (a script) or `trickle` (a query) is followed by two blocks marked `jsonl`: the events that go in
//! and exactly the lines that `temblor run` writes for them. Prose may stand between the three. Nothing may be written to standard error.
#![allow(clippy::unwrap_used)] // a test without the usual harness

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

/// A fenced block.
struct Block {
    /// The word behind the opening fence.
    kind: String,
    /// The line of the opening fence.
    line: usize,
    text: String,
}

fn main() {
    let args = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let mut trials = Vec::new();
    for page in pages(&root) {
        let name = page.strip_prefix(&root).unwrap().display().to_string();
        let mut blocks = blocks(&fs::read_to_string(&page).unwrap()).into_iter();
        while let Some(source) = blocks.next() {
            if !matches!(source.kind.as_str(), "tremor" | "trickle") {
                continue;
            }
            let (input, output) = (blocks.next(), blocks.next());
            let title = format!("{name}:{}", source.line);
            trials.push(Trial::test(title, move || check(&source, input.as_ref(), output.as_ref())));
        }
    }
    libtest_mimic::run(&args, trials).exit();
}

/// Pages below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(pages(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (line, number) in page.lines().zip(1..) {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, Some(kind)) => {
                open = Some(Block {
                    kind: kind.trim().to_owned(),
                    line: number,
                    text: String::new(),
                });
            }
            (None, None) => {}
        }
    }
    found
}

fn check(source: &Block, input: Option<&Block>, output: Option<&Block>) -> Result<(), Failed> {
    let lines = |block: Option<&Block>| block.filter(|block| block.kind == "jsonl").map(|block| block.text.clone());
    let (Some(input), Some(expected)) = (lines(input), lines(output)) else {
        return Err("two blocks marked `jsonl` must follow: events and what comes of them".into());
    };
    let folder = tempfile::tempdir()?;
    let file = format!("example.{}", source.kind);
    fs::write(folder.path().join(&file), &source.text)?;
    fs::write(folder.path().join("in.jsonl"), input)?;
    let ran = Command::new(env!("CARGO_BIN_EXE_temblor"))
        .args(["run", &file, "-i", "in.jsonl"])
        .current_dir(folder.path())
        .env("TEMBLOR_PATH", folder.path())
        .stdin(Stdio::null())
        .output()?;
    let shown = String::from_utf8_lossy(&ran.stdout);
    let errors = String::from_utf8_lossy(&ran.stderr);
    if !errors.is_empty() || shown != expected {
        return Err(format!("expected:\n{expected}\nshown:\n{shown}\n{errors}").into());
    }
    Ok(())
}
