//! What operators see from outside: metrics and the admin interface (spec/proxy.md 6.3, spec/runtime.md 6), over real sockets.

mod admin;
#[path = "../common/mod.rs"]
mod common;
mod numbers;
