//! Errors of the engine: refusals of requests, broken bodies, failed attempts.

use std::io;

use thiserror::Error;

use crate::body::Broken;
use crate::message::Status;

/// Why a request was refused (`proxy.md` 1.3, last rows but one; 2.1 to 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalReason {
    /// Malformed head or framing.
    BadRequest,
    /// The head did not arrive in time.
    HeadTimeout,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The body is larger than allowed.
    BodyTooLarge,
    /// The target is longer than allowed.
    UriTooLong,
    /// Head or trailers are larger than allowed.
    HeadTooLarge,
    /// An `Expect` other than `100-continue`.
    Expectation,
    /// CONNECT, or a transfer coding other than `chunked`.
    NotImplemented,
    /// Not HTTP/1.
    Version,
    /// The host is another certificate's, whose clients have to show what this one did not.
    Misdirected,
}

impl RefusalReason {
    /// All of them.
    pub const ALL: [RefusalReason; 10] = [
        RefusalReason::BadRequest,
        RefusalReason::HeadTimeout,
        RefusalReason::BodyTimeout,
        RefusalReason::BodyTooLarge,
        RefusalReason::UriTooLong,
        RefusalReason::HeadTooLarge,
        RefusalReason::Expectation,
        RefusalReason::NotImplemented,
        RefusalReason::Version,
        RefusalReason::Misdirected,
    ];

    /// The reason's name in answers, metrics and the `answers` setting.
    pub const fn name(self) -> &'static str {
        match self {
            RefusalReason::BadRequest => "bad_request",
            RefusalReason::HeadTimeout => "head_timeout",
            RefusalReason::BodyTimeout => "body_timeout",
            RefusalReason::BodyTooLarge => "body_too_large",
            RefusalReason::UriTooLong => "uri_too_long",
            RefusalReason::HeadTooLarge => "head_too_large",
            RefusalReason::Expectation => "expectation",
            RefusalReason::NotImplemented => "not_implemented",
            RefusalReason::Version => "version",
            RefusalReason::Misdirected => "misdirected",
        }
    }

    /// The fixed text of the own answer.
    pub const fn text(self) -> &'static str {
        match self {
            RefusalReason::BadRequest => "the request is malformed",
            RefusalReason::HeadTimeout => "the request head took too long",
            RefusalReason::BodyTimeout => "the request body took too long",
            RefusalReason::BodyTooLarge => "the request body is too large",
            RefusalReason::UriTooLong => "the request target is too long",
            RefusalReason::HeadTooLarge => "the request head is too large",
            RefusalReason::Expectation => "the expectation is not supported",
            RefusalReason::NotImplemented => "the method or transfer coding is not supported",
            RefusalReason::Version => "the protocol version is not supported",
            RefusalReason::Misdirected => "the host is not served on this connection",
        }
    }

    /// The status of the own answer, unless `answers` sets another.
    pub const fn status(self) -> Status {
        Status::known(match self {
            RefusalReason::BadRequest => 400,
            RefusalReason::HeadTimeout | RefusalReason::BodyTimeout => 408,
            RefusalReason::BodyTooLarge => 413,
            RefusalReason::UriTooLong => 414,
            RefusalReason::HeadTooLarge => 431,
            RefusalReason::Expectation => 417,
            RefusalReason::NotImplemented => 501,
            RefusalReason::Version => 505,
            RefusalReason::Misdirected => 421,
        })
    }
}

/// A refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{}: {detail}", reason.name())]
pub struct Refusal {
    /// The reason.
    pub reason: RefusalReason,
    /// What exactly is wrong, for logs; never sent.
    pub detail: &'static str,
}

impl Refusal {
    pub(crate) const fn new(reason: RefusalReason, detail: &'static str) -> Refusal {
        Refusal { reason, detail }
    }

    pub(crate) const fn bad(detail: &'static str) -> Refusal {
        Refusal::new(RefusalReason::BadRequest, detail)
    }
}

/// Why a request body could not be read.
#[derive(Debug, Error)]
pub enum BodyError {
    /// The request must be refused: [`crate::server::Answer::Refuse`].
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The client is gone; nobody reads an answer.
    #[error("client gone")]
    Gone,
    /// The process holds as much of bodies as it may (`proxy.md` 7, `memory.buffers`).
    #[error("no memory is left for the body")]
    NoRoom,
}

/// Kinds of failed attempts, by the outcomes of `proxy.md` 2.15.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UpstreamErrorKind {
    /// The name could not be resolved.
    Dns,
    /// No address took the connection.
    Connect,
    /// Resolution and connecting took too long.
    ConnectTimeout,
    /// The TLS handshake failed, or the upstream is not who it should be.
    Tls,
    /// The connection was lost before a complete response head.
    Reset,
    /// An unacceptable response head or framing.
    Protocol,
    /// `first_byte`, `idle`, `total` or the deadline struck.
    Timeout,
    /// The response body broke off.
    Truncated,
    /// The response body is larger than the buffer limit.
    TooLarge,
    /// The body of the request broke off, so the attempt was given up.
    RequestBody,
    /// The upstream says that it has not looked at the request (HTTP/2: `REFUSED_STREAM`, or above the last id of GOAWAY).
    Refused,
    /// The request has no form in the protocol that the upstream speaks.
    Build,
}

impl UpstreamErrorKind {
    /// The outcome's name.
    pub const fn outcome(self) -> &'static str {
        match self {
            UpstreamErrorKind::Dns => "dns",
            UpstreamErrorKind::Connect => "connect",
            UpstreamErrorKind::ConnectTimeout => "connect_timeout",
            UpstreamErrorKind::Tls => "tls",
            UpstreamErrorKind::Reset => "reset",
            UpstreamErrorKind::Protocol => "protocol",
            UpstreamErrorKind::Timeout => "timeout",
            UpstreamErrorKind::Truncated => "truncated",
            UpstreamErrorKind::TooLarge => "too_large",
            UpstreamErrorKind::RequestBody => "cancelled",
            UpstreamErrorKind::Refused => "refused",
            UpstreamErrorKind::Build => "build",
        }
    }

    /// May the upstream have seen the request (`proxy.md` 2.15, column "sent")?
    pub const fn sent(self) -> bool {
        !matches!(
            self,
            UpstreamErrorKind::Dns
                | UpstreamErrorKind::Connect
                | UpstreamErrorKind::ConnectTimeout
                | UpstreamErrorKind::Tls
                | UpstreamErrorKind::Refused
                | UpstreamErrorKind::Build
        )
    }
}

/// A failed attempt at an upstream.
#[derive(Debug, Error)]
#[error("{}: {detail}", kind.outcome())]
pub struct UpstreamError {
    /// The kind.
    pub kind: UpstreamErrorKind,
    /// What exactly happened, for logs; never sent to clients.
    pub detail: &'static str,
    /// The operating system's error, where there is one.
    pub source: Option<io::Error>,
}

impl UpstreamError {
    pub(crate) const fn new(kind: UpstreamErrorKind, detail: &'static str) -> UpstreamError {
        UpstreamError {
            kind,
            detail,
            source: None,
        }
    }

    pub(crate) const fn io(kind: UpstreamErrorKind, detail: &'static str, source: io::Error) -> UpstreamError {
        UpstreamError {
            kind,
            detail,
            source: Some(source),
        }
    }

    /// Something was not there in time.
    pub(crate) const fn timeout(detail: &'static str) -> UpstreamError {
        UpstreamError::new(UpstreamErrorKind::Timeout, detail)
    }

    /// The upstream breaks the rules.
    pub(crate) const fn protocol(detail: &'static str) -> UpstreamError {
        UpstreamError::new(UpstreamErrorKind::Protocol, detail)
    }

    /// The connection went before a response was there.
    pub(crate) const fn lost(source: Option<io::Error>) -> UpstreamError {
        UpstreamError {
            kind: UpstreamErrorKind::Reset,
            detail: "connection lost before a response",
            source,
        }
    }

    /// The request's own body broke off.
    pub(crate) const fn of_request(Broken(detail): Broken) -> UpstreamError {
        UpstreamError::new(UpstreamErrorKind::RequestBody, detail)
    }
}
