//! Time-outs of connections (`proxy.md` 2.3). `None` is no limit.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

const MINUTE: Option<Duration> = Some(Duration::from_mins(1));

/// Time-outs of a server connection.
#[derive(Clone, Debug)]
pub struct ServerTimeouts {
    /// PROXY header and TLS handshake together.
    pub handshake: Option<Duration>,
    /// First byte of a request to the end of its head.
    pub head: Option<Duration>,
    /// Between two reads of a request body.
    pub body: Option<Duration>,
    /// Idle between requests.
    pub keep_alive: Option<Duration>,
    /// The client takes no byte of an answer.
    pub write: Option<Duration>,
    /// Longest life of a connection, spread by ±10 %; then it ends as on drain.
    pub connection_age: Option<Duration>,
    /// No byte in either direction after a switch of protocols.
    pub tunnel: Option<Duration>,
}

impl ServerTimeouts {
    /// How long a connection that has had so many requests may be without one.
    pub(crate) fn idle_after(&self, requests: u64) -> Option<Duration> {
        if requests == 0 { self.head } else { self.keep_alive }
    }
}

impl Default for ServerTimeouts {
    fn default() -> Self {
        ServerTimeouts {
            handshake: Some(Duration::from_secs(10)),
            head: MINUTE,
            body: MINUTE,
            keep_alive: MINUTE,
            write: MINUTE,
            connection_age: None,
            tunnel: Some(Duration::from_hours(1)),
        }
    }
}

/// Time-outs of one attempt at an upstream.
#[derive(Clone, Debug)]
pub struct AttemptTimeouts {
    /// Name resolution and TCP together; the TLS handshake has the same time again.
    pub connect: Option<Duration>,
    /// Request sent to end of the response head.
    pub first_byte: Option<Duration>,
    /// Between two reads of the response body or two writes of the request body.
    pub idle: Option<Duration>,
    /// Start of the attempt to the end of the response body.
    pub total: Option<Duration>,
    /// The request's deadline (`proxy.md` 1.6), which bounds the attempt like `total`.
    pub deadline: Option<Instant>,
}

impl Default for AttemptTimeouts {
    fn default() -> Self {
        AttemptTimeouts {
            connect: MINUTE,
            first_byte: None,
            idle: None,
            total: None,
            deadline: None,
        }
    }
}

/// The earlier of two points in time, `None` being never.
pub(crate) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

/// What comes of it by then, `None` being never; nothing if it comes too late.
pub(crate) fn by<F: Future>(end: Option<Instant>, future: F) -> impl Future<Output = Option<F::Output>> {
    match end {
        Some(end) => timeout_at(end, future).map(Result::ok).left_future(),
        None => future.map(Some).right_future(),
    }
}

/// A point in time so long from now, `None` being never.
pub(crate) fn after(duration: Option<Duration>) -> Option<Instant> {
    duration.and_then(|duration| Instant::now().checked_add(duration))
}
