//! Time and allocations of each work per event: as a script, beside it by hand, and with the feature `compare` in other languages.

use divan::{AllocProfiler, Bencher};
use mimalloc::MiMalloc;
use temblor_bench::work::{Who, works};

#[global_allocator]
static ALLOCATOR: AllocProfiler<MiMalloc> = AllocProfiler::new(MiMalloc);

fn main() {
    divan::main();
}

/// The names of the works that `who` can do.
fn able(who: Who) -> Vec<&'static str> {
    let works = works();
    let able = works.iter().filter(|work| work.engine(who).is_some());
    able.map(|work| work.name).collect()
}

fn run(bencher: Bencher<'_, '_>, name: &str, who: Who) {
    let work = works().into_iter().find(|work| work.name == name);
    if let Some(mut engine) = work.and_then(|work| work.engine(who)) {
        engine.bench(bencher);
    }
}

#[divan::bench(args = able(Who::Script), sample_size = 100)]
fn script(bencher: Bencher<'_, '_>, work: &str) {
    run(bencher, work, Who::Script);
}

#[divan::bench(args = able(Who::Hand), sample_size = 100)]
fn by_hand(bencher: Bencher<'_, '_>, work: &str) {
    run(bencher, work, Who::Hand);
}

#[cfg(feature = "compare")]
#[divan::bench(args = able(Who::Vrl), sample_size = 100)]
fn vrl(bencher: Bencher<'_, '_>, work: &str) {
    run(bencher, work, Who::Vrl);
}

#[cfg(feature = "compare")]
#[divan::bench(args = able(Who::Rhai), sample_size = 100)]
fn rhai(bencher: Bencher<'_, '_>, work: &str) {
    run(bencher, work, Who::Rhai);
}
