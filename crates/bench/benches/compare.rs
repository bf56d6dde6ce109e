//! Ratios between a script, the same work by hand, VRL and Rhai, as a table in Markdown: `crates/bench/compare`.
//!
//! In every round each engine runs a few batches, one engine after the other; a figure is the median of all rounds, and a ratio the
//! median of the ratios of single rounds, so that a machine that is busy for a while slows all sides alike. `--rounds N` sets the
//! number of rounds; further words choose works by a part of their name.

#![allow(clippy::print_stdout, reason = "the table is what this program is for")]
#![allow(clippy::panic, reason = "figures of engines that do different things would be wrong")]

use mimalloc::MiMalloc;
use temblor_bench::engine::Runner;
use temblor_bench::work::{Who, Work, works};

/// The allocator of the proxy, for all engines.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Rounds unless told otherwise.
const ROUNDS: usize = 41;

/// Batches of an engine in a round; the median of them is its figure of the round.
const BATCHES: usize = 5;

/// Runs in a batch: few enough that inputs and outputs stay in the cache.
const RUNS: usize = 100;

fn main() {
    let mut rounds = ROUNDS;
    let mut chosen = Vec::new();
    // `cargo bench` adds `--bench` of its own.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        if word == "--rounds" {
            rounds = words.next().and_then(|number| number.parse().ok()).unwrap_or(ROUNDS);
        } else {
            chosen.push(word);
        }
    }
    println!("| work | ns | allocations | to Rust by hand | to VRL | to Rhai |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for work in works() {
        if chosen.is_empty() || chosen.iter().any(|word| work.name.contains(word.as_str())) {
            println!("{}", row(&work, rounds));
        }
    }
}

/// Measures a work; its row of the table.
fn row(work: &Work, rounds: usize) -> String {
    let mut engines = Who::ALL.map(|who| checked(work, who));
    let mut figures = Who::ALL.map(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (engine, figures) in engines.iter_mut().zip(&mut figures) {
            if let Some(engine) = engine {
                figures.push(median((0..BATCHES).map(|_| nanoseconds(&mut **engine)).collect()));
            }
        }
    }
    let [script, others @ ..] = figures;
    let ratios = others.map(|other| match other.len() {
        0 => "–".to_owned(),
        _ => format!(
            "{:.2}",
            median(script.iter().zip(&other).map(|(ours, theirs)| ours / theirs).collect())
        ),
    });
    format!(
        "| {work} | {:.0} | {} | {} |",
        median(script),
        work.allocations,
        ratios.join(" | ")
    )
}

/// An engine that comes to the right outcome.
fn checked(work: &Work, who: Who) -> Option<Box<dyn Runner>> {
    let mut engine = work.engine(who)?;
    let outcome = engine.outcome();
    assert!(outcome == *work.expected(who), "{work}: {who:?} gives {outcome}");
    Some(engine)
}

/// Nanoseconds of one run in a batch.
fn nanoseconds(engine: &mut dyn Runner) -> f64 {
    engine.batch(RUNS).as_nanos() as f64 / RUNS as f64
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_unstable_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
