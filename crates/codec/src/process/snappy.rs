//! `snappy`: the framing format of snappy, not raw blocks (formats.md 5 and 6).

use std::io::Write;

use bytes::Bytes;
use snap::{
    read::FrameDecoder,
    write::{FrameEncoder, IntoInnerError},
};

use super::{
    Postprocessor, Preprocessor,
    inflate::{compressed, read_all},
};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "snappy";

/// The chunk every framed stream begins with.
const STREAM_IDENTIFIER: &[u8] = b"\xff\x06\x00\x00sNaPpY";

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

/// The content of the framed stream in `chunk`.
pub(super) fn decompress(chunk: &Bytes, limit: usize) -> Result<Bytes, ProcessError> {
    read_all(NAME, chunk, FrameDecoder::new(&chunk[..]), limit)
}

#[derive(Debug)]
pub(super) struct Compress;

impl Postprocessor for Compress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        if message.is_empty() {
            // The encoder would write nothing at all, which is no framed stream.
            out.push(Bytes::from_static(STREAM_IDENTIFIER));
            return Ok(());
        }
        let mut encoder = FrameEncoder::new(Vec::new());
        let result = encoder
            .write_all(&message)
            .and_then(|()| encoder.into_inner().map_err(IntoInnerError::into_error));
        out.push(compressed(NAME, result)?);
        Ok(())
    }
}
