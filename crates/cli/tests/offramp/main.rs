//! What stands between an event and its upstream, through the real program: the queue for slots (spec/proxy.md 4.9).

#![allow(clippy::unwrap_used)] // helpers of tests

mod queue;
mod world;
