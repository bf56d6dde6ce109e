//! Why a request ends with an answer of our own, and what the table of ends says of each reason (spec/proxy.md 1.3).

use temblor_event::Reason;

use crate::error::RefusalReason;
use crate::message::Status;

/// How a request ended, as metrics and logs name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// A reply event was sent.
    Reply,
    /// We answered, or closed, ourselves.
    Own(OwnReason),
    /// It was refused for its HTTP.
    Refused(RefusalReason),
}

impl Label {
    /// All of them; a label's place is its [`Label::index`].
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let own = OwnReason::ALL.into_iter().map(Self::Own);
        let refused = RefusalReason::ALL.into_iter().map(Self::Refused);
        std::iter::once(Self::Reply).chain(own).chain(refused)
    }

    /// How many there are.
    pub(super) const COUNT: usize = 1 + OwnReason::ALL.len() + RefusalReason::ALL.len();

    /// Its number, below [`Label::COUNT`].
    pub(super) fn index(self) -> usize {
        match self {
            Self::Reply => 0,
            other => Self::all().position(|known| known == other).unwrap_or(0),
        }
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Own(reason) => reason.name(),
            Self::Refused(reason) => reason.name(),
        }
    }
}

/// Why the onramp itself ends a request; what ends in a flow is a [`Reason`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum OwnReason {
    /// An event's way ended.
    End(Reason),
    /// The reply cannot be built.
    ReplyInvalid,
    /// Preprocessors and codec gave nothing.
    Empty,
    /// The deadline passed.
    Timeout,
    /// The deadline passed while the circuit breaker held the onramp.
    Paused,
    /// No memory is left for its body.
    BufferFull,
    /// Too many exchanges, or too often here.
    Loop,
    /// The client went away; only a log ever shows it.
    ClientGone,
    /// The process stops.
    Shutdown,
    /// The onramp ends.
    Undeployed,
    /// A defect.
    Internal,
}

/// How loud the log line of an end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loudness {
    /// A defect.
    Error,
    /// The configuration needs a look.
    Warn,
    /// Worth knowing.
    Info,
    /// Everyday.
    Debug,
}

impl OwnReason {
    /// All of them.
    pub(super) const ALL: [Self; 22] = [
        Self::End(Reason::NoReply),
        Self::End(Reason::Filtered),
        Self::End(Reason::Dropped),
        Self::End(Reason::Unlinked),
        Self::End(Reason::Merged),
        Self::End(Reason::Overflow),
        Self::End(Reason::NoUpstream),
        Self::End(Reason::RateLimited),
        Self::End(Reason::DecodeError),
        Self::End(Reason::ScriptError),
        Self::End(Reason::SelectError),
        Self::End(Reason::Offramp),
        Self::ReplyInvalid,
        Self::Empty,
        Self::Timeout,
        Self::Paused,
        Self::BufferFull,
        Self::Loop,
        Self::ClientGone,
        Self::Shutdown,
        Self::Undeployed,
        Self::Internal,
    ];

    /// The name that answers, settings and logs use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::End(reason) => reason.name(),
            Self::ReplyInvalid => "reply_invalid",
            Self::Empty => "empty",
            Self::Timeout => "timeout",
            Self::Paused => "paused",
            Self::BufferFull => "buffer_full",
            Self::Loop => "loop",
            Self::ClientGone => "client_gone",
            Self::Shutdown => "shutdown",
            Self::Undeployed => "undeployed",
            Self::Internal => "internal",
        }
    }

    /// The status, unless the event that ended brings its own or `answers` sets another.
    pub(super) fn status(self) -> Status {
        Status::known(match self {
            Self::End(reason) => match reason {
                Reason::Filtered => 404,
                Reason::Overflow | Reason::NoUpstream => 503,
                Reason::RateLimited => 429,
                Reason::DecodeError => 400,
                Reason::Offramp => 502,
                Reason::NoReply
                | Reason::Dropped
                | Reason::Unlinked
                | Reason::Merged
                | Reason::ScriptError
                | Reason::SelectError => 500,
            },
            Self::ReplyInvalid | Self::Internal => 500,
            Self::Empty => 400,
            Self::Timeout => 504,
            Self::Paused | Self::BufferFull | Self::Shutdown | Self::Undeployed => 503,
            Self::Loop => 508,
            Self::ClientGone => 499,
        })
    }

    /// The fixed text, which never shows program source, addresses or header values.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::End(reason) => match reason {
                Reason::NoReply => "nothing answers the request",
                Reason::Filtered => "the request was filtered out",
                Reason::Dropped => "the request was dropped",
                Reason::Unlinked => "nothing is linked to the port",
                Reason::Merged => "the request was answered as part of another",
                Reason::Overflow => "the upstream cannot take the request now",
                Reason::NoUpstream => "no upstream can take the request now",
                Reason::RateLimited => "too many requests",
                Reason::DecodeError => "the body cannot be decoded",
                Reason::ScriptError => "script error",
                Reason::SelectError => "pipeline error",
                Reason::Offramp => "the upstream failed",
            },
            Self::ReplyInvalid => "the reply cannot be sent",
            Self::Empty => "the body holds nothing",
            Self::Timeout => "no answer in time",
            Self::Paused => "the service is paused",
            Self::BufferFull => "no memory is left for the body",
            Self::Loop => "the request circles",
            Self::ClientGone => "the client went away",
            Self::Shutdown => "the service is stopping",
            Self::Undeployed => "the onramp was undeployed",
            Self::Internal => "internal error",
        }
    }

    /// May `answers` set another status (column cfg, S)?
    pub(super) fn is_configurable(self) -> bool {
        !matches!(
            self,
            Self::Empty | Self::ClientGone | Self::Shutdown | Self::Undeployed | Self::Internal
        )
    }

    /// May a pipeline at the port `unanswered` handle it (column cfg, U)?
    pub(super) fn is_handled_by_pipelines(self) -> bool {
        matches!(self, Self::End(_) | Self::Timeout | Self::Paused)
    }

    /// Does its answer end the connection?
    pub(super) fn closes(self) -> bool {
        matches!(self, Self::Shutdown | Self::Undeployed | Self::Internal)
    }

    /// How loud its line in the log is (column log).
    pub(super) fn loudness(self) -> Loudness {
        match self {
            Self::End(reason) => match reason {
                Reason::ScriptError
                | Reason::SelectError
                | Reason::Unlinked
                | Reason::NoUpstream
                | Reason::NoReply
                | Reason::Merged => Loudness::Warn,
                Reason::Overflow | Reason::Offramp => Loudness::Info,
                Reason::Filtered | Reason::Dropped | Reason::RateLimited | Reason::DecodeError => Loudness::Debug,
            },
            Self::ReplyInvalid | Self::Paused | Self::BufferFull | Self::Loop => Loudness::Warn,
            Self::Timeout | Self::Shutdown | Self::Undeployed => Loudness::Info,
            Self::Empty | Self::ClientGone => Loudness::Debug,
            Self::Internal => Loudness::Error,
        }
    }
}
