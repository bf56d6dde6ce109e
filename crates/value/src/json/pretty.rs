//! Writing values as indented JSON (spec/stdlib.md, `json::encode_pretty`).
//!
//! Invariant: no recursion, as in `encode.rs`.

use crate::{Blob, Iter, Value};

use super::encode::{into_string, write_scalar};
use super::number::write_integer;
use super::text::write_str;

/// A container whose elements are being written.
enum Open<'a> {
    Array(std::slice::Iter<'a, Value>),
    Object(Iter<'a>),
}

/// The value as JSON with one element or field per line, two spaces per level, no final line break.
///
/// Bytes become an array of numbers on one line.
pub fn to_string_pretty(value: &Value) -> String {
    let mut out = Vec::new();
    let mut open = Vec::new();
    let mut current = value;
    loop {
        match current {
            Value::Array(list) if list.is_empty() => out.extend_from_slice(b"[]"),
            Value::Object(map) if map.is_empty() => out.extend_from_slice(b"{}"),
            Value::Array(list) => {
                out.push(b'[');
                open.push(Open::Array(list.iter()));
            }
            Value::Object(map) => {
                out.push(b'{');
                open.push(Open::Object(map.iter()));
            }
            Value::Bytes(bytes) => write_bytes(bytes, open.len(), &mut out),
            scalar => write_scalar(scalar, &mut out),
        }
        match next(&mut open, &mut out) {
            Some(value) => current = value,
            None => return into_string(out),
        }
    }
}

/// Closes what is finished and gives the next value to be written, after its line break and key.
fn next<'a>(open: &mut Vec<Open<'a>>, out: &mut Vec<u8>) -> Option<&'a Value> {
    loop {
        let levels = open.len();
        let closing = match open.last_mut()? {
            Open::Array(elements) => {
                if let Some(value) = elements.next() {
                    start_element(levels, out);
                    return Some(value);
                }
                b']'
            }
            Open::Object(entries) => {
                if let Some((key, value)) = entries.next() {
                    start_element(levels, out);
                    write_str(key, out);
                    out.extend_from_slice(b": ");
                    return Some(value);
                }
                b'}'
            }
        };
        open.pop();
        break_line(open.len(), out);
        out.push(closing);
    }
}

/// Separates an element from the one before, if there is one: no written value ends like an opening bracket.
fn start_element(levels: usize, out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'[' | b'{')) {
        out.push(b',');
    }
    break_line(levels, out);
}

fn break_line(levels: usize, out: &mut Vec<u8>) {
    out.push(b'\n');
    out.resize(out.len() + 2 * levels, b' ');
}

fn write_bytes(bytes: &Blob, levels: usize, out: &mut Vec<u8>) {
    out.push(b'[');
    for (at, byte) in bytes.iter().enumerate() {
        if at == 0 {
            break_line(levels + 1, out);
        } else {
            out.push(b',');
        }
        write_integer(*byte, out);
    }
    if !bytes.is_empty() {
        break_line(levels, out);
    }
    out.push(b']');
}
