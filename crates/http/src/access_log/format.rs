//! Records as lines (`proxy.md` 6.2).

use std::io::Write as _;

use temblor_event::EventId;
use temblor_runtime::config::{AccessFormat, ExchangeField, TemplatePart};
use temblor_value::{Str, Value, json};

use super::digits::{write_address, write_clock, write_millis, write_number, write_time};
use super::record::{Exchange, Field};

/// Bytes of most lines of JSON.
const USUAL_LENGTH: usize = 1024;

/// Appends the line of an exchange, its end included. Never more than one line, whatever the exchange brought.
pub(crate) fn write_line(exchange: &Exchange<'_>, format: &AccessFormat, out: &mut Vec<u8>) {
    match format {
        AccessFormat::Json => write_json(exchange, out),
        AccessFormat::Common => write_common(exchange, out),
        AccessFormat::Combined => {
            write_common(exchange, out);
            for field in [exchange.referer, exchange.user_agent] {
                out.extend_from_slice(b" \"");
                write_escaped(field.unwrap_or(b"-"), out);
                out.push(b'"');
            }
        }
        AccessFormat::Template(parts) => {
            for part in parts {
                match part {
                    TemplatePart::Text(text) => out.extend_from_slice(text.as_bytes()),
                    TemplatePart::Field(field, within) => write_plain(exchange.field(*field), within, out),
                }
            }
        }
    }
    out.push(b'\n');
}

/// The fields of a record of JSON one after the other, and a function that lists them. What stands before a value is written in one piece;
/// every field has code of its own, in which its type is known.
macro_rules! json_fields {
    ($($start:literal $name:literal $field:ident,)*) => {
        fn write_json(exchange: &Exchange<'_>, out: &mut Vec<u8>) {
            out.reserve(USUAL_LENGTH);
            $(
                out.extend_from_slice(concat!($start, "\"", $name, "\":").as_bytes());
                write_json_field(exchange.field(ExchangeField::$field), out);
            )*
            out.push(b'}');
        }

        #[cfg(test)]
        pub(super) const JSON_FIELDS: &[(&str, ExchangeField)] = &[$(($name, ExchangeField::$field)),*];
    };
}

json_fields! {
    "{" "kind" Kind,
    "," "time" Time,
    "," "ms" Ms,
    "," "failed" Failed,
    "," "onramp" Onramp,
    "," "instance" Instance,
    "," "event_id" EventId,
    "," "request_id" RequestId,
    "," "trace_id" TraceId,
    "," "client" Client,
    "," "peer" Peer,
    "," "protocol" Protocol,
    "," "tls" Tls,
    "," "method" Method,
    "," "scheme" Scheme,
    "," "host" Host,
    "," "path" Path,
    "," "query" Query,
    "," "status" Status,
    "," "reason" Reason,
    "," "complete" Complete,
    "," "in" In,
    "," "out" Out,
    "," "head_ms" HeadMs,
    "," "body_ms" BodyMs,
    "," "program_ms" ProgramMs,
    "," "wait_ms" WaitMs,
    "," "send_ms" SendMs,
    "," "attempts" Attempts,
    "," "offramp" Offramp,
    "," "output" Output,
    "," "referer" Referer,
    "," "user_agent" UserAgent,
    "," "labels" Labels,
    "," "time_text" TimeText,
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "one arm is left where the kind is known")]
fn write_json_field(field: Field<'_>, out: &mut Vec<u8>) {
    match field {
        Field::Null | Field::Value(Value::Null) => out.extend_from_slice(b"null"),
        Field::Bool(flag) => out.extend_from_slice(bool_text(flag)),
        Field::Number(number) => write_number(number, out),
        Field::Millis(time) => write_millis(time, out),
        Field::Moment(time_ns) => quoted(out, |out| write_time(time_ns, out)),
        Field::Plain(text) => quoted(out, |out| out.extend_from_slice(text.as_bytes())),
        Field::Text(text) => write_text(text, out),
        Field::Bytes(bytes) => write_bytes(bytes, out),
        Field::Address(address) => quoted(out, |out| write_address(address, out)),
        Field::Event(id) => quoted(out, |out| write_event_id(id, out)),
        Field::Record(Value::Null) => out.extend_from_slice(b"{}"),
        Field::Value(value) | Field::Record(value) => json::encode(value, out),
    }
}

#[inline]
fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

/// One copy of this for all fields.
#[inline(never)]
fn write_text(text: &str, out: &mut Vec<u8>) {
    json::write_str(text, out);
}

/// Bytes that are no UTF-8 are replaced (`proxy.md` 2.1).
fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => write_text(text, out),
        Err(_) => write_text(&String::from_utf8_lossy(bytes), out),
    }
}

fn write_event_id(id: &EventId, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = write!(out, "{id}");
}

fn write_common(exchange: &Exchange<'_>, out: &mut Vec<u8>) {
    match exchange.client {
        Some(client) => write_address(client, out),
        None => out.push(b'-'),
    }
    out.extend_from_slice(b" - - [");
    write_clock(exchange.time_ns, out);
    out.extend_from_slice(b"] \"");
    match (exchange.method, exchange.path) {
        (Some(method), Some(path)) => {
            write_escaped(method.as_bytes(), out);
            out.push(b' ');
            write_escaped(path.as_bytes(), out);
            if let Some(query) = exchange.query {
                out.push(b'?');
                write_escaped(query.as_bytes(), out);
            }
            out.push(b' ');
            out.extend_from_slice(exchange.protocol.unwrap_or("-").as_bytes());
        }
        _ => out.push(b'-'),
    }
    out.extend_from_slice(b"\" ");
    write_number(u64::from(exchange.status), out);
    out.push(b' ');
    write_number(exchange.bytes_out, out);
}

/// A value in a template: of the field, or of what is `within` it.
fn write_plain(field: Field<'_>, within: &[Str], out: &mut Vec<u8>) {
    match (field, within) {
        (Field::Value(value) | Field::Record(value), within) => {
            let value = within.iter().try_fold(value, |value, name| value.get(name.as_str()));
            match value {
                None | Some(Value::Null) => out.push(b'-'),
                Some(Value::Str(text)) => write_escaped(text.as_bytes(), out),
                Some(other) => write_escaped(json::to_string(other).as_bytes(), out),
            }
        }
        (Field::Null, _) | (_, [_, ..]) => out.push(b'-'),
        (Field::Bool(flag), []) => out.extend_from_slice(bool_text(flag)),
        (Field::Number(number), []) => write_number(number, out),
        (Field::Millis(time), []) => write_millis(time, out),
        (Field::Moment(time_ns), []) => write_time(time_ns, out),
        (Field::Plain(text), []) => out.extend_from_slice(text.as_bytes()),
        (Field::Text(text), []) => write_escaped(text.as_bytes(), out),
        (Field::Bytes(bytes), []) => write_escaped(bytes, out),
        (Field::Address(address), []) => write_address(address, out),
        (Field::Event(id), []) => write_event_id(id, out),
    }
}

fn bool_text(flag: bool) -> &'static [u8] {
    if flag { b"true" } else { b"false" }
}

/// A value: quotes, backslashes and all that is not printable ASCII become `\xHH`.
fn write_escaped(mut text: &[u8], out: &mut Vec<u8>) {
    let is_plain = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    while let Some(at) = text.iter().position(|byte| !is_plain(byte)) {
        let (plain, rest) = text.split_at(at);
        out.extend_from_slice(plain);
        if let Some((byte, rest)) = rest.split_first() {
            write_hex(*byte, out);
            text = rest;
        }
    }
    out.extend_from_slice(text);
}

fn write_hex(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[b'\\', b'x', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}
