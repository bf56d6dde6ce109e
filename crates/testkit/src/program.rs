//! Where the program is.

use std::env;
use std::io;
use std::path::PathBuf;

/// The program beside the folder of the example that runs.
///
/// # Errors
/// It was not built.
pub fn program_beside_examples() -> io::Result<PathBuf> {
    let own = env::current_exe()?;
    let folder = own.parent().and_then(|examples| examples.parent());
    let program = folder.map(|folder| folder.join("temblor")).unwrap_or_default();
    if program.exists() {
        Ok(program)
    } else {
        Err(io::Error::other(format!(
            "{} is not there; run `cargo build` first",
            program.display()
        )))
    }
}
