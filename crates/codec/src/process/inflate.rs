//! What all decompressors share: one message is one complete compressed object, and the result has a largest size.

use std::io::{self, Read};

use bytes::Bytes;

use crate::ProcessError;

/// Reads all of `decoder`, which decompresses `chunk`.
pub(super) fn read_all(format: &'static str, chunk: &Bytes, decoder: impl Read, limit: usize) -> Result<Bytes, ProcessError> {
    // Some decoders take no bytes at all for an empty object.
    if chunk.is_empty() {
        return Err(broken(format, "message is empty"));
    }
    let mut data = Vec::new();
    decoder
        .take(limit as u64 + 1)
        .read_to_end(&mut data)
        .map_err(|error| broken(format, error))?;
    if data.len() > limit {
        return Err(ProcessError::DecompressedTooLarge { format, limit });
    }
    Ok(Bytes::from(data))
}

/// The error of a decoder or decompressor.
pub(super) fn broken(format: &'static str, reason: impl ToString) -> ProcessError {
    ProcessError::Malformed {
        format,
        reason: reason.to_string(),
    }
}

/// The result of a compressor that writes into memory.
pub(super) fn compressed(format: &'static str, result: io::Result<Vec<u8>>) -> Result<Bytes, ProcessError> {
    result.map(Bytes::from).map_err(|error| ProcessError::Compress {
        format,
        reason: error.to_string(),
    })
}
