//! Atomics of operators that workers share; under `--cfg loom` those of the model checker (`crates/pipeline/tests/loom.rs`).

#[cfg(loom)]
pub(crate) use loom::sync::atomic;
#[cfg(not(loom))]
pub(crate) use std::sync::atomic;
