//! `zstd` (RFC 8878), level 3 on the way out: not in tremor 0.11 (formats.md 2).

use std::io;

use bytes::Bytes;
use zstd::stream::read::Decoder;

use super::{
    Postprocessor, Preprocessor,
    inflate::{broken, compressed, read_all},
};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "zstd";

const LEVEL: i32 = 3;

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

/// The content of the frames in `chunk`.
pub(super) fn decompress(chunk: &Bytes, limit: usize) -> Result<Bytes, ProcessError> {
    let decoder = Decoder::with_buffer(&chunk[..]).map_err(|error| broken(NAME, error))?;
    read_all(NAME, chunk, decoder, limit)
}

#[derive(Debug)]
pub(super) struct Compress;

impl Postprocessor for Compress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let result: io::Result<Vec<u8>> = zstd::bulk::compress(&message, LEVEL);
        out.push(compressed(NAME, result)?);
        Ok(())
    }
}
