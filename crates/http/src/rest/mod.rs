//! The `rest` onramp and offramp: between HTTP messages and events.
//!
//! Only this part of the crate knows events and flows; the engine below it does not.

mod bodies;
pub mod body;
mod headers;
pub mod meta;
pub mod offramp;
pub mod onramp;
mod permit;
mod replay;
mod settings;
mod tls_settings;
mod watch;
