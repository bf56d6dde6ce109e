//! `statsd`: one metric, `name:value|type[|@rate]` (formats.md 3.9).

use std::num::{ParseFloatError, ParseIntError};

use bytes::Bytes;
use temblor_value::{ObjectMap, Str, Value, json, json::Scratch};

use super::{Codec, text};
use crate::CodecError;

pub(super) const NAME: &str = "statsd";

#[derive(Debug)]
pub(super) struct Statsd;

impl Codec for Statsd {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: Bytes, _scratch: &mut Scratch, _ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        Ok(Some(read_metric(text(&frame)?)?))
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        Ok(write_metric(value, out).ok_or(StatsdError::Shape)?)
    }
}

/// Why a message is no metric, or a value cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatsdError {
    /// Not the shape of a metric.
    #[error("Invalid statsd metric")]
    Shape,
    /// The value, written without a dot, is no integer.
    #[error(transparent)]
    Integer(#[from] ParseIntError),
    /// The sample rate, or a value written with a dot, is no float.
    #[error(transparent)]
    Float(#[from] ParseFloatError),
}

fn read_metric(message: &str) -> Result<Value, StatsdError> {
    let (metric, rest) = message.split_once(':').ok_or(StatsdError::Shape)?;
    let (value, rest) = rest.split_once('|').ok_or(StatsdError::Shape)?;
    let mut number = read_number(value)?;
    let (kind, rate) = match rest.split_once('|') {
        Some((kind, rate)) => (kind, Some(rate)),
        None => (rest, None),
    };
    if !matches!(kind, "c" | "g" | "h" | "s" | "ms") {
        return Err(StatsdError::Shape);
    }
    let mut record = ObjectMap::with_capacity(5);
    record.insert(Str::from_static("metric"), metric);
    if kind == "g" && value.starts_with('+') {
        record.insert(Str::from_static("action"), Str::from_static("add"));
    }
    if kind == "g" && value.starts_with('-') {
        record.insert(Str::from_static("action"), Str::from_static("sub"));
        number = magnitude(number);
    }
    record.insert(Str::from_static("type"), kind);
    if let Some(rate) = rate {
        let rate: f64 = rate.strip_prefix('@').ok_or(StatsdError::Shape)?.parse()?;
        record.insert(Str::from_static("sample_rate"), rate);
    }
    record.insert(Str::from_static("value"), number);
    Ok(Value::from(record))
}

fn read_number(text: &str) -> Result<Value, StatsdError> {
    if text.contains('.') {
        Ok(Value::F64(text.parse()?))
    } else {
        Ok(Value::I64(text.parse()?))
    }
}

fn magnitude(number: Value) -> Value {
    match number {
        Value::I64(number) => Value::from(number.unsigned_abs()),
        Value::F64(number) => Value::F64(number.abs()),
        other => other,
    }
}

/// None if `value` has not the shape of a metric.
fn write_metric(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    let kind = value.get("type")?.as_str()?;
    out.extend_from_slice(value.get("metric")?.as_str()?.as_bytes());
    out.push(b':');
    if kind == "g" {
        match value.get("action").and_then(Value::as_str) {
            Some("add") => out.push(b'+'),
            Some("sub") => out.push(b'-'),
            _ => {}
        }
    }
    write_number(value.get("value")?, out)?;
    out.push(b'|');
    out.extend_from_slice(kind.as_bytes());
    if let Some(rate) = value.get("sample_rate") {
        out.extend_from_slice(b"|@");
        write_number(rate, out)?;
    }
    Some(())
}

fn write_number(value: &Value, out: &mut Vec<u8>) -> Option<()> {
    value.as_f64().filter(|number| number.is_finite())?;
    json::encode(value, out);
    Some(())
}

#[cfg(test)]
mod tests;
