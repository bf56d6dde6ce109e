//! Answers of our own (spec/proxy.md 1.3 and 1.4).

use bytes::Bytes;
use temblor_event::{End, Reason};
use temblor_value::{ObjectMap, Value, json};

use crate::h1::Response;
use crate::message::{Direction, HeaderBlock, Name, Status};
use crate::rest::meta::key;

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
    /// Too many exchanges.
    Loop,
    /// The process stops.
    Shutdown,
    /// A defect.
    Internal,
}

impl OwnReason {
    /// The name that answers, metrics and logs use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::End(reason) => reason.name(),
            Self::ReplyInvalid => "reply_invalid",
            Self::Empty => "empty",
            Self::Timeout => "timeout",
            Self::Paused => "paused",
            Self::Loop => "loop",
            Self::Shutdown => "shutdown",
            Self::Internal => "internal",
        }
    }

    /// The status, unless the event that ended brings its own.
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
            Self::Paused | Self::Shutdown => 503,
            Self::Loop => 508,
        })
    }

    /// The fixed text, which never shows program source, addresses or header values.
    fn text(self) -> &'static str {
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
            Self::Empty => "",
            Self::Timeout => "no answer in time",
            Self::Paused => "the service is paused",
            Self::Loop => "the request circles",
            Self::Shutdown => "the service is stopping",
            Self::Internal => "internal error",
        }
    }

    /// Reasons whose answer also ends the connection.
    pub(super) fn closes(self) -> bool {
        matches!(self, Self::Shutdown | Self::Internal)
    }
}

/// The answer for an end that brings no event of its own.
pub(super) fn of_end(end: &End, event_id: &str, server: &str) -> Response {
    let reason = OwnReason::End(end.reason);
    let text = match (&end.detail, end.reason) {
        (Some(place), Reason::Unlinked) => format!("nothing is linked to {place}"),
        _ => reason.text().to_owned(),
    };
    build(reason, &text, event_id, end.retry_after_s, server)
}

/// The answer for a reason of the onramp's own.
pub(super) fn of_reason(reason: OwnReason, event_id: &str, server: &str) -> Response {
    let retry_after_s = (reason == OwnReason::Paused).then_some(1);
    build(reason, reason.text(), event_id, retry_after_s, server)
}

/// The answer for a reply that cannot be built: its text alone, as JSON.
pub(super) fn of_invalid_reply(text: &str, server: &str) -> Response {
    let mut record = ObjectMap::with_capacity(1);
    record.insert(key::ERROR, text);
    with_body(OwnReason::ReplyInvalid.status(), &Value::from(record), server)
}

/// The answer for a body that could not be decoded and whose error event nobody takes: the error record itself.
pub(super) fn of_decode_error(record: &Value, server: &str) -> Response {
    with_body(OwnReason::End(Reason::DecodeError).status(), record, server)
}

/// The answer for a body that gave nothing.
pub(super) fn of_empty(server: &str) -> Response {
    Response {
        headers: own_headers(server),
        ..Response::new(OwnReason::Empty.status())
    }
}

fn build(reason: OwnReason, text: &str, event_id: &str, retry_after_s: Option<u64>, server: &str) -> Response {
    let mut record = ObjectMap::with_capacity(3);
    record.insert(key::ERROR, text);
    record.insert(key::EVENT_ID, event_id);
    record.insert(key::REASON, reason.name());
    let mut built = with_body(reason.status(), &Value::from(record), server);
    if let Some(seconds) = retry_after_s {
        // Digits are always a valid value.
        let _ = built.headers.push_known(Name::RetryAfter, seconds.to_string().as_bytes());
    }
    if reason.closes() {
        let _ = built.headers.push_known(Name::Connection, b"close");
    }
    built
}

fn with_body(status: Status, body: &Value, server: &str) -> Response {
    let mut headers = own_headers(server);
    let _ = headers.push_known(Name::ContentType, b"application/json");
    Response {
        headers,
        body: Bytes::from(json::to_string(body)),
        ..Response::new(status)
    }
}

/// The server field was checked when the configuration was read.
fn own_headers(server: &str) -> HeaderBlock {
    let mut headers = HeaderBlock::new(Direction::Response);
    if !server.is_empty() {
        let _ = headers.push_known(Name::Server, server.as_bytes());
    }
    headers
}
