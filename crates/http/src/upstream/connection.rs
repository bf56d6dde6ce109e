//! One connection to an upstream.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::Endpoint;
use super::meters::OpenMark;
use crate::h1::Wire;
use crate::transport::Transport;

/// A connection and what decides on its further use.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) wire: Wire,
    pub(crate) endpoint: Endpoint,
    /// The other side's address.
    pub(crate) peer: Option<SocketAddr>,
    opened: Instant,
    /// The upstream has answered as HTTP/1.0.
    pub(crate) speaks_1_0: bool,
    /// Requests begun on it.
    pub(crate) requests: u64,
    /// When it became idle.
    pub(crate) idle_since: Instant,
    /// How long the upstream says it keeps it.
    pub(crate) idle_hint: Option<Duration>,
    _open: OpenMark,
}

impl Connection {
    pub(crate) fn new(transport: Transport, endpoint: Endpoint, open: OpenMark) -> Connection {
        let now = Instant::now();
        Connection {
            peer: transport.peer(),
            wire: Wire::new(transport),
            endpoint,
            opened: now,
            speaks_1_0: false,
            requests: 0,
            idle_since: now,
            idle_hint: None,
            _open: open,
        }
    }

    /// Time since it was opened.
    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.opened)
    }

    /// Is there neither input nor an end of the stream? Never blocks. An idle upstream has nothing to say, so anything it
    /// says makes the connection unusable.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.wire.is_quiet()
    }
}
