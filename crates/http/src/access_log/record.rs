//! What is known of an exchange when it has ended (`proxy.md` 5.1).

use std::net::IpAddr;

use temblor_runtime::config::EXCHANGE_FIELDS;
use temblor_value::Value;

/// The record; what does not apply is `None` or null. Bytes are as they came.
pub(crate) struct Exchange<'a> {
    /// Start, nanoseconds since the epoch.
    pub(crate) time_ns: u64,
    pub(crate) ms: f64,
    pub(crate) onramp: &'a str,
    pub(crate) instance: &'a str,
    pub(crate) event_id: Option<&'a str>,
    pub(crate) client: Option<IpAddr>,
    pub(crate) peer: IpAddr,
    pub(crate) protocol: Option<&'a str>,
    /// What the handshake has shown; null without TLS.
    pub(crate) tls: Value,
    pub(crate) method: Option<&'a str>,
    pub(crate) scheme: &'static str,
    pub(crate) host: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) query: Option<&'a str>,
    /// 499 for a client that went away, 0 for no answer.
    pub(crate) status: u16,
    pub(crate) reason: Option<&'static str>,
    pub(crate) is_complete: bool,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    pub(crate) head_ms: f64,
    pub(crate) body_ms: f64,
    pub(crate) program_ms: f64,
    pub(crate) wait_ms: f64,
    pub(crate) send_ms: f64,
    pub(crate) attempts: u32,
    pub(crate) offramp: Option<&'a str>,
    pub(crate) output: Option<&'a str>,
    pub(crate) referer: Option<&'a [u8]>,
    pub(crate) user_agent: Option<&'a [u8]>,
    /// A record, or null for an empty one.
    pub(crate) labels: &'a Value,
}

/// A field's value.
pub(crate) enum Field<'a> {
    Null,
    Bool(bool),
    Number(u64),
    Millis(f64),
    Text(&'a str),
    /// Text as it came.
    Bytes(&'a [u8]),
    Address(IpAddr),
    Value(&'a Value),
    /// A record, empty if null.
    Record(&'a Value),
}

impl<'a> Field<'a> {
    fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }

    fn bytes(bytes: Option<&'a [u8]>) -> Self {
        bytes.map_or(Self::Null, Self::Bytes)
    }
}

/// Fields, and before each what JSON has between the one before and its value: written in one piece.
macro_rules! fields {
    ($($name:literal => $value:expr,)*) => {
        [$((concat!(",\"", $name, "\":"), $value)),*]
    };
}

/// Whether the exchange counts as failed: status 500 and above, or an answer of our own that says nothing about the client.
pub(crate) fn is_failure(status: u16, reason: Option<&str>) -> bool {
    let is_own = reason.is_some_and(|reason| reason != "reply");
    status >= 500 || is_own && !(400..500).contains(&status)
}

/// Whether `when: errors` writes the exchange.
pub(crate) fn is_error(status: u16, is_complete: bool) -> bool {
    status >= 400 || status == 0 || !is_complete
}

impl Exchange<'_> {
    /// All fields in their order, each with its name as JSON has it behind another field.
    pub(crate) fn fields(&self) -> [(&'static str, Field<'_>); EXCHANGE_FIELDS.len()] {
        fields! {
            "kind" => Field::Text("exchange"),
            "time" => Field::Number(self.time_ns),
            "ms" => Field::Millis(self.ms),
            "failed" => Field::Number(u64::from(is_failure(self.status, self.reason))),
            "onramp" => Field::Text(self.onramp),
            "instance" => Field::Text(self.instance),
            "event_id" => Field::text(self.event_id),
            // Request ids and traces belong to a later release.
            "request_id" => Field::Null,
            "trace_id" => Field::Null,
            "client" => self.client.map_or(Field::Null, Field::Address),
            "peer" => Field::Address(self.peer),
            "protocol" => Field::text(self.protocol),
            "tls" => Field::Value(&self.tls),
            "method" => Field::text(self.method),
            "scheme" => Field::Text(self.scheme),
            "host" => Field::text(self.host),
            "path" => Field::text(self.path),
            "query" => Field::text(self.query),
            "status" => Field::Number(u64::from(self.status)),
            "reason" => Field::text(self.reason),
            "complete" => Field::Bool(self.is_complete),
            "in" => Field::Number(self.bytes_in),
            "out" => Field::Number(self.bytes_out),
            "head_ms" => Field::Millis(self.head_ms),
            "body_ms" => Field::Millis(self.body_ms),
            "program_ms" => Field::Millis(self.program_ms),
            "wait_ms" => Field::Millis(self.wait_ms),
            "send_ms" => Field::Millis(self.send_ms),
            "attempts" => Field::Number(u64::from(self.attempts)),
            "offramp" => Field::text(self.offramp),
            "output" => Field::text(self.output),
            "referer" => Field::bytes(self.referer),
            "user_agent" => Field::bytes(self.user_agent),
            "labels" => Field::Record(self.labels),
        }
    }

    /// The value of a field by its name; null for a name that is none.
    pub(crate) fn field(&self, name: &str) -> Field<'_> {
        let place = EXCHANGE_FIELDS.iter().position(|known| *known == name);
        let found = place.and_then(|place| self.fields().into_iter().nth(place));
        found.map_or(Field::Null, |(_, field)| field)
    }
}
