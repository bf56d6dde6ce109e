//! Writing, in the smallest form of everything.

use std::slice;

use rmp::Marker;
use temblor_value::{Iter, Value};

enum Open<'a> {
    Array(slice::Iter<'a, Value>),
    Map(Iter<'a>),
}

/// Appends `value`. Uses no stack, however deep the value is.
pub(super) fn encode(value: &Value, out: &mut Vec<u8>) {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut current = Some(value);
    loop {
        if let Some(container) = current.and_then(|value| write(value, out)) {
            open.push(container);
        }
        current = match open.last_mut() {
            None => return,
            Some(Open::Array(elements)) => elements.next(),
            Some(Open::Map(entries)) => entries.next().map(|(key, value)| {
                write_string(key, out);
                value
            }),
        };
        if current.is_none() {
            open.pop();
        }
    }
}

/// Writes a scalar, or the head of a container whose elements are to follow.
fn write<'a>(value: &'a Value, out: &mut Vec<u8>) -> Option<Open<'a>> {
    match value {
        Value::Null => put(Marker::Null, &[], out),
        Value::Bool(true) => put(Marker::True, &[], out),
        Value::Bool(false) => put(Marker::False, &[], out),
        Value::I64(number) => write_integer(*number, out),
        Value::U64(number) => write_unsigned(*number, out),
        Value::F64(number) => put(Marker::F64, &number.to_be_bytes(), out),
        Value::Str(text) => write_string(text, out),
        Value::Bytes(bytes) => write_binary(bytes, out),
        Value::Array(elements) => {
            match elements.len() {
                length @ 0..16 => put(Marker::FixArray(length as u8), &[], out),
                length => put_length(length, None, Marker::Array16, Marker::Array32, out),
            }
            return Some(Open::Array(elements.iter()));
        }
        Value::Object(entries) => {
            match entries.len() {
                length @ 0..16 => put(Marker::FixMap(length as u8), &[], out),
                length => put_length(length, None, Marker::Map16, Marker::Map32, out),
            }
            return Some(Open::Map(entries.iter()));
        }
    }
    None
}

fn write_integer(number: i64, out: &mut Vec<u8>) {
    if let Ok(number) = u64::try_from(number) {
        write_unsigned(number, out);
    } else if number >= -32 {
        put(Marker::FixNeg(number as i8), &[], out);
    } else if let Ok(number) = i8::try_from(number) {
        put(Marker::I8, &number.to_be_bytes(), out);
    } else if let Ok(number) = i16::try_from(number) {
        put(Marker::I16, &number.to_be_bytes(), out);
    } else if let Ok(number) = i32::try_from(number) {
        put(Marker::I32, &number.to_be_bytes(), out);
    } else {
        put(Marker::I64, &number.to_be_bytes(), out);
    }
}

fn write_unsigned(number: u64, out: &mut Vec<u8>) {
    if number < 128 {
        put(Marker::FixPos(number as u8), &[], out);
    } else if let Ok(number) = u8::try_from(number) {
        put(Marker::U8, &[number], out);
    } else if let Ok(number) = u16::try_from(number) {
        put(Marker::U16, &number.to_be_bytes(), out);
    } else if let Ok(number) = u32::try_from(number) {
        put(Marker::U32, &number.to_be_bytes(), out);
    } else {
        put(Marker::U64, &number.to_be_bytes(), out);
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    match text.len() {
        length @ 0..32 => put(Marker::FixStr(length as u8), &[], out),
        length => put_length(length, Some(Marker::Str8), Marker::Str16, Marker::Str32, out),
    }
    out.extend_from_slice(text.as_bytes());
}

fn write_binary(bytes: &[u8], out: &mut Vec<u8>) {
    put_length(bytes.len(), Some(Marker::Bin8), Marker::Bin16, Marker::Bin32, out);
    out.extend_from_slice(bytes);
}

fn put_length(length: usize, small: Option<Marker>, middle: Marker, large: Marker, out: &mut Vec<u8>) {
    match (u8::try_from(length), small, u16::try_from(length)) {
        (Ok(length), Some(marker), _) => put(marker, &[length], out),
        (_, _, Ok(length)) => put(middle, &length.to_be_bytes(), out),
        // Longer than 4 GiB does not exist: values are bounded far below.
        _ => put(large, &(length as u32).to_be_bytes(), out),
    }
}

fn put(marker: Marker, payload: &[u8], out: &mut Vec<u8>) {
    out.push(marker.to_u8());
    out.extend_from_slice(payload);
}
