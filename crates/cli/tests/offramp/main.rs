//! What stands between an event and its upstream, through the real program: the queue for slots and
//! health checks (spec/proxy.md 4.9 and 4.10).

#![allow(clippy::unwrap_used)] // helpers of tests

mod expose;
mod health;
mod queue;
mod world;
