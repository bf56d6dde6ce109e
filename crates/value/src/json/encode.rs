//! Writing values as compact JSON (spec/script.md 2.6).
//!
//! Invariant: containers are walked with a list of what is open, not by recursion, so that no depth is too much.

use smallvec::SmallVec;

use crate::{Iter, ObjectMap, Str, Value};

use super::number::{write_f64, write_integer};
use super::text::{write_base64, write_text};

/// A container whose elements are being written.
enum Open<'a> {
    Array(std::slice::Iter<'a, Value>),
    Object(Iter<'a>),
    Sorted(std::vec::IntoIter<(&'a Str, &'a Value)>),
}

/// Order in which the keys of a record are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum KeyOrder {
    Record,
    Bytes,
}

/// Appends the value as compact JSON, keys in record order.
///
/// Bytes become a string of base64; infinities and not-a-number become `null`.
pub fn encode(value: &Value, out: &mut Vec<u8>) {
    write(value, KeyOrder::Record, out);
}

/// Appends the value as [`encode`] does, but the keys of every record in byte order.
pub fn encode_sorted(value: &Value, out: &mut Vec<u8>) {
    write(value, KeyOrder::Bytes, out);
}

/// The value as compact JSON, keys in record order.
pub fn to_string(value: &Value) -> String {
    let mut out = Vec::new();
    encode(value, &mut out);
    into_string(out)
}

/// The value as compact JSON, keys in byte order at every level.
pub fn to_string_sorted(value: &Value) -> String {
    let mut out = Vec::new();
    encode_sorted(value, &mut out);
    into_string(out)
}

/// Text that was written by this module; it is UTF-8 because its parts are.
pub(super) fn into_string(out: Vec<u8>) -> String {
    String::from_utf8(out).unwrap_or_default()
}

fn write(value: &Value, order: KeyOrder, out: &mut Vec<u8>) {
    let Some(mut current) = Open::start(value, order, out) else {
        return;
    };
    let mut outer: SmallVec<[Open<'_>; 8]> = SmallVec::new();
    loop {
        match current.write_on(order, out) {
            Some(inner) => outer.push(std::mem::replace(&mut current, inner)),
            None => match outer.pop() {
                Some(parent) => current = parent,
                None => return,
            },
        }
    }
}

impl<'a> Open<'a> {
    /// Writes a scalar, or the opening bracket of a container whose elements are to be written.
    #[inline]
    fn start(value: &'a Value, order: KeyOrder, out: &mut Vec<u8>) -> Option<Self> {
        match value {
            Value::Array(list) => {
                out.push(b'[');
                Some(Self::Array(list.iter()))
            }
            Value::Object(map) => {
                out.push(b'{');
                Some(Self::object(map, order))
            }
            scalar => {
                write_scalar(scalar, out);
                None
            }
        }
    }

    fn object(map: &'a ObjectMap, order: KeyOrder) -> Self {
        match order {
            KeyOrder::Record => Self::Object(map.iter()),
            KeyOrder::Bytes => {
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_unstable_by_key(|(key, _)| *key);
                Self::Sorted(entries.into_iter())
            }
        }
    }

    /// Writes elements up to a container, which is given back to be written first, or to the end.
    #[inline]
    fn write_on(&mut self, order: KeyOrder, out: &mut Vec<u8>) -> Option<Self> {
        match self {
            Self::Array(elements) => write_elements(elements, order, out),
            Self::Object(entries) => write_entries(entries, order, out),
            Self::Sorted(entries) => write_entries(entries, order, out),
        }
    }
}

#[inline]
fn write_elements<'a>(elements: &mut std::slice::Iter<'a, Value>, order: KeyOrder, out: &mut Vec<u8>) -> Option<Open<'a>> {
    for value in elements {
        write_comma(out);
        if let Some(inner) = Open::start(value, order, out) {
            return Some(inner);
        }
    }
    out.push(b']');
    None
}

#[inline]
fn write_entries<'a>(
    entries: &mut impl Iterator<Item = (&'a Str, &'a Value)>,
    order: KeyOrder,
    out: &mut Vec<u8>,
) -> Option<Open<'a>> {
    for (key, value) in entries {
        write_comma(out);
        write_text(key, out);
        out.push(b':');
        if let Some(inner) = Open::start(value, order, out) {
            return Some(inner);
        }
    }
    out.push(b'}');
    None
}

/// Separates an element from the one before, if there is one: no written value ends like an opening bracket.
#[inline]
fn write_comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'[' | b'{')) {
        out.push(b',');
    }
}

/// Writes a value that has no elements; nothing for others.
#[inline]
pub(super) fn write_scalar(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::I64(number) => write_integer(*number, out),
        Value::U64(number) => write_integer(*number, out),
        Value::F64(number) => write_f64(*number, out),
        Value::Str(text) => write_text(text, out),
        Value::Bytes(bytes) => write_base64(bytes, out),
        Value::Array(_) | Value::Object(_) => {}
    }
}
