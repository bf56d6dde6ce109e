//! One stored event as bytes.
//!
//! A record is a frame of 8 bytes and a body: the body's length and the CRC-32 of length and body, both 4 bytes, lowest first. The CRC starts from
//! the salt of the segment. So nothing that was written in part, changed later or made for another segment is a record, and no body is empty.
//!
//! The body: number in the log (LEB128, as all numbers without a width here), the number confirmed then (0: none, else 1 more), flags (bit 0 transactional, 1 batch, 2 origin, 3 its port,
//! 4 value as JSON), ingest time (8 bytes); the id (source, stream, number; how many ranges, then source, stream, smallest, largest of each); marks (how many,
//! then operator and mark of each: 0 passed, else 1 + index of the output); the origin if there is one (scheme, host, port, how many segments,
//! each); the value, as JSON if its event still has the exact text, which is then copied instead of made; the metadata.

use std::sync::Arc;

use bytes::Bytes;
use crc32fast::Hasher;
use temblor_codec::JSON;
use temblor_event::{Event, EventId, Mark, OpMeta, Origin, Original, Payload, Tracked, Uid};
use temblor_value::json::{self, Scratch};

use super::value::{Input, Malformed, put_bytes, put_number, put_text, put_value};

/// Length of the frame before the body.
pub const FRAME: usize = 8;
/// Longest body that is written or believed, in bytes.
pub const MAX_BODY: usize = 1 << 30;

const TRANSACTIONAL: u8 = 1;
const BATCH: u8 = 1 << 1;
const ORIGIN: u8 = 1 << 2;
const PORT: u8 = 1 << 3;
const TEXT: u8 = 1 << 4;

/// What a log says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub number: u64,
    /// The number that was confirmed last when it was stored; below `u64::MAX`.
    pub confirmed: Option<u64>,
}

/// What a checksum starts from, by segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(pub u32);

impl Salt {
    /// That of segments of version 1.
    pub const NONE: Self = Self(0);
}

/// An event that does not fit into a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of {0} bytes is too large to be stored")]
pub struct TooLarge(pub usize);

/// What stands before a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    length: [u8; 4],
    sum: [u8; 4],
}

impl Frame {
    /// The first bytes of a record.
    pub fn read(bytes: [u8; FRAME]) -> Self {
        Self {
            length: std::array::from_fn(|at| bytes[at]),
            sum: std::array::from_fn(|at| bytes[at + FRAME / 2]),
        }
    }

    fn to_bytes(self) -> [u8; FRAME] {
        let [length, sum] = [self.length, self.sum].map(|half| u64::from(u32::from_le_bytes(half)));
        (length | sum << 32).to_le_bytes()
    }

    /// Length of the body in bytes; `None`: longer than any.
    pub fn body_len(self) -> Option<usize> {
        let length = u32::from_le_bytes(self.length) as usize;
        (length <= MAX_BODY).then_some(length)
    }

    /// Whether this is the body that was written, in a segment with this salt.
    pub fn fits(self, body: &[u8], salt: Salt) -> bool {
        self.sum == sum(self.length, body, salt)
    }
}

fn sum(length: [u8; 4], body: &[u8], salt: Salt) -> [u8; 4] {
    let mut hasher = Hasher::new_with_initial(salt.0);
    hasher.update(&length);
    hasher.update(body);
    hasher.finalize().to_le_bytes()
}

/// Puts the whole record of an event behind what is in `out`, for a segment with this salt.
///
/// # Errors
/// The event is larger than a record may be; `out` is as it was.
pub fn write(head: Head, event: &Event, salt: Salt, out: &mut Vec<u8>) -> Result<(), TooLarge> {
    let start = out.len();
    out.extend_from_slice(&[0; FRAME]);
    write_body(head, event, out);
    let body = out.get(start + FRAME..).unwrap_or_default();
    if body.len() > MAX_BODY {
        let size = body.len();
        out.truncate(start);
        return Err(TooLarge(size));
    }
    let length = (body.len() as u32).to_le_bytes();
    let sum = sum(length, body, salt);
    if let Some(frame) = out.get_mut(start..).and_then(<[u8]>::first_chunk_mut) {
        *frame = Frame { length, sum }.to_bytes();
    }
    Ok(())
}

fn write_body(head: Head, event: &Event, out: &mut Vec<u8>) {
    put_number(head.number, out);
    put_number(head.confirmed.map_or(0, |number| number.saturating_add(1)), out);
    let origin = event.origin.as_deref();
    let text = event.payload.message(JSON);
    let flag = |is_set, flag| if is_set { flag } else { 0 };
    out.push(
        flag(event.transactional, TRANSACTIONAL)
            | flag(event.is_batch, BATCH)
            | flag(origin.is_some(), ORIGIN)
            | flag(origin.is_some_and(|origin| origin.port.is_some()), PORT)
            | flag(text.is_some(), TEXT),
    );
    out.extend_from_slice(&event.ingest_ns.to_le_bytes());
    write_id(&event.id, out);
    write_marks(&event.op_meta, out);
    if let Some(origin) = origin {
        write_origin(origin, out);
    }
    match text {
        Some(text) => put_bytes(text, out),
        None => put_value(event.value(), out),
    }
    put_value(event.meta(), out);
}

fn write_id(id: &EventId, out: &mut Vec<u8>) {
    for number in [id.source().0, id.stream(), id.number(), id.tracked().len() as u64] {
        put_number(number, out);
    }
    for range in id.tracked() {
        for number in [range.source.0, range.stream, range.min, range.max] {
            put_number(number, out);
        }
    }
}

fn write_marks(marks: &OpMeta, out: &mut Vec<u8>) {
    let count = marks.iter().filter_map(|(_, mark)| mark_code(mark)).count();
    put_number(count as u64, out);
    for (operator, mark) in marks.iter() {
        if let Some(code) = mark_code(mark) {
            put_number(operator.0, out);
            put_number(code, out);
        }
    }
}

/// `None`: a copy of the event, which a log does not keep, since it answers for the delivery itself.
fn mark_code(mark: &Mark) -> Option<u64> {
    match mark {
        Mark::Passed => Some(0),
        Mark::Output(index) => Some(1 + u64::from(*index)),
        Mark::Attempted(_) => None,
    }
}

fn write_origin(origin: &Origin, out: &mut Vec<u8>) {
    put_text(&origin.scheme, out);
    put_text(&origin.host, out);
    if let Some(port) = origin.port {
        put_number(u64::from(port), out);
    }
    put_number(origin.path.len() as u64, out);
    for segment in &origin.path {
        put_text(segment, out);
    }
}

/// What the log says of the event in the body of a record.
///
/// # Errors
/// It is no body.
pub fn read_head(body: &[u8]) -> Result<Head, Malformed> {
    head(&mut Input::new(body))
}

fn head(input: &mut Input<'_>) -> Result<Head, Malformed> {
    Ok(Head {
        number: input.number()?,
        confirmed: input.number()?.checked_sub(1),
    })
}

/// Event and what the log says of it, from the body of a record. `scratch` has the buffers for JSON.
///
/// # Errors
/// It is no body.
pub fn read(body: &[u8], scratch: &mut Scratch) -> Result<(Head, Event), Malformed> {
    let mut input = Input::new(body);
    let head = head(&mut input)?;
    let flags = input.byte()?;
    let ingest_ns = input.fixed()?;
    let id = read_id(&mut input)?;
    let op_meta = read_marks(&mut input)?;
    let origin = match flags & ORIGIN {
        0 => None,
        _ => Some(Arc::new(read_origin(&mut input, flags & PORT != 0)?)),
    };
    let payload = if flags & TEXT == 0 {
        Payload::new(input.value()?, input.value()?)
    } else {
        let text = Bytes::copy_from_slice(input.bytes()?);
        let decoded = json::decode(text.clone(), scratch).map_err(|_| Malformed)?;
        Payload::with_original(decoded.value, Original::exact(text, JSON), input.value()?)
    };
    if !input.is_empty() || flags & !(TRANSACTIONAL | BATCH | ORIGIN | PORT | TEXT) != 0 {
        return Err(Malformed);
    }
    let mut event = Event::new(id, payload, ingest_ns);
    event.origin = origin;
    event.op_meta = op_meta;
    event.transactional = flags & TRANSACTIONAL != 0;
    event.is_batch = flags & BATCH != 0;
    Ok((head, event))
}

fn read_id(input: &mut Input<'_>) -> Result<EventId, Malformed> {
    let (source, stream, number) = (Uid(input.number()?), input.number()?, input.number()?);
    let count = input.count()?;
    let mut tracked = Vec::new();
    for _ in 0..count {
        tracked.push(Tracked {
            source: Uid(input.number()?),
            stream: input.number()?,
            min: input.number()?,
            max: input.number()?,
        });
    }
    Ok(EventId::restore(source, stream, number, tracked))
}

fn read_marks(input: &mut Input<'_>) -> Result<OpMeta, Malformed> {
    let mut marks = OpMeta::default();
    for _ in 0..input.count()? {
        let operator = Uid(input.number()?);
        let mark = match input.number()?.checked_sub(1) {
            None => Mark::Passed,
            Some(index) => Mark::Output(u32::try_from(index).map_err(|_| Malformed)?),
        };
        marks.set(operator, mark);
    }
    Ok(marks)
}

fn read_origin(input: &mut Input<'_>, has_port: bool) -> Result<Origin, Malformed> {
    let (scheme, host) = (input.text()?, input.text()?);
    let port = if has_port {
        Some(u16::try_from(input.number()?).map_err(|_| Malformed)?)
    } else {
        None
    };
    let count = input.count()?;
    let path = (0..count).map(|_| input.text()).collect::<Result<_, _>>()?;
    Ok(Origin {
        scheme,
        host,
        port,
        path,
    })
}
