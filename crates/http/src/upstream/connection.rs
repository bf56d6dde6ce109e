//! One connection to an upstream.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use super::meters::OpenMark;
use super::{Endpoint, Proxy};
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
    /// It was asked for as a tunnel to the upstream, whatever lies between.
    is_tunnel: bool,
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
    /// `is_tunnel`: a proxy between, if there is one, has opened a tunnel though the endpoint alone does not ask for it.
    pub(crate) fn new(transport: Transport, endpoint: Endpoint, is_tunnel: bool, open: OpenMark) -> Connection {
        let now = Instant::now();
        Connection {
            peer: transport.peer(),
            wire: Wire::new(transport),
            is_tunnel: is_tunnel || endpoint.is_secure(),
            endpoint,
            opened: now,
            speaks_1_0: false,
            requests: 0,
            idle_since: now,
            idle_hint: None,
            _open: open,
        }
    }

    /// The proxy that reads what is sent.
    pub(crate) fn reader(&self) -> Option<&Proxy> {
        self.endpoint.proxy().filter(|_| !self.is_tunnel).map(|proxy| &**proxy)
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
