//! What an exchange tells of its way, for those who ask.

use std::net::SocketAddr;
use std::time::Duration;

use parking_lot::Mutex;

use crate::message::Version;

/// How far an exchange came; readable at any time, also after it failed.
#[derive(Debug, Default)]
pub struct Course(Mutex<Way>);

/// What is known of an exchange's way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The upstream's address, once there is a connection.
    pub address: Option<SocketAddr>,
    /// The protocol spoken, once that is known.
    pub version: Option<Version>,
    /// The connection had been used before.
    pub is_reused: bool,
    /// Time that resolving, connecting and the TLS handshake took; zero over a connection that was there.
    pub connecting: Duration,
}

impl Course {
    /// What is known by now.
    pub fn way(&self) -> Way {
        *self.0.lock()
    }

    pub(super) fn note(&self, way: Way) {
        *self.0.lock() = way;
    }
}
