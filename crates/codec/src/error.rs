//! What can go wrong between bytes and values.
//!
//! Texts follow the specification's table of error texts (formats.md 1.3), since users' tests and log filters search for them. A codec keeps no
//! state between messages, so a [`CodecError`] never harms the stream it came from; a [`ProcessError`] may, and says so.

use std::{num::ParseIntError, str::Utf8Error};

use temblor_value::json::JsonError;

use crate::{
    codec::{binflux::BinfluxError, msgpack::MsgpackError, statsd::StatsdError, syslog::SyslogError, yaml::YamlError},
    influx::InfluxError,
};

/// A name that no codec or processor has (formats.md 1).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownName {
    /// No codec of this name.
    #[error("Codec '{0}' not found.")]
    Codec(String),
    /// No preprocessor of this name.
    #[error("Preprocessor '{0}' not found.")]
    Preprocessor(String),
    /// No postprocessor of this name.
    #[error("Postprocessor '{0}' not found.")]
    Postprocessor(String),
}

/// Why a message could not be decoded, or a value not be encoded. Other messages of the same stream are unaffected.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Not one JSON document.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Text was wanted and the bytes are none.
    #[error("invalid UTF-8 after {valid_up_to} bytes")]
    Utf8 {
        /// How many bytes from the start are valid.
        valid_up_to: usize,
    },
    /// Not one `MessagePack` value.
    #[error(transparent)]
    Msgpack(#[from] MsgpackError),
    /// Not one YAML document.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// Not an `InfluxDB` line, or a value that cannot become one.
    #[error(transparent)]
    Influx(#[from] InfluxError),
    /// Not a binary `InfluxDB` record, or a value that cannot become one.
    #[error("Invalid BInflux Line Protocol data: {0}")]
    Binflux(#[from] BinfluxError),
    /// Not a statsd metric, or a value that cannot become one.
    #[error(transparent)]
    Statsd(#[from] StatsdError),
    /// A value that cannot become a syslog message.
    #[error("Invalid Syslog Protocol data: {0}")]
    Syslog(#[from] SyslogError),
}

impl From<Utf8Error> for CodecError {
    fn from(error: Utf8Error) -> Self {
        CodecError::Utf8 {
            valid_up_to: error.valid_up_to(),
        }
    }
}

/// Why a chunk could not be processed. Nothing of the chunk goes further.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// A byte of a base64 message is not of the alphabet.
    #[error("base64: invalid byte {byte} at offset {offset}")]
    Base64Byte {
        /// The byte.
        byte: u8,
        /// Its place, from 0.
        offset: usize,
    },
    /// The message is not what the decoder or decompressor reads, or it is cut short.
    #[error("{format} error: {reason}")]
    Malformed {
        /// Name of the processor.
        format: &'static str,
        /// What it said.
        reason: String,
    },
    /// The compressor failed.
    #[error("{format} error: {reason}")]
    Compress {
        /// Name of the processor.
        format: &'static str,
        /// What the compressor said.
        reason: String,
    },
    /// The decompressed message would exceed [`Limits::decompressed_bytes`](crate::Limits::decompressed_bytes).
    #[error("{format}: decompressed message is larger than {limit} bytes")]
    DecompressedTooLarge {
        /// Name of the processor.
        format: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// A line that goes over several chunks is longer than the limit.
    #[error("line is longer than {limit} bytes")]
    LineTooLong {
        /// The limit in bytes.
        limit: usize,
    },
    /// No room for the eight bytes of an ingest timestamp.
    #[error("Extract Ingest Ts Preprocessor: < 8 byte")]
    NoIngestTime,
    /// A frame, or what should be its length prefix, has more than [`Limits::frame_bytes`](crate::Limits::frame_bytes).
    #[error("frame of {length} bytes, the limit is {limit}")]
    FrameTooLong {
        /// The length in bytes.
        length: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// A textual length prefix that is no number.
    #[error("invalid length prefix: {0}")]
    LengthPrefix(#[from] ParseIntError),
    /// A datagram that is no GELF.
    #[error("Invalid GELF header len: {length}, prefix: {prefix}")]
    GelfHeader {
        /// Length of the datagram in bytes.
        length: usize,
        /// Its first two bytes, in hexadecimal.
        prefix: String,
    },
    /// A message that does not fit into the largest number of GELF chunks.
    #[error("message of {length} bytes needs more than {chunks} GELF chunks")]
    GelfTooLarge {
        /// Length of the message in bytes.
        length: usize,
        /// The largest number of chunks.
        chunks: usize,
    },
}

impl ProcessError {
    /// Whether later chunks of the same stream still make sense. False when a framer has lost the place where the next frame starts: its
    /// connection should be closed.
    pub fn stream_may_continue(&self) -> bool {
        !matches!(self, ProcessError::FrameTooLong { .. } | ProcessError::LengthPrefix(_))
    }
}

/// A [`ProcessError`] of a postprocessor, with the prefix under which formats.md 1.3 reports it.
#[derive(Debug, thiserror::Error)]
#[error("Postprocessor error {0}")]
pub struct PostError(#[from] pub ProcessError);
