//! Engines: ways to do a [`Work`](crate::work::Work), each prepared once and fed with inputs in its own natural form.
//!
//! Making an input and dropping input and output are never part of what is measured.

mod hand;
#[cfg(feature = "compare")]
mod rhai;
mod script;
#[cfg(feature = "compare")]
mod vrl;

use std::hint::black_box;
use std::time::{Duration, Instant};

use divan::Bencher;
use serde_json::Value as Json;

pub use self::hand::Hand;
#[cfg(feature = "compare")]
pub use self::rhai::Rhai;
pub use self::script::{Message, Script};
#[cfg(feature = "compare")]
pub use self::vrl::Vrl;

/// What happens to the outcome of a work: which part of it is compared between engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The value that the program gives.
    Value,
    /// The event as the program leaves it.
    Event,
    /// Event and metadata as the program leaves them, in an array.
    Both,
}

/// A program, compiled.
pub trait Engine {
    /// An event.
    type Input;
    /// What the program gives.
    type Output;

    /// Makes fresh events that share nothing with each other.
    fn source(&self) -> impl Fn() -> Self::Input + 'static;

    /// Runs the program on an event.
    fn run(&mut self, input: &mut Self::Input) -> Self::Output;

    /// The outcome as JSON.
    fn outcome(&self, input: Self::Input, output: Self::Output) -> Json;
}

/// An [`Engine`] of any kind.
pub trait Runner {
    /// The outcome of one run.
    fn outcome(&mut self) -> Json;

    /// Runs once, under `measure`.
    fn once(&mut self, measure: &mut dyn FnMut(&mut dyn FnMut()));

    /// The time that `size` runs take.
    fn batch(&mut self, size: usize) -> Duration;

    /// Runs under `divan`.
    fn bench(&mut self, bencher: Bencher<'_, '_>);
}

impl<E: Engine> Runner for E {
    fn outcome(&mut self) -> Json {
        let mut input = self.source()();
        let output = self.run(&mut input);
        Engine::outcome(self, input, output)
    }

    fn once(&mut self, measure: &mut dyn FnMut(&mut dyn FnMut())) {
        let mut input = self.source()();
        let mut output = None;
        measure(&mut || output = Some(self.run(&mut input)));
    }

    fn batch(&mut self, size: usize) -> Duration {
        let source = self.source();
        let mut inputs: Vec<_> = std::iter::repeat_with(source).take(size).collect();
        let mut outputs = Vec::with_capacity(size);
        let start = Instant::now();
        for input in &mut inputs {
            outputs.push(self.run(black_box(input)));
        }
        let taken = start.elapsed();
        black_box((inputs, outputs));
        taken
    }

    fn bench(&mut self, bencher: Bencher<'_, '_>) {
        let source = self.source();
        bencher.with_inputs(source).bench_local_refs(|input| self.run(input));
    }
}
