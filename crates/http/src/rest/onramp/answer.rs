//! Answers of our own, before they are sent or handed to a pipeline (spec/proxy.md 1.3 and 1.4).

use bytes::Bytes;
use temblor_codec::Codec;
use temblor_event::{End, Reason};
use temblor_value::{ObjectMap, Str, Value, json};

use super::reason::OwnReason;
use super::reply::push_headers;
use crate::error::Refusal;
use crate::message::{Direction, HeaderBlock, Status};
use crate::rest::headers::HeaderRecord;
use crate::rest::meta::key;
use crate::server::Response;

const CONTENT_TYPE: Str = Str::from_static("content-type");
const JSON: &str = "application/json";

/// What an own answer says.
enum Body {
    Empty,
    /// Sent as JSON.
    Value(Value),
    /// In another format.
    Encoded(Bytes),
}

/// An own answer.
pub(super) struct OwnAnswer {
    /// Why; `None` for what never became an event.
    reason: Option<OwnReason>,
    status: Status,
    text: Str,
    /// Lower-case names and texts, in the order in which they are sent.
    headers: ObjectMap,
    body: Body,
}

impl OwnAnswer {
    /// The answer for an end that brings nothing of its own; see [`OwnAnswer::of_end`].
    pub(super) fn of_reason(reason: OwnReason, event_id: &str, server: &str) -> Self {
        let retry_after_s = matches!(
            reason,
            OwnReason::Paused | OwnReason::BufferFull | OwnReason::End(Reason::Overflow)
        )
        .then_some(1);
        let mut answer = match reason {
            OwnReason::Empty | OwnReason::Undeployed => Self::without_body(reason, server),
            _ => Self::with_record(reason, Str::from_static(reason.text()), event_id, server),
        };
        answer.retry_after(retry_after_s);
        if reason.closes() {
            answer.headers.insert("connection", "close");
        }
        answer
    }

    /// The answer for an exhausted request. What ended with an event of its own is answered with that.
    pub(super) fn of_end(end: &End, event_id: &str, server: &str) -> Self {
        let reason = OwnReason::End(end.reason);
        let mut answer = match (&end.event, &end.detail, end.reason) {
            (Some(event), _, Reason::DecodeError | Reason::Offramp) => {
                Self::with_event(reason, event.value(), event.meta(), server)
            }
            (_, Some(place), Reason::Unlinked) => {
                Self::with_record(reason, Str::from(format!("nothing is linked to {place}")), event_id, server)
            }
            _ => Self::with_record(reason, Str::from_static(reason.text()), event_id, server),
        };
        answer.retry_after(end.retry_after_s);
        answer
    }

    /// The answer for a reply that cannot be built: its text alone, in the format of replies (spec/artefacts.md 3.8).
    pub(super) fn of_invalid_reply(text: &str, codec: &dyn Codec, server: &str) -> Self {
        let mut record = ObjectMap::with_capacity(1);
        record.insert(key::ERROR, text);
        let record = Value::from(record);
        let mut answer = Self::without_body(OwnReason::ReplyInvalid, server);
        answer.text = Str::new(text);
        let mut encoded = Vec::new();
        match (codec.encode(&record, &mut encoded), codec.mime_types().first()) {
            (Ok(()), Some(mime)) => {
                answer.headers.insert(CONTENT_TYPE, *mime);
                answer.body = Body::Encoded(Bytes::from(encoded));
            }
            (Ok(()), None) => {
                answer.headers.insert(CONTENT_TYPE, "application/octet-stream");
                answer.body = Body::Encoded(Bytes::from(encoded));
            }
            // A codec that has no form for records says nothing; JSON does.
            (Err(_), _) => {
                answer.headers.insert(CONTENT_TYPE, JSON);
                answer.body = Body::Value(record);
            }
        }
        answer
    }

    /// The answer to a request that is none: without event id, and the connection closes.
    pub(super) fn of_refusal(refusal: &Refusal, server: &str) -> Self {
        let text = Str::from_static(refusal.reason.text());
        let mut record = ObjectMap::with_capacity(2);
        record.insert(key::ERROR, text.clone());
        record.insert(key::REASON, refusal.reason.name());
        let mut headers = own_headers(server);
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert("connection", "close");
        Self {
            reason: None,
            status: refusal.reason.status(),
            text,
            headers,
            body: Body::Value(Value::from(record)),
        }
    }

    /// The answer to a request that was to go no further than here (spec/proxy.md 2.5, `max_forwards`): a status, no more.
    pub(super) fn last(status: Status, server: &str) -> Self {
        Self {
            reason: None,
            status,
            text: Str::default(),
            headers: own_headers(server),
            body: Body::Empty,
        }
    }

    fn without_body(reason: OwnReason, server: &str) -> Self {
        Self {
            reason: Some(reason),
            status: reason.status(),
            text: Str::from_static(reason.text()),
            headers: own_headers(server),
            body: Body::Empty,
        }
    }

    /// The record of spec/proxy.md 1.4; its keys have that order.
    fn with_record(reason: OwnReason, text: Str, event_id: &str, server: &str) -> Self {
        let mut record = ObjectMap::with_capacity(3);
        record.insert(key::ERROR, text.clone());
        record.insert(key::EVENT_ID, event_id);
        record.insert(key::REASON, reason.name());
        let mut answer = Self::without_body(reason, server);
        answer.headers.insert(CONTENT_TYPE, JSON);
        answer.text = text;
        answer.body = Body::Value(Value::from(record));
        answer
    }

    /// The answer that an error event is: its value, and where it has a `$response` that one's status and headers.
    fn with_event(reason: OwnReason, value: &Value, meta: &Value, server: &str) -> Self {
        let mut answer = Self::without_body(reason, server);
        let response = meta.get("response");
        let status = response.and_then(|response| response.get("status")).and_then(Value::as_u64);
        if let Some(status) = status.and_then(|code| Status::new(u16::try_from(code).ok()?)) {
            answer.status = status;
        }
        let given = response
            .and_then(|response| response.get("headers"))
            .and_then(Value::as_object);
        for (name, text) in given.into_iter().flatten() {
            if !name.eq_ignore_ascii_case("server") {
                answer.headers.insert(name.to_ascii_lowercase(), text.clone());
            }
        }
        if !answer.headers.contains_key(&CONTENT_TYPE) {
            answer.headers.insert(CONTENT_TYPE, JSON);
        }
        if let Some(text) = value.get("error").and_then(Value::as_str) {
            answer.text = Str::new(text);
        }
        answer.body = Body::Value(value.clone());
        answer
    }

    fn retry_after(&mut self, seconds: Option<u64>) {
        if let Some(seconds) = seconds {
            self.headers.insert("retry-after", seconds.to_string());
        }
    }

    /// Sets another status.
    pub(super) fn set_status(&mut self, status: Status) {
        self.status = status;
    }

    /// Why; `None` for what never became an event.
    pub(super) fn reason(&self) -> Option<OwnReason> {
        self.reason
    }

    /// The status.
    pub(super) fn status(&self) -> Status {
        self.status
    }

    /// What went wrong, in the words of the answer.
    pub(super) fn text(&self) -> &Str {
        &self.text
    }

    /// The body as a value; null for none.
    pub(super) fn value(&self) -> Value {
        match &self.body {
            Body::Value(value) => value.clone(),
            Body::Empty | Body::Encoded(_) => Value::Null,
        }
    }

    /// Status and headers as `$response` has them.
    pub(super) fn response_record(&self) -> Value {
        let mut record = ObjectMap::with_capacity(2);
        record.insert(key::STATUS, i64::from(self.status.code()));
        record.insert(key::HEADERS, Value::from(self.headers.clone()));
        Value::from(record)
    }

    /// The answer as it is sent.
    pub(super) fn into_response(mut self) -> Response {
        let body = match self.body {
            _ if self.status.forbids_body() => Bytes::new(),
            Body::Empty => Bytes::new(),
            Body::Value(value) => Bytes::from(json::to_string(&value)),
            Body::Encoded(bytes) => bytes,
        };
        if body.is_empty() {
            self.headers.remove(&CONTENT_TYPE);
        }
        let mut headers = HeaderBlock::new(Direction::Response);
        // The server text was checked with the configuration, and what offramps make can be sent.
        let _ = push_headers(&mut headers, HeaderRecord::of(Some(&Value::from(self.headers))));
        Response {
            headers,
            body: body.into(),
            ..Response::new(self.status)
        }
    }
}

fn own_headers(server: &str) -> ObjectMap {
    let mut headers = ObjectMap::with_capacity(4);
    if !server.is_empty() {
        headers.insert("server", server);
    }
    headers
}

#[cfg(test)]
mod tests;
