//! The server's side of HTTP, as handlers see it: requests, their bodies, answers. Which protocol a client speaks shows in nothing but a
//! head's version; the engines behind it are [`crate::h1`] and [`crate::h2`].

mod answer;
mod body;
mod drain;
mod exchange;
mod incoming;
mod place;

use std::time::Duration;

use tokio::time::Instant;

pub use answer::{Answer, Response, Switch};
pub use body::RequestBody;
pub(crate) use drain::{BETWEEN_REQUESTS, DrainWatch};
pub use drain::{Drain, DrainTrigger, drain};
pub(crate) use exchange::Exchange;
pub use exchange::Finished;
pub(crate) use incoming::PREFACE;
pub use incoming::{Incoming, serve};
pub(crate) use place::{BodyRules, Channel, Place};

use crate::connection::ConnectionInfo;
use crate::error::Refusal;
use crate::limits::ServerLimits;
use crate::message::RequestHead;
use crate::timeouts::{ServerTimeouts, after};

/// Settings of server connections.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Limits of requests.
    pub limits: ServerLimits,
    /// Time-outs of connections.
    pub timeouts: ServerTimeouts,
    /// Is a client that ended its sending direction still there (`proxy.md` 1.6)?
    pub half_close: bool,
    /// The `server` field of own answers, empty for none.
    pub server_header: String,
    /// Are interim responses of upstreams passed on (`proxy.md` 2.7)?
    pub early_hints: bool,
    /// Names in lower case that a `Connection` field must not nominate, beside the fixed ones: the configured request-id and
    /// trace fields (`proxy.md` 2.1).
    pub protected_fields: Vec<String>,
    /// HTTP/2.
    pub http2: Http2Settings,
}

/// HTTP/2 towards clients (`proxy.md` 2.12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http2Settings {
    /// Is a connection without TLS taken that begins with HTTP/2's preface?
    pub cleartext: bool,
    /// Streams open at the same time.
    pub max_streams: u32,
    /// Bytes of one request's body that may be under way, below 2^31.
    pub stream_window: u32,
    /// Bytes of all requests' bodies of a connection that may be under way, below 2^31.
    pub connection_window: u32,
    /// May streams ask for another protocol by extended CONNECT (RFC 8441)? Such a request shows as a GET with `connection: upgrade` and
    /// `upgrade`, and may be answered with [`Answer::Switch`].
    pub extended_connect: bool,
    /// Between two pings; one without answer ends the connection. `None`: no pings.
    pub ping: Option<Duration>,
}

impl Default for Http2Settings {
    fn default() -> Self {
        Http2Settings {
            cleartext: false,
            max_streams: 128,
            stream_window: 64 << 10,
            connection_window: 1 << 20,
            extended_connect: false,
            ping: None,
        }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            limits: ServerLimits::default(),
            timeouts: ServerTimeouts::default(),
            half_close: false,
            server_header: "Tremor".to_owned(),
            early_hints: true,
            protected_fields: Vec::new(),
            http2: Http2Settings::default(),
        }
    }
}

/// A request being handled.
#[derive(Debug)]
pub struct Request<'a> {
    /// The head.
    pub head: RequestHead,
    /// The body, not yet read.
    pub body: RequestBody<'a>,
    /// The connection.
    pub connection: &'a ConnectionInfo,
    /// When the head was complete; deadlines count from here (`proxy.md` 1.6).
    pub received: Instant,
}

/// Handles the requests of connections.
pub trait Handler: Send + Sync {
    /// What the handler keeps of an exchange until that has ended.
    type Notes: Default + Send;

    /// A well-formed head has arrived; nothing was done about it yet. What does not come so far has the default notes.
    fn begin(&self, _head: &RequestHead, _connection: &ConnectionInfo) -> Self::Notes {
        Self::Notes::default()
    }

    /// Answers one request. Over HTTP/1.1 the connection waits, over HTTP/2 the stream does; a client that goes meanwhile is noticed only
    /// by [`RequestBody::client_gone`].
    fn handle(&self, request: Request<'_>, notes: &mut Self::Notes) -> impl Future<Output = Answer> + Send;

    /// Decides what a refused request gets (setting `answers`); over HTTP/1.1 the connection closes in any case, over HTTP/2 the stream
    /// ends. Called for every refusal, also for those a handler returned, so it is the place to count them.
    fn refuse(&self, refusal: &Refusal, _notes: &mut Self::Notes) -> Answer {
        Answer::Refuse(*refusal)
    }

    /// An exchange has ended: its answer was sent, or cannot be; a tunnel is closed.
    fn end(&self, _notes: Self::Notes, _connection: &ConnectionInfo, _finished: &Finished) {}
}

/// When a connection has lived long enough.
pub(crate) fn end_of_life(config: &ServerConfig, info: &ConnectionInfo) -> Option<Instant> {
    after(spread(config.timeouts.connection_age, info.peer.port()))
}

/// The lifetime spread by ±10 %, so that connections opened together do not all end together. The client's port serves as
/// the source of chance.
fn spread(age: Option<Duration>, port: u16) -> Option<Duration> {
    age.map(|age| age.mul_f64(0.9 + f64::from(port % 101) * 0.002))
}
