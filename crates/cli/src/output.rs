//! The one place that prints: results on standard output, all else on standard error.

use std::fmt::{Display, Write as _};
use std::io::{ErrorKind, IsTerminal, Write, stderr, stdout};
use std::process::ExitCode;

/// Prints text on standard error and ends its last line if it did not; a closed standard error is nobody's loss.
pub(crate) fn say(text: &dyn Display) {
    let text = text.to_string();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let _ = write!(stderr().lock(), "{text}{end}");
}

/// Prints an error and gives exit status 1.
pub(crate) fn fail(error: &dyn Display) -> ExitCode {
    say(error);
    ExitCode::FAILURE
}

/// Prints a report on standard error, with the blank line at its end (spec/script.md 10.5); nothing if it is empty.
pub(crate) fn report(text: &str) {
    if !text.is_empty() {
        say(&text);
    }
}

/// Writes a result to standard output as it is. A reader that wants no more of it is no error.
pub(crate) fn print(text: &str) -> Result<(), String> {
    let mut out = stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("cannot write to standard output: {error}")),
        _ => Ok(()),
    }
}

/// A text with a number before each line (spec/runtime.md 7.3 and 7.4).
pub(crate) fn numbered(text: &str) -> String {
    let mut lines = String::with_capacity(text.len() * 2);
    for (line, number) in text.strip_suffix('\n').unwrap_or(text).split('\n').zip(1_u64..) {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{number:>5} | {line}");
    }
    lines
}

/// Whether reports on standard error may be coloured.
pub(crate) fn is_coloured() -> bool {
    stderr().is_terminal()
}

/// Whether results on standard output may be coloured.
pub(crate) fn is_output_coloured() -> bool {
    stdout().is_terminal()
}
