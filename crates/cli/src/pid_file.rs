//! The file with the process's number (spec/runtime.md 8.6).

use std::fs;
use std::path::Path;

fn line() -> String {
    format!("{}\n", std::process::id())
}

/// Writes the number.
///
/// # Errors
/// The text for the user.
pub(crate) fn write(file: &Path) -> Result<(), String> {
    fs::write(file, line()).map_err(|error| format!("Failed to create pid file `{}`: {error}", file.display()))
}

/// Removes the file, unless another process has taken over and written its own number.
pub(crate) fn remove(file: &Path) {
    if fs::read_to_string(file).is_ok_and(|present| present == line()) {
        // Somebody may have removed it already.
        let _ = fs::remove_file(file);
    }
}
