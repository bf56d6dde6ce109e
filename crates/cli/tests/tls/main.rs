//! TLS, PROXY headers and the number of connections, with the real program (spec/proxy.md 2.2, 2.13 and 2.14).
#![allow(clippy::unwrap_used)] // helpers of tests

mod clients;
mod connections;
mod pages;
mod proxies;
mod reload;
mod upstreams;
mod world;
