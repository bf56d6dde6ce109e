//! The one place that prints for people: standard error.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr};
use std::process::ExitCode;

/// Prints a line on standard error; a closed standard error is nobody's loss.
pub(crate) fn say(text: &dyn Display) {
    let _ = writeln!(stderr().lock(), "{text}");
}

/// Prints an error and gives exit status 1.
pub(crate) fn fail(error: &dyn Display) -> ExitCode {
    say(error);
    ExitCode::FAILURE
}

/// Whether reports on standard error may be coloured.
pub(crate) fn is_coloured() -> bool {
    stderr().is_terminal()
}
