//! Developer chores: `cargo xtask check-arrows`, `cargo xtask gen-docs`, `cargo xtask take-cases FOLDER`.

mod arrows;
mod cases;
mod reference;

use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check-arrows"] => arrows::check(),
        ["gen-docs"] => reference::write(),
        ["gen-docs", "--check"] => reference::check(),
        ["take-cases", from] => cases::take(from.as_ref()),
        _ => Err("usage: cargo xtask check-arrows | gen-docs [--check] | take-cases FOLDER".to_owned()),
    };
    match result {
        Ok(report) => {
            say(&report);
            ExitCode::SUCCESS
        }
        Err(report) => {
            say(&report);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "a chore talks to the person who runs it")]
fn say(report: &str) {
    eprintln!("{report}");
}
