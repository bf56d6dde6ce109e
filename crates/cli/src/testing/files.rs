//! Files of tests.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use temblor_codec::{Scratch, codec};
use temblor_value::{Value, json};

/// Files and folders of a folder, by path. Links to folders count as files, so that no walk goes round in circles.
fn entries(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), String> {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let is_folder = entry.file_type().map_err(failed)?.is_dir();
        if is_folder { &mut folders } else { &mut files }.push(entry.path());
    }
    files.sort();
    folders.sort();
    Ok((files, folders))
}

/// Files of this name in any case, at any depth.
pub(super) fn files_named(folder: &Path, name: &str) -> Result<Vec<PathBuf>, String> {
    let (files, folders) = entries(folder)?;
    let is_named = |file: &PathBuf| file.file_name().is_some_and(|it| it.eq_ignore_ascii_case(name));
    let mut found: Vec<PathBuf> = files.into_iter().filter(is_named).collect();
    for folder in folders {
        found.extend(files_named(&folder, name)?);
    }
    Ok(found)
}

/// All folders below a folder, at any depth.
pub(super) fn folders_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for folder in entries(folder)?.1 {
        let below = folders_below(&folder)?;
        found.push(folder);
        found.extend(below);
    }
    Ok(found)
}

/// Files that stand directly in a folder.
pub(super) fn files_in(folder: &Path) -> Result<Vec<PathBuf>, String> {
    Ok(entries(folder)?.0)
}

pub(super) fn read_text(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

pub(super) fn read_json(file: &Path) -> Result<Value, String> {
    json::from_str(&read_text(file)?).map_err(|error| format!("{}: {error}", file.display()))
}

pub(super) fn read_yaml(file: &Path) -> Result<Value, String> {
    let text = Bytes::from(read_text(file)?);
    let yaml = codec("yaml").ok_or("there is no YAML codec")?;
    match yaml.decode(text, &mut Scratch::default(), &mut 0) {
        Ok(value) => Ok(value.unwrap_or(Value::Null)),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

/// The text in a field; `what` names the record.
pub(super) fn text<'v>(record: &'v Value, key: &str, what: &str) -> Result<&'v str, String> {
    let value = record.get(key).and_then(Value::as_str);
    value.ok_or_else(|| format!("{what}: `{key}` must be a text"))
}

/// The list in a field.
pub(super) fn list<'v>(record: &'v Value, key: &str, what: &str) -> Result<&'v [Value], String> {
    let value = record.get(key).and_then(Value::as_array);
    value.ok_or_else(|| format!("{what}: `{key}` must be a list"))
}

/// The texts in a field; none if it is missing.
pub(super) fn texts(record: &Value, key: &str, what: &str) -> Result<Vec<String>, String> {
    match record.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(_) => list(record, key, what)?
            .iter()
            .map(|value| scalar_text(value).ok_or_else(|| format!("{what}: `{key}` must be a list of texts")))
            .collect(),
    }
}

/// A scalar as its text: YAML files write ports and times without quotes.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Str(text) => Some(text.as_str().to_owned()),
        Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) => Some(json::to_string(value)),
        Value::Null | Value::Bytes(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
