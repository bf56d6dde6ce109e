//! The pages of `docs/reference`, made from the tables in the source code.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};

use temblor_script::func::Registry;
use temblor_stdlib::{install, reference_markdown};
use temblor_syntax::codes::{ALL, Code};

/// Sections of the page of diagnostics: first letter of the codes, heading.
const STAGES: &[(char, &str)] = &[
    ('L', "Lexical errors"),
    ('D', "Dialects"),
    ('S', "Syntax"),
    ('M', "Modules"),
    ('N', "Names"),
    ('C', "Checks at load"),
    ('R', "Run time"),
    ('G', "Limits"),
    ('Q', "Queries"),
    ('W', "Warnings"),
];

/// Writes the pages.
pub(crate) fn write() -> Result<String, String> {
    let mut written = 0;
    for (path, text) in pages()? {
        if fs::read_to_string(&path).is_ok_and(|present| present == text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        written += 1;
    }
    Ok(format!("reference: {written} pages written"))
}

/// Fails if a page differs from what [`write()`] would make.
pub(crate) fn check() -> Result<String, String> {
    for (path, text) in pages()? {
        if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            return Err(format!("{} is out of date, run `cargo xtask gen-docs`", path.display()));
        }
    }
    Ok("reference: up to date".to_owned())
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn pages() -> Result<[(PathBuf, String); 2], String> {
    let mut registry = Registry::new();
    install(&mut registry);
    let mut diagnostics = String::new();
    write_diagnostics(&cases()?, &mut diagnostics).map_err(|error| error.to_string())?;
    let folder = root().join("docs/reference");
    Ok([
        (folder.join("functions.md"), reference_markdown(&registry)),
        (folder.join("diagnostics.md"), diagnostics),
    ])
}

/// A case of the tests: what was run and what it showed.
struct Case {
    /// Starts with the code.
    name: String,
    source: String,
    shown: String,
}

/// The cases of `crates/cli/tests/diagnostics`, by name.
fn cases() -> Result<Vec<Case>, String> {
    let folder = root().join("crates/cli/tests/diagnostics");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| error.to_string())?;
        let read = |name: &str| fs::read_to_string(entry.path().join(name)).ok();
        let source = read("source.tremor").or_else(|| read("query.trickle"));
        if let (Some(source), Some(shown)) = (source, read("expected.txt")) {
            found.push(Case {
                name: entry.file_name().to_string_lossy().into_owned(),
                source,
                shown,
            });
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn write_diagnostics(cases: &[Case], out: &mut String) -> fmt::Result {
    out.push_str(
        "# Errors and warnings\n\n\
         This page is made from the tables and the tests in the source code.\n\n\
         Each error or warning in a script or query has a code, which stands in brackets at the end of the first line of its report. A code keeps\n\
         its meaning for good. The examples show a text and what `temblor run` says about it.\n",
    );
    for (letter, heading) in STAGES {
        write!(out, "\n## {heading}\n")?;
        for code in ALL.iter().filter(|code| code.id().starts_with(*letter)) {
            let case = cases
                .iter()
                .find(|case| case.name.strip_prefix(code.id()).is_some_and(|rest| rest.starts_with('-')));
            write_code(*code, case, out)?;
        }
    }
    Ok(())
}

fn write_code(code: Code, case: Option<&Case>, out: &mut String) -> fmt::Result {
    write!(out, "\n### {}\n\n**{}** {}\n", code.id(), code.title(), code.explanation())?;
    if let Some(case) = case {
        block(&case.source, out)?;
        block(&case.shown, out)?;
    }
    Ok(())
}

fn block(text: &str, out: &mut String) -> fmt::Result {
    write!(out, "\n```text\n{}\n```\n", text.trim_end_matches('\n'))
}
