//! Cases in folders whose output is compared with a file.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::Failed;

/// The folders in a folder, by name.
pub(crate) fn folders(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// The last part of a path.
pub(crate) fn name_of(case: &Path) -> String {
    case.file_name().unwrap().to_string_lossy().into_owned()
}

/// Compares what was shown with the case's `expected.txt`; with `TEMBLOR_BLESS` in the environment the file is written anew instead.
pub(crate) fn compare(case: &Path, shown: &str) -> Result<(), Failed> {
    let file = case.join("expected.txt");
    if std::env::var_os("TEMBLOR_BLESS").is_some() {
        fs::write(file, shown)?;
        return Ok(());
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if shown == expected {
        Ok(())
    } else {
        Err(format!("expected:\n{expected}\nshown:\n{shown}").into())
    }
}
