//! Lines and fields of heads and trailers.

use crate::message::class::{TOKEN_LOWER, is_value, trim};
use crate::message::{Name, Slot};

/// Cuts a growing buffer into lines. Every byte is scanned once.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    start: usize,
    scanned: usize,
}

/// A line ended by LF without CR before it.
#[derive(Debug)]
pub(crate) struct BareLineFeed;

impl Lines {
    /// The next line that ends in the buffer, as its range without the line end.
    pub(crate) fn next(&mut self, buffer: &[u8]) -> Result<Option<(usize, usize)>, BareLineFeed> {
        let rest = buffer.get(self.scanned..).unwrap_or_default();
        let Some(found) = memchr::memchr(b'\n', rest) else {
            self.scanned = self.scanned.max(buffer.len());
            return Ok(None);
        };
        let line_feed = self.scanned + found;
        let start = self.start;
        let line = buffer.get(start..line_feed).unwrap_or_default();
        if line.last() != Some(&b'\r') {
            return Err(BareLineFeed);
        }
        self.start = line_feed + 1;
        self.scanned = self.start;
        Ok(Some((start, line_feed - 1)))
    }

    /// Where the next line begins: the number of bytes in finished lines.
    pub(crate) fn position(&self) -> usize {
        self.start
    }
}

/// What a sender is forgiven.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leniency {
    /// Nothing (requests, trailers).
    Strict,
    /// Blanks before the colon (responses, RFC 9112 5.1).
    BlankBeforeColon,
}

/// Reads the field in `start..end` of the buffer and lowers its name in place. The error says what is wrong.
pub(crate) fn parse_field(buffer: &mut [u8], start: usize, end: usize, leniency: Leniency) -> Result<Slot, &'static str> {
    let line = buffer.get_mut(start..end).unwrap_or_default();
    let mut name_len = 0;
    for byte in line.iter_mut() {
        let lower = TOKEN_LOWER[usize::from(*byte)];
        if lower == 0 {
            break;
        }
        *byte = lower;
        name_len += 1;
    }
    let (name, rest) = line.split_at(name_len);
    if name.is_empty() {
        return Err("field name missing or not a token");
    }
    let rest: &[u8] = rest;
    let rest = if leniency == Leniency::BlankBeforeColon {
        trim_start(rest)
    } else {
        rest
    };
    let Some((b':', value)) = rest.split_first() else {
        return Err("field name not a token directly followed by a colon");
    };
    if !is_value(value) {
        return Err("control character in a field value");
    }
    let value_start = end - trim_start(value).len();
    let value = trim(value);
    Ok(Slot {
        known: Name::from_lower(name),
        name_start: start as u32,
        name_len: name_len as u32,
        value_start: value_start as u32,
        value_len: value.len() as u32,
    })
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}
