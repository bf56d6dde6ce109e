//! An event as a request (spec/artefacts.md 4.2 to 4.5, spec/proxy.md 2.6).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use temblor_event::{Data, Event};
use temblor_runtime::need::{BodyNeed, Need};
use temblor_value::{ObjectMap, Str, Value};

use super::config::{Decompress, HostHeader};
use super::endpoint::Resolved;
use super::expose::Wishes;
use super::sink::RestSink;
use crate::message::{Direction, Field, HeaderBlock, Headers, Method, Name, Version};
use crate::rest::body::{Outlet, offered};
use crate::rest::headers::HeaderRecord;
use crate::rest::meta::key;
use crate::timeouts::AttemptTimeouts;
use crate::upstream::{Endpoint, OutgoingRequest, ProxyError, Upgrade};

/// Room for the fields of an ordinary request.
const HEADER_BYTES: usize = 512;
/// Fields that belong to the client's connection, or to framing, and never reach an upstream.
const CONNECTION_FIELDS: [&str; 13] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "proxy-connection",
    "http2-settings",
    "expect",
    "proxy-authorization",
    "proxy-authenticate",
    "host",
];
/// Codings that responses are decoded from.
const DECODABLE: &str = "gzip, deflate";

/// A request ready to be sent.
pub(super) struct Built {
    /// Where it goes.
    pub endpoint: Endpoint,
    /// What is sent.
    pub request: OutgoingRequest,
    /// Its parts, for the response event; the target has gone to the request.
    pub resolved: Resolved,
    /// `$response.request.headers`, if programs may look at them.
    pub headers: Option<Value>,
    /// Time limits of this attempt, where they are others than the offramp's: the event asks for its own (spec/proxy.md 2.3), or an operator
    /// for tighter ones (`attempt_timeout`, 4.5).
    pub timeouts: Option<AttemptTimeouts>,
}

impl RestSink {
    fn own_timeouts(&self, event: &Event, wishes: Wishes<'_>) -> Option<AttemptTimeouts> {
        let asked = wishes.timeouts(&self.config.timeouts);
        let Some(limit) = event.op_meta.attempted().and_then(|attempted| attempted.timeout_ms) else {
            return asked;
        };
        let limit = Duration::from_millis(limit);
        let mut timeouts = asked.unwrap_or_else(|| self.config.timeouts.clone());
        timeouts.total = Some(timeouts.total.map_or(limit, |total| total.min(limit)));
        Some(timeouts)
    }

    /// Builds the request of an event; the error is the text of the error event.
    pub(super) fn build_request(&self, event: &Event, need: BodyNeed, is_shown: bool) -> Result<Box<Built>, String> {
        let meta = event.meta();
        let usual = self.usual.as_ref();
        let mut resolved = self
            .config
            .endpoint
            .for_event(meta, usual)
            .map_err(|error| error.to_string())?;
        let no_request = Value::Null;
        let request = meta.get("request").unwrap_or(&no_request);
        let given = HeaderRecord::of(request.get("headers"));
        let method = self.method(request)?;
        let outlet = self.outlet(event, given);
        let body = outlet
            .body(event.payload.data(), event.ingest_ns)?
            .content
            .unwrap_or_default();
        let mut fields = Fields::new(is_shown);
        let wishes = Wishes::of(event, self);
        let host = wishes.host().unwrap_or_else(|| self.host_header(&resolved, given));
        fields.set_host(host)?;
        self.add_headers(&mut fields, given, self.decodes(need))?;
        self.add_own(&mut fields, &resolved, need)?;
        Ok(Box::new(Built {
            endpoint: self.upstream_endpoint(&resolved).map_err(|error| error.to_string())?,
            request: OutgoingRequest {
                method,
                target: std::mem::take(&mut resolved.target),
                headers: fields.block,
                upgrade: self.upgrade(event, given),
                body,
                takes_trailers: self.streams(need) && given.names_option(Name::Te, "trailers"),
            },
            timeouts: self.own_timeouts(event, wishes),
            headers: fields.record.map(Value::from),
            resolved,
        }))
    }

    /// Whether the body of the event must be read to its end before its request can be built.
    pub(super) fn must_collect(&self, event: &Event) -> bool {
        if !matches!(event.payload.data(), Data::Stream(_)) {
            return false;
        }
        let given = HeaderRecord::of(event.meta().get("request").and_then(|request| request.get("headers")));
        self.outlet(event, given).must_collect(event.payload.data())
    }

    fn outlet(&self, event: &Event, given: HeaderRecord<'_>) -> Outlet<'_> {
        let codec = given
            .first(Name::ContentType)
            .and_then(|text| self.codec_map.resolve(Some(text)))
            .unwrap_or(&self.codec);
        Outlet {
            codec,
            postprocessors: &self.postprocessors,
            always_encode: self.config.always_encode,
            keep: kept(event),
            counts: &self.metrics.bodies,
        }
    }

    /// The switch of protocols that the event asks for, if it is allowed (spec/proxy.md 2.9).
    fn upgrade(&self, event: &Event, given: HeaderRecord<'_>) -> Option<Upgrade> {
        let version = offered(event.payload.data())?;
        let wanted = self
            .config
            .upgrade
            .iter()
            .find(|protocol| given.names_option(Name::Upgrade, protocol))?;
        given.names_option(Name::Connection, "upgrade").then(|| Upgrade {
            protocol: wanted.to_string(),
            lacks_handshake: version == Version::Http2,
        })
    }

    /// May responses be passed on while they arrive?
    fn streams(&self, need: BodyNeed) -> bool {
        need.need == Need::Stream && (!self.config.validate || self.codec.accepts_any_bytes())
    }

    /// Where a request goes; nearly always where the configuration says.
    fn upstream_endpoint(&self, resolved: &Resolved) -> Result<Endpoint, ProxyError> {
        match &self.usual_endpoint {
            Some(usual)
                if usual.port() == resolved.port
                    && usual.is_secure() == resolved.is_https
                    && usual.host() == resolved.host.as_str() =>
            {
                Ok(usual.clone())
            }
            _ => self
                .proxies
                .route(Endpoint::new(&resolved.host, resolved.port).with_tls(resolved.is_https)),
        }
    }

    fn method(&self, request: &Value) -> Result<Method, String> {
        match request.get("method").and_then(Value::as_str) {
            Some(text) => Method::from_text(text.trim()).ok_or_else(|| format!("Invalid HTTP method: `{text}`")),
            None => Ok(self.config.method.clone()),
        }
    }

    fn host_header<'a>(&'a self, resolved: &'a Resolved, given: HeaderRecord<'a>) -> &'a str {
        match &self.config.host_header {
            HostHeader::Endpoint => &resolved.authority,
            HostHeader::Client => given.first(Name::Host).unwrap_or(&resolved.authority),
            HostHeader::Text(text) => text,
        }
    }

    /// Configured fields, then the event's: each of these replaces the configured ones of its name.
    fn add_headers(&self, fields: &mut Fields, given: HeaderRecord<'_>, is_decoding: bool) -> Result<(), String> {
        for (name, value) in &self.config.headers {
            if !given.has(name) {
                fields.set(name, &Value::Str(value.clone()))?;
            }
        }
        let untouched = given.untouched().filter(|_| !is_decoding && fields.record.is_none());
        for field in untouched.into_iter().flat_map(Headers::iter) {
            fields.pass(field);
        }
        for entry in given.entries_from(untouched.map_or(0, Headers::len)) {
            if is_decoding && entry.name.eq_ignore_ascii_case("accept-encoding") {
                fields.set(entry.name, &Value::Str(decodable(entry.value())))?;
            } else if let (None, Some(received)) = (&fields.record, entry.received()) {
                received.for_each(|field| fields.pass(field));
            } else {
                fields.set(entry.name, entry.value())?;
            }
        }
        Ok(())
    }

    /// Fields that are added unless given (spec/artefacts.md 4.4 item 4 and 5, spec/proxy.md 3.4).
    fn add_own(&self, fields: &mut Fields, resolved: &Resolved, need: BodyNeed) -> Result<(), String> {
        if !fields.block.contains(Name::ContentType) {
            fields.set("content-type", &Value::Str(Str::from_static("application/octet-stream")))?;
        }
        if !fields.block.contains(Name::Authorization)
            && let Some((username, password)) = &resolved.credentials
        {
            let text = format!("Basic {}", STANDARD.encode(format!("{username}:{password}")));
            fields.add_unseen("authorization", &text)?;
        }
        if !fields.block.contains(Name::UserAgent) {
            fields.add_unseen("user-agent", concat!("temblor/", env!("CARGO_PKG_VERSION")))?;
        }
        if !fields.block.contains(Name::Accept) {
            fields.add_unseen("accept", "*/*")?;
        }
        if self.decodes(need) && !fields.block.contains(Name::AcceptEncoding) {
            fields.add_unseen("accept-encoding", DECODABLE)?;
        }
        Ok(())
    }

    /// Whether responses are decoded from their content coding (spec/proxy.md 3.4).
    pub(super) fn decodes(&self, need: BodyNeed) -> bool {
        match self.config.decompress {
            Decompress::Always => true,
            Decompress::Never => false,
            Decompress::Auto => need.need == Need::Value,
        }
    }
}

/// How much of an event's body is kept while it is sent, since an operator may send the event again.
pub(super) fn kept(event: &Event) -> Option<u64> {
    event.op_meta.attempted().map(|attempted| attempted.body_limit)
}

/// What of a client's `accept-encoding` can be decoded; `identity` if nothing is left.
fn decodable(value: &Value) -> Str {
    let texts = match value {
        Value::Str(text) => vec![text.as_str()],
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let items = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    let known = |item: &&str| {
        let coding = item.split(';').next().unwrap_or("").trim();
        ["gzip", "x-gzip", "deflate", "identity"]
            .iter()
            .any(|name| coding.eq_ignore_ascii_case(name))
    };
    let kept: Vec<&str> = items.filter(known).collect();
    if kept.is_empty() {
        Str::from_static("identity")
    } else {
        Str::from(kept.join(", "))
    }
}

/// Fields as they are sent, and as the response event shows them.
struct Fields {
    block: HeaderBlock,
    /// `None` if no program can see it.
    record: Option<ObjectMap>,
}

impl Fields {
    fn new(is_shown: bool) -> Self {
        Self {
            block: HeaderBlock::with_capacity(Direction::Request, HEADER_BYTES),
            record: is_shown.then(|| ObjectMap::with_capacity(12)),
        }
    }

    fn set_host(&mut self, host: &str) -> Result<(), String> {
        self.push("host", host)?;
        if let Some(record) = &mut self.record {
            record.insert(Str::from_static("host"), Value::from(vec![Value::from(host)]));
        }
        Ok(())
    }

    /// One name with a text or an array of texts.
    fn set(&mut self, name: &str, value: &Value) -> Result<(), String> {
        if CONNECTION_FIELDS.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return Ok(());
        }
        match value {
            Value::Str(text) => self.push(name, text)?,
            Value::Array(values) => values
                .iter()
                .filter_map(Value::as_str)
                .try_for_each(|text| self.push(name, text))?,
            _ => return Ok(()),
        }
        self.show(name, value);
        Ok(())
    }

    /// One field of the request as it came.
    fn pass(&mut self, field: Field<'_>) {
        // What else belongs to the client's connection the block leaves out.
        if field.known() != Some(Name::Host) {
            self.block.push_field(field);
        }
    }

    /// Notes a field for the response event.
    fn show(&mut self, name: &str, value: &Value) {
        let Some(record) = &mut self.record else { return };
        let texts: Vec<Value> = match value {
            Value::Array(values) => values.iter().filter(|value| value.as_str().is_some()).cloned().collect(),
            text => vec![text.clone()],
        };
        if texts.is_empty() {
            return;
        }
        let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
        let name = if is_lower {
            Str::new(name)
        } else {
            Str::from(name.to_ascii_lowercase())
        };
        record.insert(name, Value::from(texts));
    }

    /// A field that the client adds; the response event does not show it.
    fn add_unseen(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.push(name, value)
    }

    fn push(&mut self, name: &str, value: &str) -> Result<(), String> {
        self.block
            .push(name, value.as_bytes())
            .map_err(|error| format!("{error}: `{name}`"))
    }
}

/// The `request` part of a response's metadata.
pub(super) fn request_record(method: &Method, headers: Value, endpoint: Value) -> Value {
    let mut record = ObjectMap::with_capacity(3);
    record.insert(key::METHOD, Str::new(method.as_str()));
    record.insert(key::HEADERS, headers);
    record.insert(key::ENDPOINT, endpoint);
    Value::from(record)
}
