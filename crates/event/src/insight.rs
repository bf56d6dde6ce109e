//! Feedback, backward (spec/operators-and-flow.md A.6).

use crate::{Event, EventId, OpMeta, Uid};

/// What an insight says. The configuration words *close* and *open* of a circuit breaker are *pause* and *resume* here, since the
/// field's usual meaning of an open breaker is the opposite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsightKind {
    /// Informational, or swallowed on the way.
    None,
    /// Stop sending (`close`).
    Pause,
    /// May send again (`open`).
    Resume,
    /// Everything up to the id was delivered.
    Ack,
    /// Everything from the id on was not delivered.
    Fail,
    /// Work was withdrawn; no judgement on anybody (spec/proxy.md 4.1).
    Cancelled,
}

/// How an attempt at an upstream ended (spec/proxy.md 2.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A response that counts as success.
    Ok,
    /// A response with a status that counts as failure.
    Status,
    /// The request could not be built or encoded.
    Build,
    /// No slot.
    Overload,
    /// The name could not be resolved.
    Dns,
    /// The connection could not be made.
    Connect,
    /// The connection could not be made in time.
    ConnectTimeout,
    /// TLS handshake or verification.
    Tls,
    /// The upstream refused the request unseen.
    Refused,
    /// The connection was lost before a complete head.
    Reset,
    /// An unacceptable response head.
    Protocol,
    /// Too late.
    Timeout,
    /// The body broke off.
    Truncated,
    /// The body could not be decoded.
    Decode,
    /// The body is larger than may be held.
    TooLarge,
    /// Withdrawn.
    Cancelled,
}

impl Outcome {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::Ok,
        Self::Status,
        Self::Build,
        Self::Overload,
        Self::Dns,
        Self::Connect,
        Self::ConnectTimeout,
        Self::Tls,
        Self::Refused,
        Self::Reset,
        Self::Protocol,
        Self::Timeout,
        Self::Truncated,
        Self::Decode,
        Self::TooLarge,
        Self::Cancelled,
    ];

    /// The name that metadata, metrics and logs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Status => "status",
            Self::Build => "build",
            Self::Overload => "overload",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::ConnectTimeout => "connect_timeout",
            Self::Tls => "tls",
            Self::Refused => "refused",
            Self::Reset => "reset",
            Self::Protocol => "protocol",
            Self::Timeout => "timeout",
            Self::Truncated => "truncated",
            Self::Decode => "decode",
            Self::TooLarge => "too_large",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a request/response sink knows of an attempt beside success or failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attempt {
    /// How it ended.
    pub outcome: Outcome,
    /// May the upstream have seen the request?
    pub is_sent: bool,
    /// The response's status, if a head arrived.
    pub status: Option<u16>,
    /// Exact time, milliseconds.
    pub elapsed_ms: f64,
}

/// What an operator does with a failure that it takes upon itself: the event goes out again, from that operator on.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The event to send.
    pub event: Event,
    /// Pause before, milliseconds.
    pub pause_ms: u64,
}

/// An insight on its way back.
#[derive(Clone, Debug)]
pub struct Insight {
    /// Id of the event or events it speaks of; `None` for a circuit breaker's state without an event.
    pub id: Option<EventId>,
    /// What it says.
    pub kind: InsightKind,
    /// Marks of the event that caused it.
    pub op_meta: OpMeta,
    /// When it was made, nanoseconds since the epoch.
    pub ingest_ns: u64,
    /// When the event that caused it was taken in, nanoseconds since the epoch; 0 without an event.
    pub event_ns: u64,
    /// Time the sink needed, whole milliseconds.
    pub time_ms: Option<u64>,
    /// Its metadata has an `error`.
    pub has_error: bool,
    /// Details of a request/response sink.
    pub attempt: Option<Attempt>,
    /// The sink or node that made it.
    pub made_by: Uid,
    /// Until when the event may be sent again, nanoseconds since the epoch; `None`: not at all, since it was answered or its sink cannot
    /// take the failure back.
    pub repeatable_until_ns: Option<u64>,
    /// An operator takes the outcome upon itself; nobody further back sees it.
    pub claim: Option<Claim>,
}

impl Insight {
    /// An insight about an event, with its id and marks.
    pub fn about(event: &crate::Event, kind: InsightKind, made_by: Uid, now_ns: u64) -> Self {
        Self {
            id: Some(event.id.clone()),
            kind,
            op_meta: event.op_meta.clone(),
            ingest_ns: now_ns,
            event_ns: event.at_ns(),
            time_ms: None,
            has_error: false,
            attempt: None,
            made_by,
            repeatable_until_ns: None,
            claim: None,
        }
    }

    /// A circuit breaker's state, without an event.
    pub fn breaker(kind: InsightKind, made_by: Uid, now_ns: u64) -> Self {
        Self {
            id: None,
            kind,
            op_meta: OpMeta::default(),
            ingest_ns: now_ns,
            event_ns: 0,
            time_ms: None,
            has_error: false,
            attempt: None,
            made_by,
            repeatable_until_ns: None,
            claim: None,
        }
    }
}
