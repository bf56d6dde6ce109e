//! What an onramp counts (spec/proxy.md 6.3). Counting is by handle and by worker; names stand in [`Collect::collect`] only.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use temblor_metrics::{Buckets, Collect, Family, Histogram, Kind, Page, Presence, Sharded, Tally};
use temblor_runtime::ramp::RampName;

use super::reason::{Label, OwnReason};
use crate::message::{Method, Status};
use crate::rest::bodies::BodyCounts;
use crate::rest::permit::Permits;
use crate::server::Finished;
use crate::tls::TlsServer;

const REQUESTS: Family = Family {
    name: "temblor_http_requests_total",
    kind: Kind::Counter,
    help: "Requests by the status that answered them; 499 for a client that went away, 0 for a connection closed without answer",
};
const ANSWERS: Family = Family {
    name: "temblor_http_answers_total",
    kind: Kind::Counter,
    help: "Requests by the reason of their end",
};
const DURATION: Family = Family {
    name: "temblor_http_request_duration_seconds",
    kind: Kind::Histogram,
    help: "Time from the head of a request to the last byte of its answer",
};
const IN_FLIGHT: Family = Family {
    name: "temblor_http_requests_in_flight",
    kind: Kind::Gauge,
    help: "Requests whose answer is not sent to its end",
};
const CONNECTIONS: Family = Family {
    name: "temblor_http_connections",
    kind: Kind::Gauge,
    help: "Open connections of clients",
};
const CONNECTIONS_TOTAL: Family = Family {
    name: "temblor_http_connections_total",
    kind: Kind::Counter,
    help: "Connections of clients, handshakes done",
};
const BODY_BYTES: Family = Family {
    name: "temblor_http_body_bytes_total",
    kind: Kind::Counter,
    help: "Bytes of bodies received from clients (in) and sent to them (out), without framing",
};
const TUNNELS: Family = Family {
    name: "temblor_http_tunnels",
    kind: Kind::Gauge,
    help: "Connections that switched protocols, or are about to",
};
const HANDSHAKES: Family = Family {
    name: "temblor_tls_handshakes_total",
    kind: Kind::Counter,
    help: "TLS handshakes with clients",
};
const EXPIRY: Family = Family {
    name: "temblor_tls_certificate_expiry_seconds",
    kind: Kind::Gauge,
    help: "End of a certificate's validity, seconds since 1970",
};
const RELOAD_FAILED: Family = Family {
    name: "temblor_tls_reload_failed",
    kind: Kind::Gauge,
    help: "1 while the last change of certificate files is no good",
};

/// Methods that have a label of their own; all others are `OTHER`.
const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "OTHER",
];
/// Statuses, and 0 for none.
const CODES: usize = 1000;
/// First digits of statuses.
const CLASSES: [&str; 10] = ["0xx", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx"];

/// A method as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MethodLabel(u8);

impl MethodLabel {
    /// The label of what is no method, or none that is registered.
    const OTHER: Self = Self(9);

    /// The method's label.
    pub(super) fn of(method: &Method) -> Self {
        match method {
            Method::Get => Self(0),
            Method::Head => Self(1),
            Method::Post => Self(2),
            Method::Put => Self(3),
            Method::Delete => Self(4),
            Method::Options => Self(5),
            Method::Trace => Self(6),
            Method::Patch => Self(7),
            Method::Connect => Self(8),
            Method::Extension(_) => Self::OTHER,
        }
    }
}

/// A protocol that connections speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientProtocol {
    /// HTTP/1.0 and HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
}

const PROTOCOLS: [(ClientProtocol, &str); 2] = [(ClientProtocol::Http1, "HTTP/1.1"), (ClientProtocol::Http2, "HTTP/2.0")];

/// See the module's documentation.
pub(super) struct OnrampMetrics {
    onramp: String,
    instance: String,
    shards: Sharded<Shard>,
    durations: [Histogram; CLASSES.len()],
    tls: Option<Arc<TlsServer>>,
    tunnels: Arc<Permits>,
    bodies: Arc<BodyCounts>,
}

struct Shard {
    /// By method and status; a method's row is made with its first request.
    requests: [OnceLock<Box<[Tally]>>; METHODS.len()],
    answers: [Tally; Label::COUNT],
    requests_there: Presence,
    bytes_in: Tally,
    bytes_out: Tally,
    connections: [Presence; PROTOCOLS.len()],
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            requests: Default::default(),
            // Longer than the arrays that have a default of their own.
            answers: std::array::from_fn(|_| Tally::default()),
            requests_there: Presence::default(),
            bytes_in: Tally::default(),
            bytes_out: Tally::default(),
            connections: Default::default(),
        }
    }
}

impl OnrampMetrics {
    /// Nothing was counted yet.
    pub(super) fn new(
        name: &RampName,
        buckets: &Buckets,
        tls: Option<Arc<TlsServer>>,
        tunnels: Arc<Permits>,
        bodies: Arc<BodyCounts>,
    ) -> Self {
        Self {
            onramp: name.id.to_string(),
            instance: name.instance.to_string(),
            shards: Sharded::default(),
            durations: std::array::from_fn(|_| Histogram::new(buckets)),
            tls,
            tunnels,
            bodies,
        }
    }

    /// A well-formed head arrived.
    pub(super) fn begun(&self) {
        self.shards.mine().requests_there.come();
    }

    /// A request ended after `total`, or what was none (`method` is `None`).
    pub(super) fn ended(&self, method: Option<MethodLabel>, reason: Option<Label>, finished: &Finished, total: Duration) {
        let shard = self.shards.mine();
        if method.is_some() {
            shard.requests_there.go();
        }
        let code = code(reason, finished.status);
        let row = shard.requests[usize::from(method.unwrap_or(MethodLabel::OTHER).0)]
            .get_or_init(|| (0..CODES).map(|_| Tally::default()).collect());
        if let Some(count) = row.get(usize::from(code)) {
            count.one();
        }
        if let Some(reason) = reason {
            shard.answers[reason.index()].one();
        }
        if finished.body_received > 0 {
            shard.bytes_in.add(finished.body_received);
        }
        if finished.body_sent > 0 {
            shard.bytes_out.add(finished.body_sent);
        }
        if let Some(durations) = self.durations.get(usize::from(code / 100)) {
            durations.observe(total);
        }
    }

    /// A connection begins to speak HTTP; it is open until what this gives is dropped.
    pub(super) fn connection(self: &Arc<Self>, protocol: ClientProtocol) -> OpenConnection {
        self.shards.mine().connections[protocol as usize].come();
        OpenConnection(Arc::clone(self), protocol)
    }
}

/// The status of an end: that of the answer, 499 for a client that went, 0 for no answer.
pub(super) fn code(reason: Option<Label>, status: Option<Status>) -> u16 {
    match (status, reason) {
        (Some(status), _) => status.code(),
        (None, Some(Label::Own(OwnReason::ClientGone))) => OwnReason::ClientGone.status().code(),
        (None, _) => 0,
    }
}

/// Counts a connection as open.
pub(super) struct OpenConnection(Arc<OnrampMetrics>, ClientProtocol);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.shards.mine().connections[self.1 as usize].go();
    }
}

impl Collect for OnrampMetrics {
    fn collect(&self, page: &mut Page) {
        let onramp = ("onramp", self.onramp.as_str());
        let instance = ("instance", self.instance.as_str());
        self.collect_requests(page, onramp, instance);
        for (at, (_, protocol)) in PROTOCOLS.iter().enumerate() {
            let labels = [onramp, ("protocol", *protocol)];
            let connections = self.shards.present(|shard| &shard.connections[at]);
            page.counter(&CONNECTIONS_TOTAL, &labels, connections.ever);
            page.gauge(&CONNECTIONS, &labels, connections.now as f64);
        }
        let bytes = [
            ("in", self.shards.sum(|shard| shard.bytes_in.get())),
            ("out", self.shards.sum(|shard| shard.bytes_out.get())),
        ];
        for (direction, count) in bytes {
            page.counter(&BODY_BYTES, &[onramp, ("direction", direction)], count);
        }
        self.bodies.collect(&self.onramp, page);
        page.gauge(&TUNNELS, &[onramp], self.tunnels.taken() as f64);
        if let Some(tls) = &self.tls {
            let handshakes = tls.handshakes();
            page.counter(&HANDSHAKES, &[onramp, ("result", "ok")], handshakes.succeeded);
            page.counter(&HANDSHAKES, &[onramp, ("result", "failed")], handshakes.failed);
            page.gauge(&RELOAD_FAILED, &[onramp], f64::from(u8::from(tls.reload_failed())));
            for (file, not_after_s) in tls.expiries() {
                let name = file.display().to_string();
                page.gauge(&EXPIRY, &[onramp, ("name", &name)], not_after_s as f64);
            }
        }
    }
}

impl OnrampMetrics {
    fn collect_requests(&self, page: &mut Page, onramp: (&str, &str), instance: (&str, &str)) {
        for (at, method) in METHODS.iter().enumerate() {
            for code in 0..CODES {
                let count = self
                    .shards
                    .sum(|shard| shard.requests[at].get().map_or(0, |row| row[code].get()));
                if count > 0 {
                    let code = code.to_string();
                    page.counter(&REQUESTS, &[onramp, instance, ("method", method), ("code", &code)], count);
                }
            }
        }
        for (at, reason) in Label::all().enumerate() {
            let count = self.shards.sum(|shard| shard.answers[at].get());
            if count > 0 || reason == Label::Reply {
                page.counter(&ANSWERS, &[onramp, instance, ("reason", reason.name())], count);
            }
        }
        for (durations, class) in self.durations.iter().zip(CLASSES) {
            let snapshot = durations.snapshot();
            if snapshot.count() > 0 {
                page.histogram(&DURATION, &[onramp, instance, ("class", class)], &snapshot);
            }
        }
        let requests = self.shards.present(|shard| &shard.requests_there);
        page.gauge(&IN_FLIGHT, &[onramp, instance], requests.now as f64);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use temblor_event::Reason;

    use super::*;
    use crate::error::RefusalReason;

    #[test]
    fn every_reason_has_a_place_of_its_own() {
        let places: Vec<usize> = Label::all().map(Label::index).collect();
        assert_eq!(places, (0..Label::COUNT).collect::<Vec<_>>());
        // A new reason does not compile here; its number belongs into the count.
        let number = |label| match label {
            Label::Reply => 0,
            Label::Own(reason) => match reason {
                OwnReason::End(reason) => match reason {
                    Reason::NoReply => 1,
                    Reason::Filtered => 2,
                    Reason::Dropped => 3,
                    Reason::Unlinked => 4,
                    Reason::Merged => 5,
                    Reason::Overflow => 6,
                    Reason::NoUpstream => 7,
                    Reason::RateLimited => 8,
                    Reason::DecodeError => 9,
                    Reason::ScriptError => 10,
                    Reason::SelectError => 11,
                    Reason::Offramp => 12,
                },
                OwnReason::ReplyInvalid => 13,
                OwnReason::Empty => 14,
                OwnReason::Timeout => 15,
                OwnReason::Paused => 16,
                OwnReason::BufferFull => 17,
                OwnReason::Loop => 18,
                OwnReason::ClientGone => 19,
                OwnReason::Shutdown => 20,
                OwnReason::Undeployed => 21,
                OwnReason::Internal => 22,
            },
            Label::Refused(reason) => match reason {
                RefusalReason::BadRequest => 23,
                RefusalReason::HeadTimeout => 24,
                RefusalReason::BodyTimeout => 25,
                RefusalReason::BodyTooLarge => 26,
                RefusalReason::UriTooLong => 27,
                RefusalReason::HeadTooLarge => 28,
                RefusalReason::Expectation => 29,
                RefusalReason::NotImplemented => 30,
                RefusalReason::Version => 31,
                RefusalReason::Misdirected => 32,
            },
        };
        let numbers: BTreeSet<usize> = Label::all().map(number).collect();
        assert_eq!(numbers, (0..=32).collect());
    }

    #[test]
    fn methods_are_named_as_registered() {
        for (text, label) in [("GET", "GET"), ("PATCH", "PATCH"), ("PURGE", "OTHER"), ("get", "OTHER")] {
            let method = Method::from_bytes(text.as_bytes()).unwrap();
            assert_eq!(METHODS[usize::from(MethodLabel::of(&method).0)], label);
        }
    }

    #[test]
    fn a_request_without_answer_is_0_or_499() {
        let gone = Some(Label::Own(OwnReason::ClientGone));
        assert_eq!(code(gone, None), 499);
        assert_eq!(code(Some(Label::Own(OwnReason::Timeout)), None), 0);
        assert_eq!(code(Some(Label::Reply), Some(Status::OK)), 200);
    }
}
