//! Events and feedback that the offramp makes (spec/artefacts.md 4.7 to 4.9, spec/proxy.md 2.15 and 4.1).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use temblor_event::{Attempt, Event, EventId, Insight, InsightKind, Origin, Outcome, Payload};
use temblor_runtime::sink::{Reply, SinkCx, SinkPort};
use temblor_value::{ObjectMap, Str, Value};

use super::config::ErrorStatus;
use super::expose::Account;
use super::sink::RestSink;
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::rest::meta::key;

/// What later events need of the event that caused a request.
pub(super) struct Cause {
    /// Its id.
    pub id: EventId,
    /// `$correlation`, if set.
    pub correlation: Option<Value>,
    /// Feedback about it, if it wants any.
    pub about: Option<Insight>,
    /// What later events tell of the attempt, if they do.
    pub account: Option<Box<Account>>,
}

impl Cause {
    /// The cause that `event` is.
    pub(super) fn of(event: &Event, sink: &RestSink, cx: &SinkCx<'_>) -> Self {
        Self {
            id: event.id.clone(),
            correlation: event.meta().get("correlation").cloned(),
            about: event
                .transactional
                .then(|| Insight::about(event, InsightKind::None, sink.uid, cx.now_ns)),
            account: sink.config.expose.then(|| Box::new(Account::of(event, cx))),
        }
    }
}

/// A failed attempt, before it becomes events.
pub(super) struct Failure {
    /// How it ended.
    pub outcome: Outcome,
    /// Text of the error event.
    pub text: String,
    /// Whether the upstream may have seen the request.
    pub is_sent: bool,
    /// Status of the response, if its head arrived.
    pub status: Option<u16>,
}

impl Failure {
    /// A failure before anything was sent.
    pub(super) fn unsent(outcome: Outcome, text: impl Into<String>) -> Self {
        Self {
            outcome,
            text: text.into(),
            is_sent: false,
            status: None,
        }
    }

    /// There is no slot.
    pub(super) fn overload() -> Self {
        Self::unsent(Outcome::Overload, "Dropped data due to overload")
    }

    /// A failure of the engine.
    pub(super) fn of_engine(error: &UpstreamError) -> Self {
        let (outcome, text) = match error.kind {
            UpstreamErrorKind::Dns => (Outcome::Dns, "CouldntResolveHost: couldn't resolve host name"),
            UpstreamErrorKind::Connect => (Outcome::Connect, "ConnectFailed: failed to connect to the server"),
            UpstreamErrorKind::ConnectTimeout => (Outcome::ConnectTimeout, "ConnectFailed: failed to connect to the server"),
            UpstreamErrorKind::Tls => (Outcome::Tls, "TlsFailed: failed to set up TLS with the server"),
            UpstreamErrorKind::Reset => (Outcome::Reset, "NoResponse: server did not send a response"),
            UpstreamErrorKind::Protocol => (Outcome::Protocol, "BadResponse: the server's response is malformed"),
            UpstreamErrorKind::Timeout => (Outcome::Timeout, "Timeout: request took longer than the configured timeout"),
            UpstreamErrorKind::Truncated => (Outcome::Truncated, "Truncated: the server's response broke off"),
            UpstreamErrorKind::TooLarge => (
                Outcome::TooLarge,
                "TooLarge: the server's response is larger than may be held",
            ),
            UpstreamErrorKind::RequestBody => (Outcome::Cancelled, ""),
            UpstreamErrorKind::Refused => (Outcome::Refused, "Refused: the server did not take the request"),
            UpstreamErrorKind::Build => (Outcome::Build, "BadRequest: the request cannot be sent over HTTP/2"),
        };
        Self {
            outcome,
            text: text.to_owned(),
            is_sent: error.kind.sent(),
            status: None,
        }
    }
}

impl RestSink {
    /// A new id of the offramp that tracks the cause.
    pub(super) fn new_id(&self, cause: &EventId) -> EventId {
        let mut id = EventId::new(self.uid, self.numbers.fetch_add(1, Ordering::Relaxed));
        id.track(cause);
        id
    }

    /// The error event and the feedback of a failure. `insight_first`: for everything but an unreadable response.
    /// What was given up because the request's own body broke off has no event and is no judgement on the upstream (spec/proxy.md 1.6).
    pub(super) fn failed(&self, cause: Cause, failure: Failure, elapsed_ms: f64, now_ns: u64) -> Reply {
        self.metrics.outcome(failure.outcome);
        let is_cancelled = failure.outcome == Outcome::Cancelled;
        let insight_first = !matches!(failure.outcome, Outcome::Decode | Outcome::Truncated | Outcome::TooLarge);
        let event = (!is_cancelled).then(|| self.error_event(&cause, &failure, elapsed_ms, now_ns));
        let Cause { about, .. } = cause;
        let insight = about.map(|insight| Insight {
            kind: if is_cancelled {
                InsightKind::Cancelled
            } else {
                InsightKind::Fail
            },
            ingest_ns: now_ns,
            time_ms: failure.status.map(|_| elapsed_ms as u64),
            attempt: Some(Attempt {
                outcome: failure.outcome,
                is_sent: failure.is_sent,
                status: failure.status,
                elapsed_ms,
            }),
            ..insight
        });
        Reply {
            events: event.map(|event| (SinkPort::Err, event)).into_iter().collect(),
            insight,
            insight_first,
        }
    }

    fn error_event(&self, cause: &Cause, failure: &Failure, elapsed_ms: f64, now_ns: u64) -> Event {
        let mut value = ObjectMap::with_capacity(2);
        value.insert(key::ERROR, failure.text.as_str());
        value.insert(key::EVENT_ID, cause.id.to_string());
        let mut headers = ObjectMap::with_capacity(2);
        headers.insert(Str::from_static("Content-Type"), Str::from_static("application/json"));
        headers.insert(Str::from_static("Server"), Str::from_static("Tremor"));
        let mut response = ObjectMap::with_capacity(2);
        response.insert(key::STATUS, i64::from(self.status_of(failure.outcome)));
        response.insert(key::HEADERS, Value::from(headers));
        let mut meta = ObjectMap::with_capacity(4);
        meta.insert(key::ERROR, failure.text.as_str());
        meta.insert(key::RESPONSE, Value::from(response));
        if let Some(correlation) = &cause.correlation {
            meta.insert(key::CORRELATION, correlation.clone());
        }
        if let Some(account) = &cause.account {
            meta.insert(key::UPSTREAM, account.record(self, failure.outcome, elapsed_ms));
        }
        let payload = Payload::new(Value::from(value), Value::from(meta));
        let mut event = Event::new(self.new_id(&cause.id), payload, now_ns);
        event.origin = Some(Arc::clone(&self.own_origin));
        event
    }

    /// The table of spec/proxy.md 2.15.
    fn status_of(&self, outcome: Outcome) -> u16 {
        let (compat, gateway) = match outcome {
            Outcome::Build => (400, 500),
            Outcome::Overload => (429, 503),
            Outcome::ConnectTimeout => (503, 504),
            Outcome::Refused => (503, 503),
            Outcome::Timeout => (504, 504),
            Outcome::Truncated | Outcome::Decode => (500, 502),
            Outcome::TooLarge => (502, 502),
            Outcome::Dns
            | Outcome::Connect
            | Outcome::Tls
            | Outcome::Reset
            | Outcome::Protocol
            | Outcome::Ok
            | Outcome::Status
            | Outcome::Cancelled => (503, 502),
        };
        match self.config.error_status {
            ErrorStatus::Compat => compat,
            ErrorStatus::Gateway => gateway,
        }
    }
}

/// Origin of responses: the request's URL.
pub(super) fn origin_of(host: &Str, explicit_port: Option<u16>, target: &str) -> Origin {
    let path = target.split('?').next().unwrap_or("").trim_start_matches('/');
    Origin {
        scheme: Str::from_static("tremor-rest"),
        host: host.clone(),
        port: explicit_port,
        path: path.split('/').map(Str::new).collect(),
    }
}
