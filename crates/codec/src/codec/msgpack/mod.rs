//! `msgpack`: one `MessagePack` value (formats.md 3.2).

mod decode;
mod encode;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use temblor_value::{Value, json::Scratch};

use super::Codec;
use crate::CodecError;

pub(super) const NAME: &str = "msgpack";

/// Nesting at which a message is refused.
const MAX_DEPTH: usize = 1024;

#[derive(Debug)]
pub(super) struct Msgpack;

impl Codec for Msgpack {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mime_types(&self) -> &'static [&'static str] {
        &["application/msgpack", "application/x-msgpack", "application/vnd.msgpack"]
    }

    fn decode(&self, frame: Bytes, _scratch: &mut Scratch, _ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        Ok(Some(decode::decode(frame)?))
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        encode::encode(value, out);
        Ok(())
    }
}

/// Why a message is no `MessagePack` value that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MsgpackError {
    /// The message ends within the value.
    #[error("message ends while reading {0}")]
    Truncated(&'static str),
    /// A part of the value has a type that is not supported there.
    #[error("invalid type: {0}")]
    InvalidType(&'static str),
    /// 1024 levels or more.
    #[error("nested too deeply")]
    TooDeep,
}
