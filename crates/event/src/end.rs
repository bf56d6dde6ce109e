//! How the way of an event ended without a reply (spec/proxy.md 1.2 and 1.3).

use temblor_value::{Str, Value};

use crate::Event;

/// Why an event led to nothing, or a request to an answer of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// All that was left went to sinks that never answer.
    NoReply,
    /// `where` or `having` was false.
    Filtered,
    /// A script dropped it.
    Dropped,
    /// A port without reader or link.
    Unlinked,
    /// It was answered as part of an aggregate, for another request.
    Merged,
    /// `overflow` of a back-pressure operator that nothing reads.
    Overflow,
    /// `overflow` of a balancer that nothing reads.
    NoUpstream,
    /// `overflow` of a bucket that nothing reads.
    RateLimited,
    /// A body that could not be decoded, and nobody reads `err`.
    DecodeError,
    /// A script failed, and nobody reads its error.
    ScriptError,
    /// A select or another operator failed.
    SelectError,
    /// An offramp's error event that nobody reads.
    Offramp,
}

impl Reason {
    /// Rank among candidates; the highest one answers.
    pub fn rank(self) -> u8 {
        match self {
            Self::NoReply => 0,
            Self::Filtered => 1,
            Self::Dropped => 2,
            Self::Unlinked | Self::Merged => 3,
            Self::Overflow | Self::NoUpstream | Self::RateLimited => 4,
            Self::DecodeError | Self::ScriptError | Self::SelectError => 5,
            Self::Offramp => 6,
        }
    }

    /// The name that answers, metrics and logs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoReply => "no_reply",
            Self::Filtered => "filtered",
            Self::Dropped => "dropped",
            Self::Unlinked => "unlinked",
            Self::Merged => "merged",
            Self::Overflow => "overflow",
            Self::NoUpstream => "no_upstream",
            Self::RateLimited => "rate_limited",
            Self::DecodeError => "decode_error",
            Self::ScriptError => "script_error",
            Self::SelectError => "select_error",
            Self::Offramp => "offramp",
        }
    }
}

/// An end: the reason and what an answer or a log line needs of it.
#[derive(Clone, Debug)]
pub struct End {
    /// Why.
    pub reason: Reason,
    /// Names of node and port, or the formatted error; shown to clients for [`Reason::Unlinked`] only.
    pub detail: Option<Str>,
    /// Seconds after which a client may try again, at least 1.
    pub retry_after_s: Option<u64>,
    /// The error event of an offramp, or of an onramp's decoder: it brings its own answer.
    pub event: Option<Event>,
    /// `$correlation` of the event that ended, where somebody asked for it ([`crate::RequestSlot::note_correlation`]).
    pub correlation: Option<Value>,
}

impl End {
    /// An end without particulars.
    pub fn new(reason: Reason) -> Self {
        Self {
            reason,
            detail: None,
            retry_after_s: None,
            event: None,
            correlation: None,
        }
    }

    /// An end with a detail text.
    pub fn with_detail(reason: Reason, detail: impl Into<Str>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::new(reason)
        }
    }

    /// Puts `candidate` in place if it ranks at least as high as what is there: of equal ranks the later one counts.
    pub fn offer(place: &mut Option<Self>, candidate: Self) {
        let is_better = place
            .as_ref()
            .is_none_or(|known| candidate.reason.rank() >= known.reason.rank());
        if is_better {
            *place = Some(candidate);
        }
    }
}
