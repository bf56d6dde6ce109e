//! Parser of response heads (`proxy.md` 2.1, "Upstream responses").
//!
//! Folded lines are joined by a blank and blanks before a colon are removed; everything else that is not well-formed is
//! an error, which says what is wrong.

use std::time::Duration;

use bytes::BytesMut;

use super::field::{Leniency, Lines, parse_field};
use super::framing::{Coding, ConnectionOptions, ContentLength, Framing, TransferEncoding};
use super::request::USUAL_FIELDS;
use crate::limits::ClientLimits;
use crate::message::class::{is_value, trim};
use crate::message::{Headers, Method, Name, ResponseHead, Slot, Status, Version};

/// A complete response head and what follows from it.
#[derive(Debug)]
pub(crate) struct ResponseMessage {
    pub(crate) head: ResponseHead,
    pub(crate) framing: Framing,
    /// May the connection be used again, as far as the upstream is concerned?
    pub(crate) persistent: bool,
    /// How long the upstream says it keeps an idle connection.
    pub(crate) idle_hint: Option<Duration>,
}

/// Parser of one response head.
#[derive(Debug, Default)]
pub(crate) struct ResponseParser {
    lines: Lines,
    line: Option<(Version, Status)>,
    slots: Vec<Slot>,
}

impl ResponseParser {
    /// Takes what has arrived. The head is removed from the buffer when it is complete; what follows it stays.
    pub(crate) fn advance(
        &mut self,
        buffer: &mut BytesMut,
        limits: &ClientLimits,
        method: &Method,
    ) -> Result<Option<ResponseMessage>, &'static str> {
        loop {
            let window = buffer.len().min(limits.head);
            let seen = buffer.get(..window).unwrap_or_default();
            let Some((start, end)) = self.lines.next(seen).map_err(|_| "line feed without carriage return")? else {
                return if window == limits.head {
                    Err("head too large")
                } else {
                    Ok(None)
                };
            };
            let line = seen.get(start..end).unwrap_or_default();
            let Some((version, status)) = self.line else {
                self.line = Some(parse_status_line(line)?);
                self.slots.reserve(USUAL_FIELDS);
                continue;
            };
            match line.first() {
                None => return self.finish(buffer, version, status, method).map(Some),
                Some(b' ' | b'\t') => self.unfold(buffer, start, end)?,
                Some(_) => {
                    if self.slots.len() == limits.headers {
                        return Err("too many fields");
                    }
                    self.slots.push(parse_field(buffer, start, end, Leniency::BlankBeforeColon)?);
                }
            }
        }
    }

    /// Appends a folded line to the value of the field before it, after one blank.
    fn unfold(&mut self, buffer: &mut [u8], start: usize, end: usize) -> Result<(), &'static str> {
        let slot = self.slots.last_mut().ok_or("folded line before the first field")?;
        let line = buffer.get(start..end).unwrap_or_default();
        if !is_value(line) {
            return Err("control character in a field value");
        }
        let text = trim(line);
        let text_start = start + line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let text_len = text.len();
        if text_len == 0 {
            return Ok(());
        }
        if slot.value_len == 0 {
            slot.value_start = text_start as u32;
            slot.value_len = text_len as u32;
            return Ok(());
        }
        // The value ends before a line end and at least one blank, so there is room for the blank.
        let value_end = (slot.value_start + slot.value_len) as usize;
        if let Some(byte) = buffer.get_mut(value_end) {
            *byte = b' ';
        }
        buffer.copy_within(text_start..text_start + text_len, value_end + 1);
        slot.value_len += 1 + text_len as u32;
        Ok(())
    }

    fn finish(
        &mut self,
        buffer: &mut BytesMut,
        version: Version,
        status: Status,
        method: &Method,
    ) -> Result<ResponseMessage, &'static str> {
        let text = buffer.split_to(self.lines.position()).freeze();
        let slots = std::mem::take(&mut self.slots);
        let mut length = ContentLength::default();
        let mut coding = TransferEncoding::default();
        let mut connection = ConnectionOptions::default();
        let mut idle_hint = None;
        let mut bound_to_connection = false;
        for slot in &slots {
            let value = slot.value(&text);
            match slot.known {
                Some(Name::ContentLength) => length.add(value)?,
                Some(Name::TransferEncoding) => coding.add(value),
                Some(Name::Connection) => connection.add(value),
                Some(Name::KeepAlive) => idle_hint = parse_idle_hint(value).or(idle_hint),
                Some(Name::WwwAuthenticate) => bound_to_connection |= authenticates_connection(value),
                _ => {}
            }
        }
        let framing = framing(status, version, method, &length, coding.coding())?;
        let persistent = !connection.close
            && !bound_to_connection
            && framing != Framing::UntilClose
            && (version == Version::Http11 || connection.keep_alive);
        let mut headers = Headers::new(text, slots);
        let is_switch = status == Status::SWITCHING_PROTOCOLS;
        headers.retain(|field| {
            let is_kept = is_switch && field.known() == Some(Name::Upgrade);
            is_kept || !concerns_connection(field.known(), field.name()) && !connection.nominates(field.name().as_bytes())
        });
        Ok(ResponseMessage {
            head: ResponseHead {
                status,
                version,
                headers,
            },
            framing,
            persistent,
            idle_hint,
        })
    }
}

fn parse_status_line(line: &[u8]) -> Result<(Version, Status), &'static str> {
    let [
        b'H',
        b'T',
        b'T',
        b'P',
        b'/',
        b'1',
        b'.',
        minor @ b'0'..=b'9',
        b' ',
        a,
        b,
        c,
        rest @ ..,
    ] = line
    else {
        return Err("no HTTP/1 status line");
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    let code = match (digit(*a), digit(*b), digit(*c)) {
        (Some(a), Some(b), Some(c)) => a * 100 + b * 10 + c,
        _ => return Err("the status is not three digits"),
    };
    let status = Status::new(code).ok_or("the status is below 100")?;
    if !matches!(rest, [] | [b' ', ..]) || !is_value(rest) {
        return Err("malformed reason phrase");
    }
    Ok((if *minor == b'0' { Version::Http10 } else { Version::Http11 }, status))
}

/// RFC 9112 6.3, with the ambiguous cases refused.
fn framing(
    status: Status,
    version: Version,
    method: &Method,
    length: &ContentLength,
    coding: Coding,
) -> Result<Framing, &'static str> {
    if coding != Coding::Absent && length.value().is_some() {
        return Err("both content-length and transfer-encoding");
    }
    if *method == Method::Head || status.forbids_body() {
        return Ok(Framing::Length(0));
    }
    match (coding, length.value()) {
        (Coding::Chunked, _) if version == Version::Http11 => Ok(Framing::Chunked),
        (Coding::Chunked, _) => Err("transfer-encoding in HTTP/1.0"),
        (Coding::Unsupported | Coding::Invalid, _) => Err("unknown or repeated transfer coding"),
        (Coding::Absent, Some(length)) => Ok(Framing::Length(length)),
        (Coding::Absent, None) => Ok(Framing::UntilClose),
    }
}

/// The fields of `proxy.md` 2.7 that are not passed on.
pub(crate) fn concerns_connection(known: Option<Name>, name: &str) -> bool {
    known.is_some_and(|name| name.is_standard_hop() && name != Name::Http2Settings) || name.starts_with("proxy-")
}

/// `timeout=n` of a `Keep-Alive` field, less one second (`proxy.md` 2.11).
fn parse_idle_hint(value: &[u8]) -> Option<Duration> {
    value.split(|&byte| byte == b',').find_map(|item| {
        let item = trim(item);
        let (name, number) = item.split_at_checked(b"timeout=".len())?;
        if !name.eq_ignore_ascii_case(b"timeout=") {
            return None;
        }
        let seconds: u64 = std::str::from_utf8(number).ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds.saturating_sub(1)))
    })
}

/// NTLM and Negotiate authenticate the connection, not the request, so it must not be shared (`proxy.md` 2.11).
fn authenticates_connection(value: &[u8]) -> bool {
    value.split(|&byte| byte == b',').any(|item| {
        let scheme = trim(item).split(|&byte| byte == b' ').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case(b"ntlm") || scheme.eq_ignore_ascii_case(b"negotiate")
    })
}
