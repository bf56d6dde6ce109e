//! What stands between an event and its upstream, through the real program: queue, health, `$upstream`, connections in advance
//! (spec/proxy.md 2.11, 4.9 and 4.10).

#![allow(clippy::unwrap_used)] // helpers of tests

mod expose;
mod health;
mod outcomes;
mod proxies;
mod queue;
mod replay;
mod warm;
mod world;
