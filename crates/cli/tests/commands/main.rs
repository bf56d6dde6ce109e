//! The commands that look into scripts and queries, and the test runner, driven through the binary (spec/runtime.md 7 and 12).
#![allow(clippy::unwrap_used)] // helpers of tests

mod folder;
mod options;
mod runner;
mod sources;
