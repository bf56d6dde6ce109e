//! `lz4`: the LZ4 frame format (formats.md 5 and 6).

use std::io::Write;

use bytes::Bytes;
use lz4_flex::frame::{FrameDecoder, FrameEncoder};

use super::{
    Postprocessor, Preprocessor,
    inflate::{broken, compressed, read_all},
};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "lz4";

const MAGIC: &[u8] = &[0x04, 0x22, 0x4d, 0x18];

#[derive(Debug)]
pub(super) struct Decompress {
    limit: usize,
}

impl Decompress {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limit: limits.decompressed_bytes,
        }
    }
}

impl Preprocessor for Decompress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, chunk: Bytes, _ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        out.push(decompress(&chunk, self.limit)?);
        Ok(())
    }
}

/// The content of the frame at the start of `chunk`; what follows it is ignored.
pub(super) fn decompress(chunk: &Bytes, limit: usize) -> Result<Bytes, ProcessError> {
    if !chunk.starts_with(MAGIC) {
        return Err(broken(NAME, "not an LZ4 frame"));
    }
    // The library takes a frame that is cut short between blocks for a complete one.
    let frame = frame(chunk).ok_or_else(|| broken(NAME, "data ends too early"))?;
    read_all(NAME, chunk, FrameDecoder::new(frame), limit)
}

/// The frame at the start of `data`, if it is complete (LZ4 frame format 1.6.4: head, blocks, end mark, checksum).
fn frame(data: &[u8]) -> Option<&[u8]> {
    let flags = *data.get(MAGIC.len())?;
    let has = |bit: u8, bytes: usize| if flags & (1 << bit) == 0 { 0 } else { bytes };
    let (block_checksum, content_size, content_checksum, dictionary) = (has(4, 4), has(3, 8), has(2, 4), has(0, 4));
    // Two bytes of descriptor and a checksum are always there.
    let mut at = MAGIC.len() + 2 + content_size + dictionary + 1;
    loop {
        let size: [u8; 4] = data.get(at..at + 4)?.try_into().ok()?;
        at += 4;
        // The highest bit tells whether the block is compressed.
        match u32::from_le_bytes(size) & 0x7fff_ffff {
            0 => return data.get(..at + content_checksum),
            size => at += size as usize + block_checksum,
        }
    }
}

/// The library has one level only; the compressed bytes are no part of the contract.
#[derive(Debug)]
pub(super) struct Compress;

impl Postprocessor for Compress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let mut encoder = FrameEncoder::new(Vec::new());
        let result = encoder
            .write_all(&message)
            .and_then(|()| encoder.finish().map_err(Into::into));
        out.push(compressed(NAME, result)?);
        Ok(())
    }
}
