//! JSON text as `string` and `binary` write it: binary at any depth appears as an array of byte numbers (formats.md 3.4).

use std::slice;

use temblor_value::{Iter, Value, json};

enum Open<'a> {
    Array(slice::Iter<'a, Value>),
    Object(Iter<'a>),
}

/// Appends the text of `value`. Uses no stack, however deep the value is.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut current = Some(value);
    loop {
        match current.take() {
            Some(Value::Array(elements)) => {
                out.push(b'[');
                open.push(Open::Array(elements.iter()));
            }
            Some(Value::Object(entries)) => {
                out.push(b'{');
                open.push(Open::Object(entries.iter()));
            }
            Some(Value::Bytes(bytes)) => write_bytes(bytes, out),
            Some(scalar) => json::encode(scalar, out),
            None => {}
        }
        match open.last_mut() {
            Some(Open::Array(elements)) => {
                current = elements.next();
                if current.is_some() {
                    write_comma(out);
                } else {
                    out.push(b']');
                    open.pop();
                }
            }
            Some(Open::Object(entries)) => match entries.next() {
                Some((key, value)) => {
                    write_comma(out);
                    json::write_str(key, out);
                    out.push(b':');
                    current = Some(value);
                }
                None => {
                    out.push(b'}');
                    open.pop();
                }
            },
            None => return,
        }
    }
}

/// No written value ends like an opening bracket.
fn write_comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), Some(b'[' | b'{')) {
        out.push(b',');
    }
}

fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'[');
    for byte in bytes {
        write_comma(out);
        out.extend_from_slice(itoa::Buffer::new().format(*byte).as_bytes());
    }
    out.push(b']');
}
