//! The corpus: malformed and smuggling requests, and the answers of upstreams of the same kind, over real sockets.
//!
//! `cases/*.txt` is the table (see `case.rs` for its form). Each case is played twice: sent at once, and byte by byte. The upstream records
//! all it gets, and a family of readers with other habits reads that too (`readings.rs`): what only some of them take for a request
//! would be smuggled. After each case a request of another client must get its own answer and arrive as the next one.
#![allow(clippy::unwrap_used)] // a test without the usual harness

mod case;
mod h2;
mod play;
mod readings;
mod world;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use case::{Case, read};
use libtest_mimic::{Arguments, Failed, Trial};
use play::{Pieces, play};
use world::World;

/// Worlds that no case uses at the moment.
type Worlds = Arc<parking_lot::Mutex<Vec<World>>>;

fn main() {
    let args = Arguments::from_args();
    let worlds = Worlds::default();
    let mut trials = vec![Trial::test("readers_disagree_where_they_should", || {
        readings::readers_disagree_where_they_should().map_err(Failed::from)
    })];
    for (name, text) in files() {
        for pieces in [Pieces::Whole, Pieces::Bytes] {
            let token = format!("{name}-{}-", pieces.name());
            let cases = read(&text, &token).unwrap_or_else(|error| panic!("{name}.txt: {error}"));
            trials.extend(cases.into_iter().map(|case| {
                let worlds = Arc::clone(&worlds);
                let title = format!("{name}: {} ({})", case.name, pieces.name());
                Trial::test(title, move || run(&case, pieces, &worlds))
            }));
        }
    }
    let conclusion = libtest_mimic::run(&args, trials);
    // Leaving the process drops nothing, and each world has a program that runs.
    worlds.lock().clear();
    conclusion.exit();
}

/// Names and texts of the files of cases.
fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/cases");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let of = |path: &Path| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    files.iter().map(|path| of(path)).collect()
}

fn run(case: &Case, pieces: Pieces, worlds: &Worlds) -> Result<(), Failed> {
    let present = worlds.lock().pop();
    let world = match present {
        Some(world) => world,
        None => World::new()?,
    };
    play(case, pieces, &world).map_err(|error| {
        let log = world.upstream.log();
        let bytes: Vec<_> = log.bytes.values().map(|bytes| case::show(bytes)).collect();
        format!(
            "{} ({})\n{error}\nthe upstream got: {bytes:#?}\nthe program wrote: {}",
            case.name,
            case.rule,
            world.proxy.stderr()
        )
    })?;
    // What a torn request left behind may still be on its way; the next case must not meet it.
    if !case.may_be_torn {
        world.upstream.forget();
        worlds.lock().push(world);
    }
    Ok(())
}
