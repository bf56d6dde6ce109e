//! What is known of an exchange when it has ended (`proxy.md` 5.1).

use std::net::IpAddr;
use std::time::Duration;

use temblor_event::EventId;
use temblor_runtime::config::ExchangeField;
use temblor_value::Value;

/// The record; what does not apply is `None` or null. Bytes are as they came.
pub(crate) struct Exchange<'a> {
    /// Start, nanoseconds since the epoch.
    pub(crate) time_ns: u64,
    /// From the complete head to the last byte of the answer.
    pub(crate) total: Duration,
    pub(crate) onramp: &'a str,
    pub(crate) instance: &'a str,
    pub(crate) event_id: Option<EventId>,
    pub(crate) client: Option<IpAddr>,
    pub(crate) peer: IpAddr,
    pub(crate) protocol: Option<&'static str>,
    /// What the handshake has shown; null without TLS.
    pub(crate) tls: &'a Value,
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
    pub(crate) head_time: Duration,
    pub(crate) body_time: Duration,
    pub(crate) program_time: Duration,
    pub(crate) wait_time: Duration,
    pub(crate) send_time: Duration,
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
    /// Milliseconds to the microsecond.
    Millis(Duration),
    /// A time as text; nanoseconds since the epoch.
    Moment(u64),
    /// Printable ASCII without quotes and backslashes.
    Plain(&'a str),
    Text(&'a str),
    /// Text as it came.
    Bytes(&'a [u8]),
    Address(IpAddr),
    Event(&'a EventId),
    Value(&'a Value),
    /// A record, empty if null.
    Record(&'a Value),
}

/// A value, or null.
macro_rules! optional {
    ($kind:ident, $value:expr) => {
        $value.map_or(Field::Null, Field::$kind)
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
    /// The value of a field.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "one arm is left where the name is known")]
    pub(crate) fn field(&self, field: ExchangeField) -> Field<'_> {
        match field {
            ExchangeField::Kind => Field::Plain("exchange"),
            ExchangeField::Time => Field::Number(self.time_ns),
            ExchangeField::Ms => Field::Millis(self.total),
            ExchangeField::Failed => Field::Number(u64::from(is_failure(self.status, self.reason))),
            ExchangeField::Onramp => Field::Text(self.onramp),
            ExchangeField::Instance => Field::Text(self.instance),
            ExchangeField::EventId => optional!(Event, self.event_id.as_ref()),
            // Request ids and traces belong to a later release.
            ExchangeField::RequestId | ExchangeField::TraceId => Field::Null,
            ExchangeField::Client => optional!(Address, self.client),
            ExchangeField::Peer => Field::Address(self.peer),
            ExchangeField::Protocol => optional!(Plain, self.protocol),
            ExchangeField::Tls => Field::Value(self.tls),
            // A token (RFC 9110 5.6.2) has neither quotes nor backslashes.
            ExchangeField::Method => optional!(Plain, self.method),
            ExchangeField::Scheme => Field::Plain(self.scheme),
            ExchangeField::Host => optional!(Text, self.host),
            ExchangeField::Path => optional!(Text, self.path),
            ExchangeField::Query => optional!(Text, self.query),
            ExchangeField::Status => Field::Number(u64::from(self.status)),
            ExchangeField::Reason => optional!(Plain, self.reason),
            ExchangeField::Complete => Field::Bool(self.is_complete),
            ExchangeField::In => Field::Number(self.bytes_in),
            ExchangeField::Out => Field::Number(self.bytes_out),
            ExchangeField::HeadMs => Field::Millis(self.head_time),
            ExchangeField::BodyMs => Field::Millis(self.body_time),
            ExchangeField::ProgramMs => Field::Millis(self.program_time),
            ExchangeField::WaitMs => Field::Millis(self.wait_time),
            ExchangeField::SendMs => Field::Millis(self.send_time),
            ExchangeField::Attempts => Field::Number(u64::from(self.attempts)),
            ExchangeField::Offramp => optional!(Text, self.offramp),
            ExchangeField::Output => optional!(Text, self.output),
            ExchangeField::Referer => optional!(Bytes, self.referer),
            ExchangeField::UserAgent => optional!(Bytes, self.user_agent),
            ExchangeField::Labels => Field::Record(self.labels),
            ExchangeField::TimeText => Field::Moment(self.time_ns),
        }
    }
}
