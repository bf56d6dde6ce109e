//! One of three upstreams breaks under load and comes back: killed, stalled, answering 500.
//!
//! `cargo build --release && cargo run -p temblor-testkit --release --example failure_load -- [RATE [SECONDS [PROGRAM]]]`; 5,000 requests a second, 8
//! seconds before, during and after each fault. The program is the one beside this example's folder unless given. Ends with status 1 if a request failed
//! because an upstream was killed.
#![allow(clippy::print_stdout)] // the report is what this is for

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use temblor_testkit::{FailureLoad, Fault, program_beside_examples};

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    let mut number = || arguments.next().and_then(|text| text.parse::<u32>().ok());
    let rate = number().unwrap_or(5_000).max(1);
    let seconds = number().unwrap_or(8).max(3);
    let program = match arguments.next() {
        Some(path) => PathBuf::from(path),
        None => program_beside_examples()?,
    };
    let load = FailureLoad {
        program,
        rate,
        connections: (rate / 5).max(1),
        phase: Duration::from_secs(seconds.into()),
    };
    let mut is_clean = true;
    for (name, fault) in [
        ("killed", Fault::Killed),
        ("stalled", Fault::Stalled),
        ("answers 500", Fault::Failing),
    ] {
        let report = load.run(fault)?;
        println!("-- {name}, {rate} requests/s\n{report}\n");
        is_clean &= fault != Fault::Killed || report.failed() == 0;
    }
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
