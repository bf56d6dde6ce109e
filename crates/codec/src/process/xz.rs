//! `xz2`, with the synonym `xz`: the .xz format, level 9 on the way out (formats.md 5 and 6).

use std::io::Write;

use bytes::Bytes;
use liblzma::{
    bufread::XzDecoder,
    stream::{Check, Filters, LzmaOptions, Stream},
    write::XzEncoder,
};

use super::{
    Postprocessor, Preprocessor,
    inflate::{broken, compressed, read_all},
};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "xz2";

const LEVEL: u32 = 9;

/// Dictionary of level 9, in bytes.
const MAX_DICTIONARY: usize = 64 << 20;
/// Smallest dictionary the format allows, in bytes.
const MIN_DICTIONARY: usize = 4096;
/// What decompressing needs beside the dictionary, in bytes; generous.
const DECODER_OVERHEAD: usize = 16 << 20;

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

/// The content of the stream at the start of `chunk`.
pub(super) fn decompress(chunk: &Bytes, limit: usize) -> Result<Bytes, ProcessError> {
    // The header of a few bytes may ask for a dictionary of 4 GiB.
    let memory = limit.max(MAX_DICTIONARY) + DECODER_OVERHEAD;
    let stream = Stream::new_stream_decoder(memory as u64, 0).map_err(|error| broken(NAME, error))?;
    read_all(NAME, chunk, XzDecoder::new_stream(&chunk[..], stream), limit)
}

#[derive(Debug)]
pub(super) struct Compress;

impl Postprocessor for Compress {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let failed = |error: liblzma::stream::Error| ProcessError::Compress {
            format: NAME,
            reason: error.to_string(),
        };
        // A dictionary larger than the message does not compress better; the full one of this level would cost some 700 MB per message.
        let dictionary = message.len().clamp(MIN_DICTIONARY, MAX_DICTIONARY) as u32;
        let mut options = LzmaOptions::new_preset(LEVEL).map_err(failed)?;
        options.dict_size(dictionary);
        let stream = Stream::new_stream_encoder(Filters::new().lzma2(&options), Check::Crc64).map_err(failed)?;
        let mut encoder = XzEncoder::new_stream(Vec::new(), stream);
        let result = encoder.write_all(&message).and_then(|()| encoder.finish());
        out.push(compressed(NAME, result)?);
        Ok(())
    }
}
