//! The admin interface (spec/runtime.md 6, spec/proxy.md 6.3): metrics, health, readiness, version.
//!
//! Runs on a thread of its own, so that who reads disturbs nobody who serves. Knows numbers and readiness only; no flow, no event.

mod address;
mod handler;
mod media;
mod readiness;
mod service;
mod token;

pub use address::{Address, AddressError};
pub use handler::Surface;
pub use readiness::{Readiness, Stage};
pub use service::Service;
pub use token::Token;
