//! Fields between the library's maps and ours. Values share one buffer in both directions; nothing is copied twice.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::h1::is_forbidden_trailer;
use crate::message::class::trim;
use crate::message::{Headers, Name, Slot};

/// Gathers received fields behind each other in one buffer.
pub(super) struct Gatherer {
    buffer: BytesMut,
    slots: Vec<Slot>,
}

impl Gatherer {
    /// Room for so many bytes and fields.
    pub(super) fn with_capacity(bytes: usize, fields: usize) -> Gatherer {
        Gatherer {
            buffer: BytesMut::with_capacity(bytes),
            slots: Vec::with_capacity(fields),
        }
    }

    /// Appends bytes that are no field.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.buffer.len();
        self.buffer.extend_from_slice(bytes);
        start..self.buffer.len()
    }

    /// Appends a field under a recognised name.
    pub(super) fn known(&mut self, name: Name, value: &[u8]) {
        self.slot(Some(name), 0..0, value);
    }

    /// Appends a field. The name is in lower case.
    pub(super) fn field(&mut self, name: &str, value: &[u8]) {
        match Name::from_lower(name.as_bytes()) {
            Some(known) => self.known(known, value),
            None => {
                let place = self.put(name.as_bytes());
                self.slot(None, place, value);
            }
        }
    }

    /// Appends a field whose value is several, one behind the other.
    pub(super) fn joined<'a>(&mut self, name: Name, values: impl Iterator<Item = &'a [u8]>, between: &[u8]) {
        let start = self.buffer.len();
        for (number, value) in values.enumerate() {
            if number > 0 {
                self.buffer.extend_from_slice(between);
            }
            self.buffer.extend_from_slice(value);
        }
        self.push(Some(name), 0..0, start..self.buffer.len());
    }

    fn slot(&mut self, known: Option<Name>, name: Range<usize>, value: &[u8]) {
        let value = self.put(value);
        self.push(known, name, value);
    }

    fn push(&mut self, known: Option<Name>, name: Range<usize>, value: Range<usize>) {
        self.slots.push(Slot {
            known,
            name_start: name.start as u32,
            name_len: name.len() as u32,
            value_start: value.start as u32,
            value_len: value.len() as u32,
        });
    }

    /// The fields, and the buffer with all that was put into it.
    pub(super) fn finish(self) -> (Headers, Bytes) {
        let buffer = self.buffer.freeze();
        (Headers::new(buffer.clone(), self.slots), buffer)
    }
}

/// Bytes of names and values.
pub(super) fn size(fields: &HeaderMap) -> usize {
    fields.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}

/// Is a value without blanks around it (RFC 9113 8.2.1)?
pub(super) fn is_bare(value: &HeaderValue) -> bool {
    trim(value.as_bytes()).len() == value.len()
}

/// Received trailers without those that must not be any; `None`: more than so many bytes.
pub(super) fn trailers(fields: &HeaderMap, limit: usize) -> Option<Headers> {
    let bytes = size(fields);
    if bytes > limit {
        return None;
    }
    let mut gatherer = Gatherer::with_capacity(bytes, fields.len());
    for (name, value) in fields {
        gatherer.field(name.as_str(), value.as_bytes());
    }
    let (mut headers, _) = gatherer.finish();
    headers.retain(|field| !field.known().is_some_and(is_forbidden_trailer));
    Some(headers)
}

/// Received fields as they are.
pub(super) fn to_map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::with_capacity(headers.len());
    for field in headers.iter() {
        append(&mut map, field.name().as_bytes(), field.value_bytes());
    }
    map
}

/// The lines of a head to be sent.
pub(super) fn map_of_lines(text: Vec<u8>) -> HeaderMap {
    let text = Bytes::from(text);
    let mut map = HeaderMap::with_capacity(16);
    let mut start = 0;
    while let Some(length) = text.get(start..).and_then(|rest| memchr::memchr(b'\r', rest)) {
        let end = start + length;
        let line = text.get(start..end).unwrap_or_default();
        if let Some(colon) = memchr::memchr(b':', line) {
            let name = line.get(..colon).unwrap_or_default();
            let value = start + (colon + 2).min(length);
            append(&mut map, name, text.slice(value..end));
        }
        start = end + 2;
    }
    map
}

/// Trailers to be sent.
pub(super) fn map_of_trailers(visit: impl FnOnce(&mut dyn FnMut(&str, &[u8]))) -> HeaderMap {
    let mut map = HeaderMap::new();
    visit(&mut |name, value| append(&mut map, name.as_bytes(), Bytes::copy_from_slice(value)));
    map
}

/// Fields were checked when they were received or built; one that the library cannot take all the same is left out.
fn append(map: &mut HeaderMap, name: &[u8], value: Bytes) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_lowercase(name), HeaderValue::from_maybe_shared(value)) {
        let _ = map.try_append(name, value);
    }
}
