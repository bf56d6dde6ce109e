//! Records as lines (`proxy.md` 6.2).

use std::cell::Cell;
use std::io::Write as _;
use std::net::IpAddr;

use temblor_runtime::config::{AccessFormat, TIME_TEXT, TemplatePart};
use temblor_value::{Str, Value, json};

use super::record::{Exchange, Field};
use crate::date::{MONTHS, civil_date};

/// Bytes of most lines of JSON.
const USUAL_LENGTH: usize = 768;
const NS_PER_S: u64 = 1_000_000_000;

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
                    TemplatePart::Text(text) => write_escaped_text(text.as_bytes(), out),
                    TemplatePart::Path(path) => write_path(exchange, path, out),
                }
            }
        }
    }
    out.push(b'\n');
}

fn write_json(exchange: &Exchange<'_>, out: &mut Vec<u8>) {
    out.reserve(USUAL_LENGTH);
    let start = out.len();
    for (name, field) in exchange.fields() {
        out.extend_from_slice(name.as_bytes());
        match field {
            Field::Null => out.extend_from_slice(b"null"),
            Field::Bool(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
            Field::Number(number) => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
            Field::Millis(ms) => write_millis(ms, out),
            Field::Text(text) => json::write_str(text, out),
            Field::Bytes(bytes) => json::write_str(&String::from_utf8_lossy(bytes), out),
            Field::Address(address) => {
                out.push(b'"');
                write_address(address, out);
                out.push(b'"');
            }
            Field::Value(value) => json::encode(value, out),
            Field::Record(Value::Null) => out.extend_from_slice(b"{}"),
            Field::Record(record) => json::encode(record, out),
        }
    }
    // In front of the first field stands no comma but the beginning of the record.
    out[start] = b'{';
    out.extend_from_slice(b",\"time_text\":\"");
    write_time(exchange.time_ns, out);
    out.extend_from_slice(b"\"}");
}

/// An address; those of IPv4 without the detour over formatting.
fn write_address(address: IpAddr, out: &mut Vec<u8>) {
    match address {
        IpAddr::V4(address) => {
            for (at, octet) in address.octets().into_iter().enumerate() {
                if at > 0 {
                    out.push(b'.');
                }
                out.extend_from_slice(itoa::Buffer::new().format(octet).as_bytes());
            }
        }
        // Writing to a vector cannot fail.
        IpAddr::V6(address) => {
            let _ = write!(out, "{address}");
        }
    }
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
    let _ = write!(out, "\" {} {}", exchange.status, exchange.bytes_out);
}

fn write_path(exchange: &Exchange<'_>, path: &[Str], out: &mut Vec<u8>) {
    let Some((first, within)) = path.split_first() else {
        return out.push(b'-');
    };
    if first.as_str() == TIME_TEXT {
        return write_time(exchange.time_ns, out);
    }
    let field = exchange.field(first);
    match (&field, within) {
        (Field::Value(value) | Field::Record(value), within) => {
            let value = within.iter().try_fold(*value, |value, name| value.get(name.as_str()));
            match value {
                None | Some(Value::Null) => out.push(b'-'),
                Some(Value::Str(text)) => write_escaped(text.as_bytes(), out),
                Some(other) => write_escaped(json::to_string(other).as_bytes(), out),
            }
        }
        (Field::Null, _) | (_, [_, ..]) => out.push(b'-'),
        (Field::Bool(flag), []) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
        (Field::Number(number), []) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
        (Field::Millis(ms), []) => write_millis(*ms, out),
        (Field::Text(text), []) => write_escaped(text.as_bytes(), out),
        (Field::Bytes(bytes), []) => write_escaped(bytes, out),
        (Field::Address(address), []) => write_address(*address, out),
    }
}

/// Milliseconds to the microsecond: `5.123`, `0.0`.
fn write_millis(ms: f64, out: &mut Vec<u8>) {
    let micros = (ms * 1000.0).round() as u64;
    out.extend_from_slice(itoa::Buffer::new().format(micros / 1000).as_bytes());
    let fraction = micros % 1000;
    let digits = [fraction / 100, fraction / 10 % 10, fraction % 10].map(|digit| b'0' + digit as u8);
    let length = match digits {
        [_, b'0', b'0'] => 1,
        [_, _, b'0'] => 2,
        _ => 3,
    };
    out.push(b'.');
    out.extend_from_slice(&digits[..length]);
}

/// A value: quotes, backslashes and all that is not printable ASCII become `\xHH`.
fn write_escaped(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'"' | b'\\' => write_hex(*byte, out),
            b' '..=b'~' => out.push(*byte),
            _ => write_hex(*byte, out),
        }
    }
}

/// Text of a template stands as it is written, but for what would end the line.
fn write_escaped_text(text: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'\r' | b'\n' => write_hex(*byte, out),
            byte => out.push(*byte),
        }
    }
}

fn write_hex(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[b'\\', b'x', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

thread_local! {
    /// Seconds since the epoch, and year, month, day: most lines are of the same second.
    static DAY: Cell<(u64, (u64, u64, u64))> = const { Cell::new((u64::MAX, (0, 0, 0))) };
}

fn day_of(seconds: u64) -> (u64, u64, u64) {
    let day = seconds / 86_400;
    let (known, date) = DAY.get();
    if known == day {
        return date;
    }
    let date = civil_date(day);
    DAY.set((day, date));
    date
}

/// `2030-01-02T10:11:12.345Z`.
fn write_time(time_ns: u64, out: &mut Vec<u8>) {
    let seconds = time_ns / NS_PER_S;
    let (year, month, day) = day_of(seconds);
    put(out, year, 4);
    for (mark, number) in [
        (b'-', month),
        (b'-', day),
        (b'T', seconds / 3600 % 24),
        (b':', seconds / 60 % 60),
        (b':', seconds % 60),
    ] {
        out.push(mark);
        put(out, number, 2);
    }
    out.push(b'.');
    put(out, time_ns / 1_000_000 % 1000, 3);
    out.push(b'Z');
}

/// `02/Jan/2030:10:11:12 +0000`.
fn write_clock(time_ns: u64, out: &mut Vec<u8>) {
    let seconds = time_ns / NS_PER_S;
    let (year, month, day) = day_of(seconds);
    put(out, day, 2);
    out.push(b'/');
    out.extend_from_slice(MONTHS[(month - 1) as usize]);
    out.push(b'/');
    put(out, year, 4);
    for number in [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60] {
        out.push(b':');
        put(out, number, 2);
    }
    out.extend_from_slice(b" +0000");
}

/// The last digits of a number.
fn put(out: &mut Vec<u8>, number: u64, digits: u32) {
    for place in (0..digits).rev() {
        out.push(b'0' + (number / 10_u64.pow(place) % 10) as u8);
    }
}
