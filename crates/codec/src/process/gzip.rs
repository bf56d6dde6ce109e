//! `gzip` (RFC 1952): any number of members in, one member out (formats.md 5 and 6).

use std::io::Write;

use bytes::Bytes;
use flate2::{
    Compression,
    bufread::{GzDecoder, MultiGzDecoder},
    write::GzEncoder,
};

use super::{
    Postprocessor, Preprocessor,
    inflate::{compressed, read_all},
};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "gzip";

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
        out.push(read_all(NAME, &chunk, MultiGzDecoder::new(&chunk[..]), self.limit)?);
        Ok(())
    }
}

/// The content of the first member; what follows it is ignored.
pub(super) fn first_member(chunk: &Bytes, limit: usize) -> Result<Bytes, ProcessError> {
    read_all(NAME, chunk, GzDecoder::new(&chunk[..]), limit)
}

#[derive(Debug)]
pub(super) struct Compress;

impl Postprocessor for Compress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let result = encoder.write_all(&message).and_then(|()| encoder.finish());
        out.push(compressed(NAME, result)?);
        Ok(())
    }
}
