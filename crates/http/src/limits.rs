//! Limits of connections and messages (`proxy.md` 2.2). Sizes in bytes.

use std::num::NonZeroUsize;

use crate::error::{Refusal, RefusalReason};

/// Limits of a server connection.
#[derive(Clone, Debug)]
pub struct ServerLimits {
    /// Connections at the same time; beyond that none are accepted.
    pub connections: Option<NonZeroUsize>,
    /// Longest request target; more is answered 414.
    pub target: usize,
    /// Request line and fields together, line ends included; more is answered 431.
    pub head: usize,
    /// Number of fields; more is answered 431.
    pub headers: usize,
    /// Largest request body, `None` for no limit; more is answered 413.
    pub body: Option<u64>,
    /// Trailer fields of a chunked body; more is answered 431.
    pub trailers: usize,
    /// Requests after which a connection is closed.
    pub requests_per_connection: Option<u64>,
    /// Connections switched to another protocol, over all of a server; more is answered 503.
    pub tunnels: Option<u64>,
}

impl ServerLimits {
    /// The refusal of a body that is announced as too large.
    pub(crate) fn refusal_of_body(&self, announced: Option<u64>) -> Option<Refusal> {
        let is_excess = announced? > self.body?;
        is_excess.then(|| Refusal::new(RefusalReason::BodyTooLarge, "content-length above the limit"))
    }

    /// Is a connection over after so many requests?
    pub(crate) fn is_used_up(&self, requests: u64) -> bool {
        self.requests_per_connection.is_some_and(|limit| requests >= limit)
    }
}

impl Default for ServerLimits {
    fn default() -> Self {
        ServerLimits {
            connections: None,
            target: 16 << 10,
            head: 64 << 10,
            headers: 128,
            body: None,
            trailers: 8 << 10,
            requests_per_connection: None,
            tunnels: None,
        }
    }
}

/// Limits of responses taken from an upstream; more is outcome `protocol`.
#[derive(Clone, Debug)]
pub struct ClientLimits {
    /// Status line and fields together, line ends included.
    pub head: usize,
    /// Number of fields.
    pub headers: usize,
    /// Trailer fields of a chunked body.
    pub trailers: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        ClientLimits {
            head: 64 << 10,
            headers: 256,
            trailers: 8 << 10,
        }
    }
}
