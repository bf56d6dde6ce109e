//! Taking the place of a running process without losing a connection (spec/proxy.md 2.17).
//!
//! The process that runs listens at a Unix socket ([`giver`]). One that starts asks there ([`taker`]), gets the listening sockets, deploys, says
//! so, and only when it hears that the other one drains does it accept its first connection. Whatever fails before leaves the running
//! process as it was; connections wait in the sockets' own queue meanwhile.
//!
//! What is said, one line each ([`wire`]):
//!
//! | from | line | meaning |
//! | --- | --- | --- |
//! | new | `temblor handover 1` | asks |
//! | old | `socket`, with a descriptor | a listening socket, as often as there are some |
//! | old | `end` | these were all |
//! | new | `deployed` | everything is deployed |
//! | old | `draining` | the place is free |
//!
//! Both make sure that the other one belongs to the same user. Nothing here knows what is deployed.

mod giver;
mod taker;
mod wire;

pub(crate) use giver::{Giver, Prepared};
pub(crate) use taker::ask;

/// Why a take-over failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandoverError {
    /// The socket cannot be made or used.
    #[error("{path}: {error}")]
    Socket {
        /// The path given.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The other process belongs to somebody else.
    #[error("{path}: the process there belongs to another user")]
    Foreign {
        /// The path given.
        path: String,
    },
    /// Something else than expected was said.
    #[error("{path}: the process there answers {line:?}")]
    Answer {
        /// The path given.
        path: String,
        /// What it said.
        line: String,
    },
}
