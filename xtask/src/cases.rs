//! Refreshes `conformance/` from a folder of given cases and says what changed. The cases are taken as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Copies every file of the suites below `from` to `conformance/`, removes what is no longer there.
pub(crate) fn take(from: &Path) -> Result<String, String> {
    let to = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance");
    let given = files(from)?;
    let present = if to.exists() { files(&to)? } else { BTreeMap::new() };
    let (mut added, mut changed, mut removed) = (0, 0, 0);
    for (name, content) in &given {
        match present.get(name) {
            Some(known) if known == content => continue,
            Some(_) => changed += 1,
            None => added += 1,
        }
        let target = to.join(name);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        fs::write(&target, content).map_err(|error| format!("{}: {error}", target.display()))?;
    }
    for name in present.keys().filter(|name| !given.contains_key(*name)) {
        fs::remove_file(to.join(name)).map_err(|error| format!("{}: {error}", name.display()))?;
        removed += 1;
    }
    Ok(format!("cases: {added} files added, {changed} changed, {removed} removed"))
}

/// Files of the suites (folders of folders) below a folder, by relative path.
fn files(root: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, String> {
    let mut found = BTreeMap::new();
    let mut todo = vec![root.to_path_buf()];
    while let Some(folder) = todo.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() {
                todo.push(path);
            } else if folder != root {
                let content = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                let name = path.strip_prefix(root).map_err(|error| error.to_string())?.to_path_buf();
                found.insert(name, content);
            }
        }
    }
    Ok(found)
}
