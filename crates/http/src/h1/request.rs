//! Strict parser of request heads (`proxy.md` 2.1). Nothing is repaired.
//!
//! The verdict depends on the bytes alone, not on how they were cut into reads: lines are judged in order, each when its
//! end has arrived, and only the first `limits.head` bytes are ever looked at.

use bytes::{Buf, BytesMut};

use super::field::{Leniency, Lines, parse_field};
use super::framing::{Coding, ConnectionOptions, ContentLength, Framing, TransferEncoding};
use crate::error::{Refusal, RefusalReason};
use crate::limits::ServerLimits;
use crate::message::class::{is_token, is_token_byte};
use crate::message::{Headers, Method, Name, RequestHead, Slot, Target, TargetForm, Version, ascii, parse_authority};

/// Options a `Connection` field may have.
const MAX_CONNECTION_OPTIONS: usize = 10;

/// Fields usual in a message; room for them is made at once.
pub(super) const USUAL_FIELDS: usize = 16;

/// A complete request head and what follows from it.
#[derive(Debug)]
pub(crate) struct RequestMessage {
    pub(crate) head: RequestHead,
    pub(crate) framing: Framing,
    /// May the connection go on after the answer, as far as the client is concerned?
    pub(crate) persistent: bool,
    /// Does the client wait for `100 Continue`?
    pub(crate) expects_continue: bool,
}

/// What a request must obey.
#[derive(Clone, Copy)]
pub(crate) struct RequestRules<'a> {
    pub(crate) limits: &'a ServerLimits,
    /// Lower-case names beside the fixed ones that a `Connection` field must not nominate.
    pub(crate) protected: &'a [String],
}

/// Parser of one request head. Made anew for each request.
#[derive(Debug, Default)]
pub(crate) struct RequestParser {
    lines: Lines,
    line: Option<RequestLine>,
    skipped_empty_line: bool,
    slots: Vec<Slot>,
}

#[derive(Debug)]
struct RequestLine {
    method: Method,
    version: Version,
    target: (usize, usize),
}

impl RequestParser {
    /// Takes what has arrived. The head is removed from the buffer when it is complete; what follows it stays.
    pub(crate) fn advance(&mut self, buffer: &mut BytesMut, rules: RequestRules<'_>) -> Result<Option<RequestMessage>, Refusal> {
        if self.line.is_none() {
            self.check_start(buffer)?;
        }
        let limit = rules.limits.head;
        loop {
            let window = buffer.len().min(limit);
            let seen = buffer.get(..window).unwrap_or_default();
            let Some((start, end)) = self
                .lines
                .next(seen)
                .map_err(|_| Refusal::bad("line feed without carriage return"))?
            else {
                return if window == limit {
                    Err(self.too_large(seen, rules.limits))
                } else {
                    Ok(None)
                };
            };
            if self.line.is_some() {
                if start == end {
                    return self.finish(buffer, rules).map(Some);
                }
                if self.slots.len() == rules.limits.headers {
                    return Err(Refusal::new(RefusalReason::HeadTooLarge, "too many fields"));
                }
                self.slots
                    .push(parse_field(buffer, start, end, Leniency::Strict).map_err(Refusal::bad)?);
            } else if start == end {
                if self.skipped_empty_line {
                    return Err(Refusal::bad("more than one empty line before the request"));
                }
                self.skipped_empty_line = true;
                buffer.advance(end + 2);
                self.lines = Lines::default();
                self.check_start(buffer)?;
            } else {
                let line = seen.get(start..end).unwrap_or_default();
                self.line = Some(parse_request_line(line, start, rules.limits)?);
                self.slots.reserve(USUAL_FIELDS);
            }
        }
    }

    /// Refuses what cannot become a request line, so that a client speaking another protocol need not wait for a time-out.
    fn check_start(&self, buffer: &[u8]) -> Result<(), Refusal> {
        match buffer.first() {
            Some(b'\r') if !self.skipped_empty_line => Ok(()),
            Some(&byte) if !is_token_byte(byte) => Err(Refusal::bad("the request line does not begin with a method")),
            _ => match buffer.get(..=Method::MAX_LENGTH) {
                Some(start) if !start.contains(&b' ') && !start.contains(&b'\n') => Err(Refusal::bad("method too long")),
                _ => Ok(()),
            },
        }
    }

    fn too_large(&self, seen: &[u8], limits: &ServerLimits) -> Refusal {
        let target = seen.splitn(3, |&byte| byte == b' ').nth(1).unwrap_or_default();
        if self.line.is_none() && target.len() > limits.target {
            return Refusal::new(RefusalReason::UriTooLong, "target too long");
        }
        Refusal::new(RefusalReason::HeadTooLarge, "head too large")
    }

    fn finish(&mut self, buffer: &mut BytesMut, rules: RequestRules<'_>) -> Result<RequestMessage, Refusal> {
        let text = buffer.split_to(self.lines.position()).freeze();
        let Some(line) = self.line.take() else {
            return Err(Refusal::bad("no request line"));
        };
        let mut slots = std::mem::take(&mut self.slots);
        let target = Target::parse(text.slice(line.target.0..line.target.1)).ok_or(Refusal::bad("invalid target"))?;
        if target.form() == TargetForm::Asterisk && line.method != Method::Options {
            return Err(Refusal::bad("target * without OPTIONS"));
        }
        let fields = ControlFields::read(&text, &slots)?;
        fields.check_host(line.version)?;
        fields.check_connection(rules.protected)?;
        let framing = fields.framing(line.version)?;
        if let Some((start, end)) = target.authority_range() {
            replace_host(&mut slots, line.target.0 + start, end - start);
        }
        let mut headers = Headers::new(text, slots);
        if !fields.connection.nominated.is_empty() {
            headers.retain(|field| !fields.connection.nominates(field.name().as_bytes()));
        }
        let connection = &fields.connection;
        Ok(RequestMessage {
            framing,
            persistent: !connection.close && (line.version == Version::Http11 || connection.keep_alive),
            expects_continue: fields.expects_continue && line.version == Version::Http11,
            head: RequestHead {
                method: line.method,
                target,
                version: line.version,
                headers,
            },
        })
    }
}

fn parse_request_line(line: &[u8], start: usize, limits: &ServerLimits) -> Result<RequestLine, Refusal> {
    let mut parts = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(Refusal::bad("the request line is not method, target and version"));
    };
    if method.len() > Method::MAX_LENGTH || !is_token(method) {
        return Err(Refusal::bad("the method is not a token of at most 32 bytes"));
    }
    let version = parse_version(version)?;
    let Some(method_read) = Method::from_bytes(method) else {
        return Err(Refusal::bad("the method is not a token of at most 32 bytes"));
    };
    if method_read == Method::Connect {
        return Err(Refusal::new(RefusalReason::NotImplemented, "CONNECT"));
    }
    if target.len() > limits.target {
        return Err(Refusal::new(RefusalReason::UriTooLong, "target too long"));
    }
    let target_start = start + method.len() + 1;
    Ok(RequestLine {
        method: method_read,
        version,
        target: (target_start, target_start + target.len()),
    })
}

fn parse_version(text: &[u8]) -> Result<Version, Refusal> {
    match text {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', b'0'..=b'9'] => {
            if *major == b'1' {
                Ok(Version::Http11)
            } else {
                Err(Refusal::new(RefusalReason::Version, "not HTTP/1"))
            }
        }
        _ => Err(Refusal::bad("no HTTP version")),
    }
}

/// The authority of an absolute target wins over the `Host` field (RFC 9112 3.2.2).
fn replace_host(slots: &mut Vec<Slot>, value_start: usize, value_len: usize) {
    let (value_start, value_len) = (value_start as u32, value_len as u32);
    match slots.iter_mut().find(|slot| slot.known == Some(Name::Host)) {
        Some(slot) => (slot.value_start, slot.value_len) = (value_start, value_len),
        None => slots.push(Slot {
            known: Some(Name::Host),
            name_start: 0,
            name_len: 0,
            value_start,
            value_len,
        }),
    }
}

/// The fields that say how the message and the connection are to be treated.
#[derive(Debug, Default)]
struct ControlFields {
    hosts: usize,
    bad_host: bool,
    length: ContentLength,
    coding: TransferEncoding,
    connection: ConnectionOptions,
    expects_continue: bool,
}

impl ControlFields {
    fn read(text: &[u8], slots: &[Slot]) -> Result<ControlFields, Refusal> {
        let mut fields = ControlFields::default();
        for slot in slots {
            let value = slot.value(text);
            match slot.known {
                Some(Name::Host) => {
                    fields.hosts += 1;
                    fields.bad_host |= parse_authority(ascii(value)).is_none();
                }
                Some(Name::ContentLength) => fields.length.add(value).map_err(Refusal::bad)?,
                Some(Name::TransferEncoding) => fields.coding.add(value),
                Some(Name::Connection) => fields.connection.add(value),
                Some(Name::Expect) if value.eq_ignore_ascii_case(b"100-continue") => fields.expects_continue = true,
                Some(Name::Expect) => return Err(Refusal::new(RefusalReason::Expectation, "unknown expectation")),
                _ => {}
            }
        }
        Ok(fields)
    }

    fn check_host(&self, version: Version) -> Result<(), Refusal> {
        if self.hosts > 1 || (self.hosts == 0 && version == Version::Http11) {
            return Err(Refusal::bad("not exactly one host field"));
        }
        if self.bad_host {
            return Err(Refusal::bad("invalid host"));
        }
        Ok(())
    }

    fn check_connection(&self, protected: &[String]) -> Result<(), Refusal> {
        if self.connection.count > MAX_CONNECTION_OPTIONS {
            return Err(Refusal::bad("too many connection options"));
        }
        if self.connection.broken {
            return Err(Refusal::bad("a connection option is not a token"));
        }
        let is_protected = |name: &[u8]| must_not_be_nominated(name) || protected.iter().any(|other| other.as_bytes() == name);
        if self.connection.nominated.iter().any(|name| is_protected(name)) {
            return Err(Refusal::bad("a connection option nominates a field that must arrive"));
        }
        Ok(())
    }

    fn framing(&self, version: Version) -> Result<Framing, Refusal> {
        let coding = self.coding.coding();
        if coding == Coding::Absent {
            return Ok(Framing::Length(self.length.value().unwrap_or(0)));
        }
        if self.length.value().is_some() {
            return Err(Refusal::bad("both content-length and transfer-encoding"));
        }
        if version == Version::Http10 {
            return Err(Refusal::bad("transfer-encoding in HTTP/1.0"));
        }
        match coding {
            Coding::Chunked => Ok(Framing::Chunked),
            Coding::Unsupported => Err(Refusal::new(RefusalReason::NotImplemented, "unknown transfer coding")),
            Coding::Absent | Coding::Invalid => Err(Refusal::bad("transfer-encoding does not end in a single chunked")),
        }
    }
}

/// The fixed part of `proxy.md` 2.1, row `Connection`.
fn must_not_be_nominated(name: &[u8]) -> bool {
    let listed = matches!(
        Name::from_lower(name),
        Some(
            Name::Host
                | Name::ContentLength
                | Name::ContentType
                | Name::Authorization
                | Name::Cookie
                | Name::Date
                | Name::Forwarded
                | Name::XRealIp
                | Name::XRequestId
                | Name::Traceparent
                | Name::Tracestate
        )
    );
    listed || name.starts_with(b"x-forwarded-")
}
