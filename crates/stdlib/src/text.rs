//! Text forms of values (spec/stdlib.md 4.3) that grow under the limits.
//!
//! The codec's writer in `temblor-value` knows neither limits nor the forms of `json::encode`; scalars are written by it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use temblor_script::func::{CallCx, FnError};
use temblor_value::{Iter, Str, Value, json};

use crate::growth::Text;

/// How binaries look.
#[derive(Clone, Copy)]
pub(crate) enum Binaries {
    /// Quoted base64.
    Base64,
    /// Arrays of byte values.
    Numbers,
}

/// Order of the fields of records.
#[derive(Clone, Copy)]
pub(crate) enum Fields {
    /// As they stand.
    InOrder,
    /// By the bytes of their names.
    Sorted,
}

/// Line structure.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// No white space.
    Compact,
    /// One element or field a line, two spaces a level.
    Pretty,
}

/// A form of JSON text.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// How binaries look.
    pub(crate) binaries: Binaries,
    /// Order of the fields of records.
    pub(crate) fields: Fields,
    /// Line structure.
    pub(crate) layout: Layout,
}

/// Minimal JSON.
pub(crate) const MINIMAL: Form = Form {
    binaries: Binaries::Base64,
    fields: Fields::InOrder,
    layout: Layout::Compact,
};

/// A container that is being written.
enum Open<'v> {
    Array { rest: std::slice::Iter<'v, Value>, first: bool },
    Record { rest: Rest<'v>, first: bool },
}

/// The fields of a record that are still to be written.
enum Rest<'v> {
    InOrder(Iter<'v>),
    Sorted(std::vec::IntoIter<(&'v Str, &'v Value)>),
}

impl<'v> Rest<'v> {
    fn next(&mut self) -> Option<(&'v Str, &'v Value)> {
        match self {
            Self::InOrder(fields) => fields.next(),
            Self::Sorted(fields) => fields.next(),
        }
    }
}

/// Appends `value` in `form`. Every value counts as a step.
pub(crate) fn write(cx: &mut CallCx<'_>, value: &Value, form: Form, out: &mut Text<'_>) -> Result<(), FnError> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut next = Some(value);
    loop {
        if let Some(value) = next.take() {
            cx.charge(1)?;
            if let Some(container) = start(value, form, open.len(), out)? {
                open.push(container);
            }
        }
        let level = open.len();
        let Some(container) = open.last_mut() else { return Ok(()) };
        let (closing, first) = match container {
            Open::Array { rest, first } => {
                next = rest.next();
                (']', first)
            }
            Open::Record { rest, first } => {
                let field = rest.next();
                next = field.map(|(_, value)| value);
                if let Some((key, _)) = field {
                    separate(*first, level, form, out)?;
                    *first = false;
                    string(key, out)?;
                    out.push_str(if form.layout == Layout::Pretty { ": " } else { ":" })?;
                    continue;
                }
                ('}', first)
            }
        };
        if next.is_some() {
            separate(*first, level, form, out)?;
            *first = false;
        } else {
            if !*first {
                line(level - 1, form, out)?;
            }
            out.push(closing)?;
            open.pop();
        }
    }
}

/// Writes a scalar as a whole, or the bracket that opens a container.
fn start<'v>(value: &'v Value, form: Form, level: usize, out: &mut Text<'_>) -> Result<Option<Open<'v>>, FnError> {
    match value {
        Value::Array(array) => {
            out.push('[')?;
            return Ok(Some(Open::Array {
                rest: array.iter(),
                first: true,
            }));
        }
        Value::Object(record) => {
            let rest = match form.fields {
                Fields::InOrder => Rest::InOrder(record.iter()),
                Fields::Sorted => {
                    let mut fields: Vec<_> = record.iter().collect();
                    fields.sort_unstable_by_key(|(key, _)| *key);
                    Rest::Sorted(fields.into_iter())
                }
            };
            out.push('{')?;
            return Ok(Some(Open::Record { rest, first: true }));
        }
        Value::Bytes(bytes) => match form.binaries {
            Binaries::Base64 => {
                out.push('"')?;
                base64(bytes, out)?;
                out.push('"')?;
            }
            Binaries::Numbers => numbers(bytes, level, form, out)?,
        },
        Value::Str(text) => string(text, out)?,
        scalar => out.write_with(0, |bytes| json::encode(scalar, bytes))?,
    }
    Ok(None)
}

fn string(text: &str, out: &mut Text<'_>) -> Result<(), FnError> {
    out.write_with(text.len() + 2, |bytes| json::write_str(text, bytes))
}

/// A binary as numbers: in the pretty layout all of them share one line.
fn numbers(bytes: &[u8], level: usize, form: Form, out: &mut Text<'_>) -> Result<(), FnError> {
    out.push('[')?;
    if !bytes.is_empty() {
        line(level + 1, form, out)?;
        out.expect(bytes.len().saturating_mul(2) - 1)?;
        for (index, byte) in bytes.iter().enumerate() {
            if index > 0 {
                out.push(',')?;
            }
            out.write_with(1, |text| json::encode(&Value::I64(i64::from(*byte)), text))?;
        }
        line(level, form, out)?;
    }
    out.push(']')
}

/// Standard base64 with padding, without quotes.
pub(crate) fn base64(bytes: &[u8], out: &mut Text<'_>) -> Result<(), FnError> {
    let length = base64::encoded_len(bytes.len(), true).unwrap_or(usize::MAX);
    out.expect(length)?;
    out.push_str(&STANDARD.encode(bytes))
}

fn separate(first: bool, level: usize, form: Form, out: &mut Text<'_>) -> Result<(), FnError> {
    if !first {
        out.push(',')?;
    }
    line(level, form, out)
}

/// A line break and the indentation of `level` in the pretty layout.
fn line(level: usize, form: Form, out: &mut Text<'_>) -> Result<(), FnError> {
    if form.layout == Layout::Compact {
        return Ok(());
    }
    out.push('\n')?;
    for _ in 0..level {
        out.push_str("  ")?;
    }
    Ok(())
}

/// Display text, the form of `array::join`.
pub(crate) fn display(cx: &mut CallCx<'_>, value: &Value, out: &mut Text<'_>) -> Result<(), FnError> {
    match value {
        Value::Str(text) => out.push_str(text),
        Value::F64(number) => out.push_str(&number.to_string()),
        Value::Bytes(bytes) => base64(bytes, out),
        other => write(cx, other, MINIMAL, out),
    }
}
