//! Heads of requests (`proxy.md` 2.1, the paragraph on HTTP/2). Nothing is repaired.
//!
//! What RFC 9113 calls malformed the library has refused before, but for blanks around values. The rest is as for HTTP/1.1. Extended CONNECT
//! (RFC 8441) becomes what asks for another protocol there (`proxy.md` 2.9).

use ::h2::ext::Protocol;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, COOKIE, EXPECT, HOST};
use http::request::Parts;

use super::fields::{self, Gatherer};
use crate::error::{Refusal, RefusalReason};
use crate::h1::ContentLength;
use crate::limits::ServerLimits;
use crate::message::class::is_token;
use crate::message::{Authority, Method, Name, RequestHead, Target, TargetForm, Version, parse_authority};

/// A request head and what follows from it.
#[derive(Debug)]
pub(super) struct RequestMessage {
    pub(super) head: RequestHead,
    /// Bytes of the body, if they are announced.
    pub(super) length: Option<u64>,
    /// Does the client wait for `100 Continue`?
    pub(super) expects_continue: bool,
}

/// Why a head is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The stream ends with `PROTOCOL_ERROR`.
    Malformed,
    /// The request is answered.
    Refused(Refusal),
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Fault::Refused(refusal)
    }
}

/// Reads a head. `is_secure`: it came over TLS.
pub(super) fn read(parts: &Parts, limits: &ServerLimits, is_secure: bool) -> Result<RequestMessage, Fault> {
    let given = &parts.headers;
    if !given.values().all(fields::is_bare) {
        return Err(Fault::Malformed);
    }
    if given.len() > limits.headers {
        return Err(Refusal::new(RefusalReason::HeadTooLarge, "too many fields").into());
    }
    let method = Method::from_bytes(parts.method.as_str().as_bytes())
        .ok_or(Refusal::bad("the method is not a token of at most 32 bytes"))?;
    let protocol = protocol(parts)?;
    let method = match (method, protocol) {
        (_, Some(_)) => Method::Get,
        (Method::Connect, None) => return Err(Refusal::new(RefusalReason::NotImplemented, "CONNECT").into()),
        (method, None) => method,
    };
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    if path.len() > limits.target {
        return Err(Refusal::new(RefusalReason::UriTooLong, "target too long").into());
    }
    let host = host(parts, is_secure)?;
    let mut gatherer = Gatherer::with_capacity(path.len() + host.len() + fields::size(given), given.len() + 3);
    let path = gatherer.put(path.as_bytes());
    gatherer.known(Name::Host, host.as_bytes());
    gather(&mut gatherer, given);
    if let Some(protocol) = protocol {
        gatherer.known(Name::Connection, b"upgrade");
        gatherer.known(Name::Upgrade, protocol.as_bytes());
    }
    let (headers, buffer) = gatherer.finish();
    let target = Target::parse(buffer.slice(path)).ok_or(Refusal::bad("invalid target"))?;
    match target.form() {
        TargetForm::Origin => {}
        TargetForm::Asterisk if method == Method::Options => {}
        TargetForm::Asterisk => return Err(Refusal::bad("target * without OPTIONS").into()),
        TargetForm::Absolute => return Err(Refusal::bad("a path that does not begin with /").into()),
    }
    Ok(RequestMessage {
        head: RequestHead {
            method,
            target,
            version: Version::Http2,
            headers,
        },
        length: length(given)?,
        expects_continue: expects_continue(given)?,
    })
}

/// The protocol that extended CONNECT asks for. What it opens has no announced length.
fn protocol(parts: &Parts) -> Result<Option<&str>, Refusal> {
    let Some(protocol) = parts.extensions.get::<Protocol>().map(Protocol::as_str) else {
        return Ok(None);
    };
    if !is_token(protocol.as_bytes()) {
        return Err(Refusal::bad("a protocol that is no token"));
    }
    if parts.headers.contains_key(CONTENT_LENGTH) {
        return Err(Refusal::bad("CONNECT with a length"));
    }
    Ok(Some(protocol))
}

/// Fields in order of arrival, but for those that are one whatever they came as.
fn gather(gatherer: &mut Gatherer, given: &HeaderMap) {
    let mut has_cookies = false;
    for (name, value) in given {
        if name == HOST || name == COOKIE && has_cookies {
            continue;
        }
        if name == COOKIE {
            has_cookies = true;
            let crumbs = given.get_all(COOKIE).into_iter().map(http::HeaderValue::as_bytes);
            gatherer.joined(Name::Cookie, crumbs, b"; ");
        } else {
            gatherer.field(name.as_str(), value.as_bytes());
        }
    }
}

/// The host that is asked for: `:authority`, or the field that stands for it.
fn host(parts: &Parts, is_secure: bool) -> Result<&str, Refusal> {
    let mut fields = parts.headers.get_all(HOST).into_iter();
    let field = fields.next().map(|value| value.to_str().unwrap_or_default());
    if fields.next().is_some() {
        return Err(Refusal::bad("more than one host field"));
    }
    let authority = parts.uri.authority().map(http::uri::Authority::as_str);
    let host = authority.or(field).ok_or(Refusal::bad("no host"))?;
    let parsed = parse_authority(host).ok_or(Refusal::bad("invalid host"))?;
    let agrees = |field: &str| parse_authority(field).is_some_and(|field| is_same(parsed, field, is_secure));
    if field.is_some_and(|field| !agrees(field)) {
        return Err(Refusal::bad("host and :authority differ"));
    }
    Ok(host)
}

fn is_same(one: Authority<'_>, other: Authority<'_>, is_secure: bool) -> bool {
    let default = if is_secure { 443 } else { 80 };
    let port = |authority: Authority<'_>| authority.port.unwrap_or(default);
    one.host.eq_ignore_ascii_case(other.host) && port(one) == port(other)
}

fn length(given: &HeaderMap) -> Result<Option<u64>, Fault> {
    let mut length = ContentLength::default();
    for value in given.get_all(CONTENT_LENGTH) {
        length.add(value.as_bytes()).map_err(|_| Fault::Malformed)?;
    }
    Ok(length.value())
}

fn expects_continue(given: &HeaderMap) -> Result<bool, Refusal> {
    let mut expects = false;
    for value in given.get_all(EXPECT) {
        if !value.as_bytes().eq_ignore_ascii_case(b"100-continue") {
            return Err(Refusal::new(RefusalReason::Expectation, "unknown expectation"));
        }
        expects = true;
    }
    Ok(expects)
}
