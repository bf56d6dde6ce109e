//! Writing in block style.

use std::slice;

use temblor_value::{Iter, Value, json};

use super::scalar::resolve;

const INDENT: usize = 2;

/// Spellings of booleans and null in YAML 1.1, in lower case; each also counts capitalised and in upper case.
const OLD_WORDS: &[&str] = &["yes", "no", "on", "off", "true", "false", "null"];

/// A container in the course of being written.
struct Open<'a> {
    items: Items<'a>,
    level: usize,
    /// The next item continues a line that has been begun with a dash.
    continues_line: bool,
}

enum Items<'a> {
    Sequence(slice::Iter<'a, Value>),
    Bytes(slice::Iter<'a, u8>),
    Mapping(Iter<'a>),
}

/// What stands before a value in its line.
#[derive(Clone, Copy)]
enum Before {
    Nothing,
    Key,
    Dash,
}

/// Appends the document for `value`. Uses no stack, however deep the value is.
pub(super) fn encode(value: &Value, out: &mut Vec<u8>) {
    out.extend_from_slice(b"---\n");
    let mut open: Vec<Open<'_>> = Vec::new();
    open.extend(write(value, Before::Nothing, 0, out));
    while let Some(container) = open.last_mut() {
        let level = container.level;
        let indent = if std::mem::take(&mut container.continues_line) {
            0
        } else {
            level * INDENT
        };
        let inner = match &mut container.items {
            Items::Sequence(elements) => elements.next().map(|element| {
                write_dash(indent, out);
                write(element, Before::Dash, level + 1, out)
            }),
            Items::Bytes(bytes) => bytes.next().map(|byte| {
                write_dash(indent, out);
                write(&Value::I64(i64::from(*byte)), Before::Dash, level + 1, out);
                None
            }),
            Items::Mapping(entries) => entries.next().map(|(key, value)| {
                write_spaces(indent, out);
                write_string(key, out);
                out.push(b':');
                write(value, Before::Key, level + 1, out)
            }),
        };
        match inner {
            Some(inner) => open.extend(inner),
            None => {
                open.pop();
            }
        }
    }
}

/// Writes what goes into the present line; gives the container whose items are to follow at `level`.
fn write<'a>(value: &'a Value, before: Before, level: usize, out: &mut Vec<u8>) -> Option<Open<'a>> {
    let items = match value {
        Value::Array(elements) if !elements.is_empty() => Items::Sequence(elements.iter()),
        Value::Bytes(bytes) if !bytes.is_empty() => Items::Bytes(bytes.iter()),
        Value::Object(entries) if !entries.is_empty() => Items::Mapping(entries.iter()),
        scalar => {
            if !matches!(before, Before::Nothing) {
                out.push(b' ');
            }
            write_scalar(scalar, out);
            out.push(b'\n');
            return None;
        }
    };
    match before {
        Before::Nothing => {
            return Some(Open {
                items,
                level: 0,
                continues_line: false,
            });
        }
        Before::Key => out.push(b'\n'),
        Before::Dash => out.push(b' '),
    }
    Some(Open {
        items,
        level,
        continues_line: matches!(before, Before::Dash),
    })
}

fn write_dash(indent: usize, out: &mut Vec<u8>) {
    write_spaces(indent, out);
    out.push(b'-');
}

fn write_spaces(count: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + count, b' ');
}

fn write_scalar(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(b'~'),
        Value::F64(number) if number.is_nan() => out.extend_from_slice(b".nan"),
        Value::F64(f64::INFINITY) => out.extend_from_slice(b".inf"),
        Value::F64(f64::NEG_INFINITY) => out.extend_from_slice(b"-.inf"),
        Value::Str(text) => write_string(text, out),
        Value::Array(_) | Value::Bytes(_) => out.extend_from_slice(b"[]"),
        Value::Bool(_) | Value::I64(_) | Value::U64(_) | Value::F64(_) | Value::Object(_) => json::encode(value, out),
    }
}

fn write_string(text: &str, out: &mut Vec<u8>) {
    if !needs_quotes(text) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let start = out.len();
    json::write_str(text, out);
    if text.contains(is_unprintable) {
        let quoted = String::from_utf8_lossy(&out[start..]).into_owned();
        out.truncate(start);
        for part in quoted.split_inclusive(is_unprintable) {
            write_escaping_last(part, out);
        }
    }
}

/// JSON leaves these characters as they are, YAML does not read them.
fn write_escaping_last(part: &str, out: &mut Vec<u8>) {
    match part.char_indices().next_back().filter(|(_, last)| is_unprintable(*last)) {
        Some((at, last)) => {
            out.extend_from_slice(&part.as_bytes()[..at]);
            out.extend_from_slice(format!("\\u{:04x}", u32::from(last)).as_bytes());
        }
        None => out.extend_from_slice(part.as_bytes()),
    }
}

fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || text.starts_with([' ', '&', '*', '?', '|', '-', '<', '>', '=', '!', '%', '@', '.'])
        || text.starts_with("0x")
        || text.ends_with(' ')
        || text.contains(|c: char| c.is_control() || ":{}[],#\"'\\`".contains(c) || is_unprintable(c))
        || is_old_word(text)
        || text.parse::<i64>().is_ok()
        || text.parse::<f64>().is_ok()
        || !matches!(resolve(text), Value::Str(_))
}

/// Characters above the ASCII control characters that YAML wants escaped: further control characters, byte order mark, separators of lines and
/// paragraphs, non-characters.
fn is_unprintable(c: char) -> bool {
    matches!(
        c,
        '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}'
    )
}

fn is_old_word(text: &str) -> bool {
    OLD_WORDS.iter().any(|word| {
        text.eq_ignore_ascii_case(word) && {
            let rest = &text[1..];
            rest == &word[1..] || text.bytes().all(|byte| byte.is_ascii_uppercase())
        }
    })
}
