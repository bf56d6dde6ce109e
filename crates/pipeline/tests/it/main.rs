//! Whole queries with a virtual clock: times are arguments.
#![allow(clippy::unwrap_used, clippy::expect_used)]
// Queries are put together once per test.
#![allow(clippy::format_push_string)]

mod bench;
mod drain;
mod flow;
mod graph;
mod metrics;
mod operators;
mod refusals;
mod retry;
mod simulation;
mod wal;
mod windows;
mod windows_model;
