//! HTTP/2 on both sides, with the real program (spec/proxy.md 2.12).
#![allow(clippy::unwrap_used)] // helpers of tests

mod clients;
mod ends;
mod pages;
mod upstreams;
mod world;
