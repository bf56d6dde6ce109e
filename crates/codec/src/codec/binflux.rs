//! `binflux`: the binary form of `InfluxDB` lines (formats.md 3.8). All integers are big endian; a string is a u16 length and its bytes.

use std::{ops::Range, str::Utf8Error, sync::Arc};

use bytes::{BufMut, Bytes};
use temblor_value::{Kind, ObjectMap, Str, Value, json::Scratch};

use super::Codec;
use crate::CodecError;

pub(super) const NAME: &str = "binflux";

const VERSION: u16 = 0;

const INTEGER: u8 = 0;
const FLOAT: u8 = 1;
const STRING: u8 = 2;
const TRUE: u8 = 3;
const FALSE: u8 = 4;

#[derive(Debug)]
pub(super) struct Binflux;

impl Codec for Binflux {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: Bytes, _scratch: &mut Scratch, _ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        Ok(Some(
            Reader {
                frame: Arc::new(frame),
                at: 0,
            }
            .record()?,
        ))
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        Ok(write_record(value, out)?)
    }
}

/// Why a message is no binary `InfluxDB` record, or a value cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BinfluxError {
    /// Another version than 0.
    #[error("invalid version {0}")]
    Version(u16),
    /// The message ends within the record.
    #[error("unexpected end of the message")]
    Truncated,
    /// A string that is no text.
    #[error("string is not UTF-8: {0}")]
    Utf8(#[from] Utf8Error),
    /// A field of a type that does not exist.
    #[error("unknown type {kind} of field {name}")]
    FieldType {
        /// Name of the field.
        name: Str,
        /// The type byte.
        kind: u8,
    },
    /// `measurement` is missing or no string.
    #[error("measurement missing")]
    NoMeasurement,
    /// `timestamp` is missing, negative or no integer.
    #[error("timestamp missing")]
    NoTimestamp,
    /// A string over 65535 bytes.
    #[error("string too long ({0} bytes)")]
    StringTooLong(usize),
    /// More than 65535 tags.
    #[error("too many tags")]
    TooManyTags,
    /// More than 65535 fields.
    #[error("too many fields")]
    TooManyFields,
    /// A field value without binary form: null, array, record, binary, or an integer above the i64 range.
    #[error("Unknown type as influx line value: {kind} in field {name}")]
    FieldValue {
        /// Name of the field.
        name: Str,
        /// What it holds.
        kind: Kind,
    },
}

struct Reader {
    frame: Arc<Bytes>,
    at: usize,
}

impl Reader {
    fn record(&mut self) -> Result<Value, BinfluxError> {
        match self.u16()? {
            VERSION => {}
            other => return Err(BinfluxError::Version(other)),
        }
        let measurement = self.string()?;
        let timestamp = u64::from_be_bytes(self.array()?);
        let mut tags = ObjectMap::new();
        for _ in 0..self.u16()? {
            let name = self.string()?;
            tags.insert(name, self.string()?);
        }
        let mut fields = ObjectMap::new();
        for _ in 0..self.u16()? {
            let name = self.string()?;
            let value = self.field(&name)?;
            fields.insert(name, value);
        }
        let mut record = ObjectMap::with_capacity(4);
        record.insert(Str::from_static("measurement"), measurement);
        record.insert(Str::from_static("tags"), tags);
        record.insert(Str::from_static("fields"), fields);
        record.insert(Str::from_static("timestamp"), timestamp);
        Ok(Value::from(record))
    }

    fn field(&mut self, name: &Str) -> Result<Value, BinfluxError> {
        match u8::from_be_bytes(self.array()?) {
            INTEGER => Ok(Value::I64(i64::from_be_bytes(self.array()?))),
            FLOAT => Ok(Value::F64(f64::from_be_bytes(self.array()?))),
            STRING => Ok(Value::Str(self.string()?)),
            TRUE => Ok(Value::Bool(true)),
            FALSE => Ok(Value::Bool(false)),
            kind => Err(BinfluxError::FieldType {
                name: name.clone(),
                kind,
            }),
        }
    }

    fn string(&mut self) -> Result<Str, BinfluxError> {
        let length = self.u16()?;
        let range = self.take(usize::from(length))?;
        Ok(Str::from_buffer(&self.frame, range)?)
    }

    fn u16(&mut self) -> Result<u16, BinfluxError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BinfluxError> {
        let range = self.take(N)?;
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.frame[range]);
        Ok(bytes)
    }

    fn take(&mut self, length: usize) -> Result<Range<usize>, BinfluxError> {
        if self.frame.len() - self.at < length {
            return Err(BinfluxError::Truncated);
        }
        let start = self.at;
        self.at += length;
        Ok(start..self.at)
    }
}

fn write_record(value: &Value, out: &mut Vec<u8>) -> Result<(), BinfluxError> {
    let measurement = value
        .get("measurement")
        .and_then(Value::as_str)
        .ok_or(BinfluxError::NoMeasurement)?;
    let timestamp = value
        .get("timestamp")
        .and_then(Value::as_u64)
        .ok_or(BinfluxError::NoTimestamp)?;
    out.put_u16(VERSION);
    write_string(measurement, out)?;
    out.put_u64(timestamp);
    let tags = || {
        let tags = value.get("tags").and_then(Value::as_object).into_iter().flatten();
        tags.filter_map(|(name, tag)| Some((name, tag.as_str()?)))
    };
    out.put_u16(u16::try_from(tags().count()).map_err(|_| BinfluxError::TooManyTags)?);
    for (name, tag) in tags() {
        write_string(name, out)?;
        write_string(tag, out)?;
    }
    let fields = value.get("fields").and_then(Value::as_object);
    let count = fields.map_or(0, ObjectMap::len);
    out.put_u16(u16::try_from(count).map_err(|_| BinfluxError::TooManyFields)?);
    for (name, field) in fields.into_iter().flatten() {
        write_string(name, out)?;
        write_field(name, field, out)?;
    }
    Ok(())
}

fn write_field(name: &Str, field: &Value, out: &mut Vec<u8>) -> Result<(), BinfluxError> {
    match field {
        Value::I64(number) => {
            out.put_u8(INTEGER);
            out.put_i64(*number);
        }
        Value::F64(number) => {
            out.put_u8(FLOAT);
            out.put_f64(*number);
        }
        Value::Str(text) => {
            out.put_u8(STRING);
            write_string(text, out)?;
        }
        Value::Bool(true) => out.put_u8(TRUE),
        Value::Bool(false) => out.put_u8(FALSE),
        Value::Null | Value::U64(_) | Value::Bytes(_) | Value::Array(_) | Value::Object(_) => {
            return Err(BinfluxError::FieldValue {
                name: name.clone(),
                kind: field.kind(),
            });
        }
    }
    Ok(())
}

fn write_string(text: &str, out: &mut Vec<u8>) -> Result<(), BinfluxError> {
    let length = u16::try_from(text.len()).map_err(|_| BinfluxError::StringTooLong(text.len()))?;
    out.put_u16(length);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

#[cfg(test)]
mod tests;
