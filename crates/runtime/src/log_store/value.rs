//! Values as bytes in a log: exact for every value, floats bit by bit.
//!
//! A value is a tag and what belongs to it. Numbers without a fixed width are LEB128 (seven bits a byte, lowest first); texts and bytes have
//! their length before them, arrays and records the number of their entries.
//!
//! | tag | value | then |
//! |---|---|---|
//! | 0, 1, 2 | null, false, true | – |
//! | 3 | integer ≥ 0 | LEB128 |
//! | 4 | integer < 0 | LEB128 of -1 - v |
//! | 5 | double | 8 bytes, lowest first |
//! | 6 | text | length, UTF-8 |
//! | 7 | bytes | length, bytes |
//! | 8 | array | number, values |
//! | 9 | record | number, (length, UTF-8, value) each |
//!
//! Nothing recurses, so depth is no matter. Reading never panics, and what it reserves follows what it has read.

use std::slice;

use smallvec::SmallVec;
use temblor_value::{Blob, Iter, ObjectMap, Str, Value};

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const POSITIVE: u8 = 3;
const NEGATIVE: u8 = 4;
const FLOAT: u8 = 5;
const TEXT: u8 = 6;
const BYTES: u8 = 7;
const ARRAY: u8 = 8;
const RECORD: u8 = 9;

/// Bytes that a number takes at most.
const LONGEST_NUMBER: usize = 10;
/// Bits of a number that is put together at once: seven in each byte of a word.
const AT_ONCE_BITS: u32 = 56;
/// Levels for which nothing is allocated.
const USUAL_DEPTH: usize = 8;

/// Entries for which room is made before they are read.
const AT_ONCE: usize = 64;

/// Bytes that are no record of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record makes no sense")]
pub struct Malformed;

/// What is left to read of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        let (first, rest) = self.0.split_first().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn fixed(&mut self) -> Result<u64, Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*taken))
    }

    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(Malformed);
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    /// A number of things of which each takes a byte at least.
    pub(super) fn count(&mut self) -> Result<usize, Malformed> {
        let count = usize::try_from(self.number()?).map_err(|_| Malformed)?;
        if count > self.0.len() { Err(Malformed) } else { Ok(count) }
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let count = self.count()?;
        self.take(count)
    }

    pub(super) fn text(&mut self) -> Result<Str, Malformed> {
        std::str::from_utf8(self.bytes()?).map(Str::new).map_err(|_| Malformed)
    }

    pub(super) fn value(&mut self) -> Result<Value, Malformed> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let mut value = match self.plain_or_open()? {
                Read::Value(value) => value,
                Read::Open(mut container) => {
                    container.next_key(self)?;
                    open.push(container);
                    continue;
                }
            };
            loop {
                let Some(container) = open.last_mut() else {
                    return Ok(value);
                };
                container.put(value);
                if container.left() > 0 {
                    container.next_key(self)?;
                    break;
                }
                match open.pop() {
                    Some(container) => value = container.close(),
                    None => return Err(Malformed),
                }
            }
        }
    }

    fn plain_or_open(&mut self) -> Result<Read, Malformed> {
        let value = match self.byte()? {
            NULL => Value::Null,
            FALSE => Value::Bool(false),
            TRUE => Value::Bool(true),
            POSITIVE => Value::from(self.number()?),
            NEGATIVE => {
                let below = i64::try_from(self.number()?).map_err(|_| Malformed)?;
                Value::from(-1 - below)
            }
            FLOAT => Value::from(f64::from_bits(self.fixed()?)),
            TEXT => Value::from(self.text()?),
            BYTES => Value::from(Blob::from(self.bytes()?)),
            ARRAY => match self.count()? {
                0 => Value::array(),
                count => return Ok(Read::Open(Open::Array(Vec::with_capacity(count.min(AT_ONCE)), count))),
            },
            RECORD => match self.count()? {
                0 => Value::object(),
                count => {
                    let map = ObjectMap::with_capacity(count.min(AT_ONCE));
                    return Ok(Read::Open(Open::Record(map, count, Str::default())));
                }
            },
            _ => return Err(Malformed),
        };
        Ok(Read::Value(value))
    }
}

enum Read {
    Value(Value),
    Open(Open),
}

/// A container of which entries are still to be read, and how many.
enum Open {
    Array(Vec<Value>, usize),
    /// With the key of the entry to come.
    Record(ObjectMap, usize, Str),
}

impl Open {
    fn left(&self) -> usize {
        match self {
            Self::Array(_, left) | Self::Record(_, left, _) => *left,
        }
    }

    fn next_key(&mut self, input: &mut Input<'_>) -> Result<(), Malformed> {
        if let Self::Record(_, _, key) = self {
            *key = input.text()?;
        }
        Ok(())
    }

    fn put(&mut self, value: Value) {
        match self {
            Self::Array(values, left) => {
                values.push(value);
                *left -= 1;
            }
            Self::Record(map, left, key) => {
                map.insert(std::mem::take(key), value);
                *left -= 1;
            }
        }
    }

    fn close(self) -> Value {
        match self {
            Self::Array(values, _) => Value::from(values),
            Self::Record(map, ..) => Value::from(map),
        }
    }
}

/// Writes a number in LEB128.
#[inline]
pub(super) fn put_number(number: u64, out: &mut Vec<u8>) {
    if number < 0x80 {
        out.push(number as u8);
    } else {
        put_large_number(number, out);
    }
}

#[inline(never)]
fn put_large_number(number: u64, out: &mut Vec<u8>) {
    if number >> AT_ONCE_BITS != 0 {
        put_largest_number(number, out);
        return;
    }
    // Halves to 32 bits, quarters to 16, and sevens to bytes; all but the last byte say that another one follows.
    let halves = number & 0x0fff_ffff | (number & 0x00ff_ffff_f000_0000) << 4;
    let quarters = halves & 0x0000_3fff_0000_3fff | (halves & 0x0fff_c000_0fff_c000) << 2;
    let sevens = quarters & 0x007f_007f_007f_007f | (quarters & 0x3f80_3f80_3f80_3f80) << 1;
    let last = u64::BITS - 1 - sevens.leading_zeros();
    let following = (1 << (last & !7)) - 1;
    let bytes = sevens | (0x8080_8080_8080_8080 & following);
    // A copy of known length, cut, is cheaper than one of the right length.
    out.extend_from_slice(&bytes.to_le_bytes());
    let length = last as usize / 8 + 1;
    out.truncate(out.len() - (size_of::<u64>() - length));
}

#[cold]
fn put_largest_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes bytes with their length.
#[inline]
pub(super) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    // Once, instead of for each byte of the length.
    out.reserve(LONGEST_NUMBER + bytes.len());
    put_number(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Writes a text with its length.
pub(super) fn put_text(text: &str, out: &mut Vec<u8>) {
    put_bytes(text.as_bytes(), out);
}

/// Entries of a container that are still to be written.
enum Rest<'a> {
    Array(slice::Iter<'a, Value>),
    Record(Iter<'a>),
}

/// Writes a value.
pub(super) fn put_value(value: &Value, out: &mut Vec<u8>) {
    if let Some(entries) = put_plain_or_head(value, out) {
        put_entries(entries, out);
    }
}

fn put_entries<'a>(entries: Rest<'a>, out: &mut Vec<u8>) {
    let mut open: SmallVec<[Rest<'a>; USUAL_DEPTH]> = SmallVec::new();
    open.push(entries);
    while let Some(innermost) = open.last_mut() {
        let next = match innermost {
            Rest::Array(values) => values.next(),
            Rest::Record(entries) => entries.next().map(|(key, value)| {
                put_text(key, out);
                value
            }),
        };
        match next {
            Some(value) => {
                if let Some(entries) = put_plain_or_head(value, out) {
                    open.push(entries);
                }
            }
            None => drop(open.pop()),
        }
    }
}

/// Writes what is no container whole, of a container its head; gives its entries, if it has any.
#[inline]
fn put_plain_or_head<'a>(value: &'a Value, out: &mut Vec<u8>) -> Option<Rest<'a>> {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(false) => out.push(FALSE),
        Value::Bool(true) => out.push(TRUE),
        Value::I64(number) => match u64::try_from(*number) {
            Ok(number) => {
                out.push(POSITIVE);
                put_number(number, out);
            }
            Err(_) => {
                out.push(NEGATIVE);
                put_number((-1 - *number) as u64, out);
            }
        },
        Value::U64(number) => {
            out.push(POSITIVE);
            put_number(*number, out);
        }
        Value::F64(number) => {
            out.push(FLOAT);
            out.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        Value::Str(text) => {
            out.push(TEXT);
            put_text(text, out);
        }
        Value::Bytes(bytes) => {
            out.push(BYTES);
            put_bytes(bytes, out);
        }
        Value::Array(values) => {
            out.push(ARRAY);
            put_number(values.len() as u64, out);
            return (!values.is_empty()).then(|| Rest::Array(values.iter()));
        }
        Value::Object(map) => {
            out.push(RECORD);
            put_number(map.len() as u64, out);
            return (!map.is_empty()).then(|| Rest::Record(map.iter()));
        }
    }
    None
}
