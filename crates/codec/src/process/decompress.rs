//! `decompress`: picks the decompressor by the first bytes of each message (formats.md 5.2).

use bytes::Bytes;

use super::{Preprocessor, gzip, lz4, snappy, xz, zlib, zstd};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "decompress";

/// Shorter messages pass unchanged.
const MIN_BYTES: usize = 6;

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
        let message = match &chunk[..] {
            short if short.len() < MIN_BYTES => chunk,
            [0x1f, 0x8b, ..] => gzip::first_member(&chunk, self.limit)?,
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => zlib::inflate(&chunk, self.limit)?,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => xz::decompress(&chunk, self.limit)?,
            [0xff, ..] => snappy::decompress(&chunk, self.limit)?,
            [0x04, 0x22, 0x4d, 0x18, ..] => lz4::decompress(&chunk, self.limit)?,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => zstd::decompress(&chunk, self.limit)?,
            _ => chunk,
        };
        out.push(message);
        Ok(())
    }
}
