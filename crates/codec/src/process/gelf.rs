//! `gelf-chunking`: messages larger than a datagram, cut into chunks (formats.md 5.5 and 6).
//!
//! A chunk is `1e 0f`, a message id (u64, big endian), the sequence number from 0, the number of chunks, then data.

use std::collections::HashMap;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Postprocessor, Preprocessor};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "gelf-chunking";
pub(super) const TCP_NAME: &str = "gelf-chunking-tcp";

const HEADER_BYTES: usize = 12;
const MAX_DATA_BYTES: usize = 8192 - HEADER_BYTES;
const MAX_CHUNKS_WRITTEN: usize = 128;

/// How long chunks of a message may lie apart: after this time the older generation goes and the newer becomes the older.
const GENERATION_NS: u64 = 5_000_000_000;

/// Puts messages together again.
#[derive(Debug)]
pub(super) struct Reassemble {
    name: &'static str,
    cuts_last_byte: bool,
    newer: HashMap<u64, Pending>,
    older: HashMap<u64, Pending>,
    turned_ns: u64,
    pending_bytes: usize,
    limit: usize,
}

/// A message whose chunks have not all arrived.
#[derive(Debug)]
struct Pending {
    chunks: Vec<Option<Bytes>>,
    missing: usize,
}

struct Chunk {
    id: u64,
    sequence: usize,
    count: usize,
    data: Bytes,
}

impl Reassemble {
    /// For transports that keep the bounds of messages.
    pub(super) fn datagrams(limits: &Limits) -> Self {
        Self {
            name: NAME,
            cuts_last_byte: false,
            newer: HashMap::new(),
            older: HashMap::new(),
            turned_ns: 0,
            pending_bytes: 0,
            limit: limits.pending_bytes,
        }
    }

    /// For TCP, where a NUL byte ends each payload.
    pub(super) fn stream(limits: &Limits) -> Self {
        Self {
            name: TCP_NAME,
            cuts_last_byte: true,
            ..Self::datagrams(limits)
        }
    }

    fn turn_generations(&mut self, ingest_ns: u64) {
        if ingest_ns.saturating_sub(self.turned_ns) > GENERATION_NS {
            self.turned_ns = ingest_ns;
            self.drop_older();
        }
    }

    fn drop_older(&mut self) {
        self.older = std::mem::take(&mut self.newer);
        self.pending_bytes = self.older.values().map(Pending::bytes).sum();
    }

    /// The payload that `chunk` completes.
    fn add(&mut self, chunk: Chunk) -> Option<Bytes> {
        if chunk.count == 1 && chunk.sequence == 0 {
            return Some(chunk.data);
        }
        let generation = if self.older.contains_key(&chunk.id) {
            &mut self.older
        } else {
            &mut self.newer
        };
        if let Some(pending) = generation.get_mut(&chunk.id) {
            let length = chunk.data.len();
            let is_new = pending.add(chunk.sequence, chunk.data);
            if is_new && pending.missing > 0 {
                self.pending_bytes += length;
                self.make_room();
                return None;
            }
            let pending = generation.remove(&chunk.id)?;
            let last = if is_new { length } else { 0 };
            self.pending_bytes -= pending.bytes() - last;
            if !is_new {
                tracing::error!(
                    id = chunk.id,
                    sequence = chunk.sequence,
                    "repeated or impossible GELF chunk, its message is discarded"
                );
                return None;
            }
            return Some(pending.into_payload());
        }
        if chunk.sequence >= chunk.count {
            tracing::warn!(
                sequence = chunk.sequence,
                count = chunk.count,
                "GELF chunk out of range is ignored"
            );
            return None;
        }
        let mut pending = Pending {
            chunks: vec![None; chunk.count],
            missing: chunk.count,
        };
        pending.add(chunk.sequence, chunk.data);
        self.pending_bytes += pending.bytes();
        self.newer.insert(chunk.id, pending);
        self.make_room();
        None
    }

    /// Gives up the oldest messages when too much is held.
    fn make_room(&mut self) {
        while self.pending_bytes > self.limit {
            tracing::warn!(
                limit = self.limit,
                "too much data in incomplete GELF messages, the older ones are discarded"
            );
            self.drop_older();
        }
    }
}

impl Pending {
    /// False if the place does not exist or is taken.
    fn add(&mut self, sequence: usize, data: Bytes) -> bool {
        let Some(place @ None) = self.chunks.get_mut(sequence) else {
            return false;
        };
        *place = Some(data);
        self.missing -= 1;
        true
    }

    /// Memory held, roughly.
    fn bytes(&self) -> usize {
        let data: usize = self.chunks.iter().flatten().map(Bytes::len).sum();
        data + self.chunks.len() * size_of::<Option<Bytes>>()
    }

    fn into_payload(self) -> Bytes {
        let mut payload = BytesMut::with_capacity(self.chunks.iter().flatten().map(Bytes::len).sum());
        self.chunks.iter().flatten().for_each(|data| payload.extend_from_slice(data));
        payload.freeze()
    }
}

impl Preprocessor for Reassemble {
    fn name(&self) -> &'static str {
        self.name
    }

    fn process(&mut self, mut chunk: Bytes, ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let payload = match chunk[..] {
            [0x1e, 0x0f, ..] if chunk.len() >= HEADER_BYTES => {
                self.turn_generations(*ingest_ns);
                chunk.advance(2);
                let id = chunk.get_u64();
                let sequence = usize::from(chunk.get_u8());
                let count = usize::from(chunk.get_u8());
                self.add(Chunk {
                    id,
                    sequence,
                    count,
                    data: chunk,
                })
            }
            [0x1f, 0x3c, ..] => Some(chunk.split_off(2)),
            [b'{', _, ..] => Some(chunk),
            _ => return Err(bad_header(&chunk)),
        };
        let Some(mut payload) = payload else {
            return Ok(());
        };
        if self.cuts_last_byte {
            let Some(length) = payload.len().checked_sub(1) else {
                return Ok(());
            };
            payload.truncate(length);
        }
        out.push(payload);
        Ok(())
    }
}

fn bad_header(chunk: &Bytes) -> ProcessError {
    let prefix: Vec<String> = chunk.iter().take(2).map(|byte| format!("{byte:02x}")).collect();
    ProcessError::GelfHeader {
        length: chunk.len(),
        prefix: prefix.join(" "),
    }
}

/// Cuts messages into chunks.
#[derive(Debug)]
pub(super) struct Split {
    next_id: u64,
}

impl Split {
    pub(super) fn new() -> Self {
        Self { next_id: 0 }
    }
}

impl Postprocessor for Split {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let count = message.len().div_ceil(MAX_DATA_BYTES);
        if count > MAX_CHUNKS_WRITTEN {
            return Err(ProcessError::GelfTooLarge {
                length: message.len(),
                chunks: MAX_CHUNKS_WRITTEN,
            });
        }
        for (sequence, data) in message.chunks(MAX_DATA_BYTES).enumerate() {
            let mut chunk = BytesMut::with_capacity(HEADER_BYTES + data.len());
            chunk.put_slice(&[0x1e, 0x0f]);
            chunk.put_u64(self.next_id);
            chunk.put_u8(sequence as u8);
            chunk.put_u8(count as u8);
            chunk.extend_from_slice(data);
            out.push(chunk.freeze());
        }
        self.next_id = self.next_id.wrapping_add(1);
        Ok(())
    }
}
