//! `binary`: the message as it is (formats.md 3.5).

use bytes::Bytes;
use temblor_value::{Value, json::Scratch};

use super::{Codec, json_text};
use crate::CodecError;

pub(super) const NAME: &str = "binary";

#[derive(Debug)]
pub(super) struct Binary;

impl Codec for Binary {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mime_types(&self) -> &'static [&'static str] {
        &["application/octet-stream"]
    }

    fn decode(&self, frame: Bytes, _scratch: &mut Scratch, _ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        Ok(Some(Value::from(frame)))
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        match value {
            Value::Str(text) => out.extend_from_slice(text.as_bytes()),
            Value::Bytes(bytes) => out.extend_from_slice(bytes),
            other => json_text::write(other, out),
        }
        Ok(())
    }

    fn check(&self, _message: &[u8], _scratch: &mut Scratch) -> Result<(), CodecError> {
        Ok(())
    }

    fn accepts_any_bytes(&self) -> bool {
        true
    }

    fn decodes_empty(&self) -> bool {
        true
    }
}
