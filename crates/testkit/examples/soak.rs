//! Long test of the recipe: many clients while one upstream is killed and started again every few seconds.
//!
//! `cargo build && cargo run -p temblor-testkit --example soak -- SECONDS [PROGRAM]`. The program is the one beside this example's
//! folder unless given. Ends with status 1 if a request was not answered or got somebody else's answer.
#![allow(clippy::print_stdout)] // the summary is what this is for

use std::env;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::scope;
use std::time::Duration;

use temblor_testkit::{Deployment, FaultyUpstream, Load, Recipe, Summary, free_port, program_beside_examples};

const CLIENTS: usize = 200;
/// Slots per upstream: two must carry all clients while the third is down.
const SLOTS: usize = CLIENTS;
/// Between a kill and the start, and between the start and the next kill.
const INTERVAL: Duration = Duration::from_millis(2500);
/// Between two looks at the memory.
const SLICE: Duration = Duration::from_secs(10);

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    let seconds = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    let program = match arguments.next() {
        Some(path) => PathBuf::from(path),
        None => program_beside_examples()?,
    };
    let [first, second, mut third] = [FaultyUpstream::echo()?, FaultyUpstream::echo()?, FaultyUpstream::echo()?];
    for upstream in [&first, &second, &third] {
        upstream.keep_requests(false);
    }
    let recipe = Recipe::new(free_port()?, [first.port(), second.port(), third.port()]).concurrency(SLOTS);
    let deployment = Deployment::start(program, &recipe)?;
    let load = |time, clients| Load {
        port: deployment.port(),
        clients,
        time,
        requests: usize::MAX,
    };
    // Memory is compared after the same number of clients has been there once.
    let warm_up = load(Duration::from_secs(2), CLIENTS).run()?;
    let mut memory = vec![deployment.resident_kib()?];
    let summary = killing(&mut third, || {
        let mut summary = Summary::default();
        for slice in slices(seconds) {
            summary.add(load(slice, CLIENTS).run()?);
            memory.push(deployment.resident_kib()?);
        }
        Ok(summary)
    })?;
    println!("{summary}");
    println!("upstreams   {} {} {}", first.count(), second.count(), third.count());
    println!("memory      {memory:?} KiB, before and every {} seconds", SLICE.as_secs());
    let is_clean = summary.is_clean() && warm_up.is_clean();
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The whole time in parts after which memory is looked at; clients connect anew for each.
fn slices(seconds: u64) -> impl Iterator<Item = Duration> {
    let mut left = Duration::from_secs(seconds);
    std::iter::from_fn(move || {
        let slice = left.min(SLICE);
        left -= slice;
        (!slice.is_zero()).then_some(slice)
    })
}

/// Runs `work` while an upstream comes and goes.
fn killing(upstream: &mut FaultyUpstream, work: impl FnOnce() -> io::Result<Summary>) -> io::Result<Summary> {
    let (done, is_done) = channel::<()>();
    scope(|scope| {
        let killer = scope.spawn(move || {
            let goes_on = || is_done.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout);
            while goes_on() {
                upstream.stop();
                let ends = !goes_on();
                upstream.restart()?;
                if ends {
                    break;
                }
            }
            Ok(())
        });
        let summary = work();
        drop(done);
        killer
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the killer panicked")))?;
        summary
    })
}
