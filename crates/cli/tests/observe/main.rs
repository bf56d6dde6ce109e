//! What operators see from outside: the access log, metrics and the admin interface (spec/proxy.md 6.2 and 6.3, spec/runtime.md 6), over real sockets.

mod access;
mod admin;
mod bodies;
#[path = "../common/mod.rs"]
mod common;
mod gate;
mod numbers;
mod pages;
mod storage;
