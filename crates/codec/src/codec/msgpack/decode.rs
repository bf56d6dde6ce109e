//! Reading. Keeps its own stack, so that the depth of a message does not matter; strings and binary are slices of the message.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use rmp::Marker;
use temblor_value::{Blob, ObjectMap, Str, Value};

use super::{MAX_DEPTH, MsgpackError};

/// Most elements to make room for before they are seen: a header of a few bytes may announce billions.
const MAX_RESERVED: usize = 1024;

/// The value at the start of `frame`; what follows is ignored.
pub(super) fn decode(frame: Bytes) -> Result<Value, MsgpackError> {
    let mut reader = Reader {
        frame: Arc::new(frame),
        at: 0,
    };
    let mut open: Vec<Open> = Vec::new();
    loop {
        let mut value = match reader.item()? {
            Item::Value(value) => value,
            Item::Array(0) => Value::array(),
            Item::Map(0) => Value::object(),
            Item::Array(length) => {
                push(
                    &mut open,
                    Open::Array {
                        elements: Vec::with_capacity(length.min(MAX_RESERVED)),
                        left: length,
                    },
                )?;
                continue;
            }
            Item::Map(length) => {
                let key = reader.key()?;
                push(
                    &mut open,
                    Open::Map {
                        entries: ObjectMap::with_capacity(length.min(MAX_RESERVED)),
                        key,
                        left: length,
                    },
                )?;
                continue;
            }
        };
        loop {
            match open.pop() {
                None => return Ok(value),
                Some(Open::Array { mut elements, left }) => {
                    elements.push(value);
                    if left > 1 {
                        open.push(Open::Array {
                            elements,
                            left: left - 1,
                        });
                        break;
                    }
                    value = Value::from(elements);
                }
                Some(Open::Map { mut entries, key, left }) => {
                    entries.insert(key, value);
                    if left > 1 {
                        open.push(Open::Map {
                            entries,
                            key: reader.key()?,
                            left: left - 1,
                        });
                        break;
                    }
                    value = Value::from(entries);
                }
            }
        }
    }
}

/// A container some of whose elements are still to come.
enum Open {
    Array { elements: Vec<Value>, left: usize },
    Map { entries: ObjectMap, key: Str, left: usize },
}

fn push(open: &mut Vec<Open>, container: Open) -> Result<(), MsgpackError> {
    open.push(container);
    if open.len() < MAX_DEPTH {
        Ok(())
    } else {
        Err(MsgpackError::TooDeep)
    }
}

/// A complete scalar, or the head of a container with its number of elements.
enum Item {
    Value(Value),
    Array(usize),
    Map(usize),
}

struct Reader {
    frame: Arc<Bytes>,
    at: usize,
}

impl Reader {
    fn item(&mut self) -> Result<Item, MsgpackError> {
        let value = match self.marker()? {
            Marker::Null => Value::Null,
            Marker::True => Value::Bool(true),
            Marker::False => Value::Bool(false),
            Marker::FixPos(number) => Value::from(u64::from(number)),
            Marker::FixNeg(number) => Value::I64(i64::from(number)),
            Marker::U8 => Value::from(u64::from(u8::from_be_bytes(self.array()?))),
            Marker::U16 => Value::from(u64::from(u16::from_be_bytes(self.array()?))),
            Marker::U32 => Value::from(u64::from(u32::from_be_bytes(self.array()?))),
            Marker::U64 => Value::from(u64::from_be_bytes(self.array()?)),
            Marker::I8 => Value::I64(i64::from(i8::from_be_bytes(self.array()?))),
            Marker::I16 => Value::I64(i64::from(i16::from_be_bytes(self.array()?))),
            Marker::I32 => Value::I64(i64::from(i32::from_be_bytes(self.array()?))),
            Marker::I64 => Value::I64(i64::from_be_bytes(self.array()?)),
            Marker::F32 => Value::F64(f64::from(f32::from_be_bytes(self.array()?))),
            Marker::F64 => Value::F64(f64::from_be_bytes(self.array()?)),
            Marker::FixStr(length) => self.string(usize::from(length))?,
            Marker::Str8 => self.length8().and_then(|length| self.string(length))?,
            Marker::Str16 => self.length16().and_then(|length| self.string(length))?,
            Marker::Str32 => self.length32().and_then(|length| self.string(length))?,
            Marker::Bin8 => self.length8().and_then(|length| self.binary(length))?,
            Marker::Bin16 => self.length16().and_then(|length| self.binary(length))?,
            Marker::Bin32 => self.length32().and_then(|length| self.binary(length))?,
            Marker::FixArray(length) => return Ok(Item::Array(usize::from(length))),
            Marker::Array16 => return self.length16().map(Item::Array),
            Marker::Array32 => return self.length32().map(Item::Array),
            Marker::FixMap(length) => return Ok(Item::Map(usize::from(length))),
            Marker::Map16 => return self.length16().map(Item::Map),
            Marker::Map32 => return self.length32().map(Item::Map),
            Marker::FixExt1
            | Marker::FixExt2
            | Marker::FixExt4
            | Marker::FixExt8
            | Marker::FixExt16
            | Marker::Ext8
            | Marker::Ext16
            | Marker::Ext32 => return Err(MsgpackError::InvalidType("extension value")),
            Marker::Reserved => return Err(MsgpackError::InvalidType("reserved marker")),
        };
        Ok(Item::Value(value))
    }

    fn key(&mut self) -> Result<Str, MsgpackError> {
        let length = match self.marker()? {
            Marker::FixStr(length) => usize::from(length),
            Marker::Str8 | Marker::Bin8 => self.length8()?,
            Marker::Str16 | Marker::Bin16 => self.length16()?,
            Marker::Str32 | Marker::Bin32 => self.length32()?,
            _ => return Err(MsgpackError::InvalidType("key that is no string")),
        };
        let range = self.take(length, "a key")?;
        Str::from_buffer(&self.frame, range).map_err(|_| MsgpackError::InvalidType("key that is not UTF-8"))
    }

    fn marker(&mut self) -> Result<Marker, MsgpackError> {
        let at = self.take(1, "a marker")?.start;
        Ok(Marker::from_u8(self.frame[at]))
    }

    fn length8(&mut self) -> Result<usize, MsgpackError> {
        Ok(usize::from(u8::from_be_bytes(self.array()?)))
    }

    fn length16(&mut self) -> Result<usize, MsgpackError> {
        Ok(usize::from(u16::from_be_bytes(self.array()?)))
    }

    fn length32(&mut self) -> Result<usize, MsgpackError> {
        Ok(u32::from_be_bytes(self.array()?) as usize)
    }

    /// Text, or binary if it is none.
    fn string(&mut self, length: usize) -> Result<Value, MsgpackError> {
        let range = self.take(length, "a string")?;
        Ok(match Str::from_buffer(&self.frame, range.clone()) {
            Ok(text) => Value::Str(text),
            Err(_) => Value::Bytes(Blob::from(self.frame.slice(range))),
        })
    }

    fn binary(&mut self, length: usize) -> Result<Value, MsgpackError> {
        let range = self.take(length, "binary data")?;
        Ok(Value::Bytes(Blob::from(self.frame.slice(range))))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], MsgpackError> {
        let range = self.take(N, "a number")?;
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.frame[range]);
        Ok(bytes)
    }

    fn take(&mut self, length: usize, what: &'static str) -> Result<Range<usize>, MsgpackError> {
        if self.frame.len() - self.at < length {
            return Err(MsgpackError::Truncated(what));
        }
        let start = self.at;
        self.at += length;
        Ok(start..self.at)
    }
}
