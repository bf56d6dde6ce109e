//! `string`: the message as text, untrimmed (formats.md 3.4).

use std::sync::Arc;

use bytes::Bytes;
use temblor_value::{Str, Value, json::Scratch};

use super::{Codec, json_text, text};
use crate::CodecError;

pub(super) const NAME: &str = "string";

#[derive(Debug)]
pub(super) struct Text;

impl Codec for Text {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mime_types(&self) -> &'static [&'static str] {
        &["text/plain", "text/html"]
    }

    fn decode(&self, frame: Bytes, _scratch: &mut Scratch, _ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        let length = frame.len();
        Ok(Some(Value::Str(Str::from_buffer(&Arc::new(frame), 0..length)?)))
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        match value {
            Value::Str(text) => out.extend_from_slice(text.as_bytes()),
            other => json_text::write(other, out),
        }
        Ok(())
    }

    fn check(&self, message: &[u8], _scratch: &mut Scratch) -> Result<(), CodecError> {
        text(message).map(drop)
    }

    fn decodes_empty(&self) -> bool {
        true
    }
}
