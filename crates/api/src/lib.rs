//! The admin interface (spec/runtime.md 6, spec/proxy.md 6.3): metrics, health, readiness, version, bindings.
//!
//! Runs on a thread of its own, so that who reads disturbs nobody who serves. Knows numbers, readiness and what [`Bindings`] tells; no flow, no event.

mod address;
mod bindings;
mod handler;
mod host;
mod media;
mod readiness;
mod service;
mod token;

pub use address::{Address, AddressError};
pub use bindings::{Bindings, BindingsCell, Form, Pending, Refused};
pub use handler::Surface;
pub use readiness::{Readiness, Stage};
pub use service::Service;
pub use token::Token;
