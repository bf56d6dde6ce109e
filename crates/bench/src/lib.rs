//! Micro benches (development only): what the language costs, beside the same work written by hand on the same values and, with the
//! feature `compare`, in other languages. [`works`](work::works) is the list of what is measured; benches and tests walk through it.
//!
//! `cargo bench -p temblor-bench` runs all benches, `crates/bench/compare` gives ratios. The end-to-end bench is in the repository's
//! folder `bench`.

#![allow(
    clippy::expect_used,
    reason = "a bench that cannot prepare its work has nothing to measure, and the tests of this crate show it"
)]

pub mod engine;
mod recipe;
pub mod work;
