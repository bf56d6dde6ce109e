//! Long test of the log on disk: the program is killed again and again under load.
//!
//! `cargo build && cargo run -p temblor-testkit --example kill_loop -- [ROUNDS [SEED [PROGRAM]]]`; 300 rounds unless given. The program is the
//! one beside this example's folder unless given. Ends with status 1 if an accepted event was lost, order was not kept, or the program
//! wrote of errors.
#![allow(clippy::print_stdout)] // the summary is what this is for

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use temblor_testkit::{KillLoop, program_beside_examples};

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    let mut number = || arguments.next().and_then(|text| text.parse().ok());
    let rounds = number().unwrap_or(300);
    let seed = number().unwrap_or(1);
    let program = match arguments.next() {
        Some(path) => PathBuf::from(path),
        None => program_beside_examples()?,
    };
    println!("seed              {seed}");
    let kill_loop = KillLoop {
        program,
        rounds: rounds as u32,
        clients: 4,
        seed,
    };
    let summary = kill_loop.run()?;
    println!("{summary}");
    Ok(if summary.is_clean() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
