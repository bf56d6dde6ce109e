//! `zlib` (RFC 1950): one stream in, one stream out (formats.md 5 and 6).

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, FlushDecompress, Status, write::ZlibEncoder};

use super::{
    Postprocessor, Preprocessor,
    inflate::{broken, compressed},
};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "zlib";

const MIN_ROOM: usize = 4096;

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
        out.push(inflate(&chunk, self.limit)?);
        Ok(())
    }
}

/// The content of the stream at the start of `chunk`; what follows it is ignored. Driven by hand, because the reader of the library takes a
/// stream that is cut short for a complete one.
pub(super) fn inflate(chunk: &Bytes, limit: usize) -> Result<Bytes, ProcessError> {
    let mut stream = flate2::Decompress::new(true);
    let mut data = Vec::new();
    loop {
        if data.len() > limit {
            return Err(ProcessError::DecompressedTooLarge { format: NAME, limit });
        }
        data.reserve(data.len().max(MIN_ROOM));
        let before = (stream.total_in(), stream.total_out());
        let rest = chunk.get(before.0 as usize..).unwrap_or_default();
        let status = stream
            .decompress_vec(rest, &mut data, FlushDecompress::None)
            .map_err(|error| broken(NAME, error))?;
        if status == Status::StreamEnd {
            break;
        }
        if before == (stream.total_in(), stream.total_out()) {
            return Err(broken(NAME, "data ends too early"));
        }
    }
    if data.len() > limit {
        return Err(ProcessError::DecompressedTooLarge { format: NAME, limit });
    }
    Ok(Bytes::from(data))
}

#[derive(Debug)]
pub(super) struct Compress;

impl Postprocessor for Compress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        let result = encoder.write_all(&message).and_then(|()| encoder.finish());
        out.push(compressed(NAME, result)?);
        Ok(())
    }
}
