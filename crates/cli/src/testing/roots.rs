//! Test roots: folders with a file `meta.json` (spec/runtime.md 7.7.1).

use std::path::{Path, PathBuf};

use temblor_value::Value;

use super::Kind;
use super::files::{files_named, read_json};

/// What a root holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RootKind {
    /// Nothing by itself; asks for tests with the tag `all` from here on.
    All,
    Of(Kind),
}

/// A test root.
#[derive(Debug)]
pub(super) struct Root {
    pub(super) folder: PathBuf,
    pub(super) kind: RootKind,
    /// Pattern for the folders of integration tests and benches.
    pub(super) includes: String,
}

/// All roots below a folder, by path.
pub(super) fn find(top: &Path) -> Result<Vec<Root>, String> {
    files_named(top, "meta.json")?.iter().map(|file| read(file)).collect()
}

fn read(file: &Path) -> Result<Root, String> {
    let meta = read_json(file)?;
    let text = |key: &str| {
        let value = meta.get(key).and_then(Value::as_str);
        value.ok_or_else(|| format!("{}: `{key}` must be a text", file.display()))
    };
    let kind = match text("kind")? {
        "All" => RootKind::All,
        "Bench" => RootKind::Of(Kind::Bench),
        "Integration" => RootKind::Of(Kind::Integration),
        "Command" => RootKind::Of(Kind::Command),
        "Unit" => RootKind::Of(Kind::Unit),
        other => {
            let file = file.display();
            return Err(format!(
                "{file}: unknown kind `{other}`, known are Bench, Integration, Command, Unit, All"
            ));
        }
    };
    Ok(Root {
        folder: file.parent().unwrap_or(Path::new("")).to_owned(),
        kind,
        includes: text("includes")?.to_owned(),
    })
}
