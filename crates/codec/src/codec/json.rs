//! `json`: one JSON document (formats.md 3.1).

use bytes::Bytes;
use temblor_value::{
    Value,
    json::{self, Scratch},
};

use super::{Codec, Form};
use crate::CodecError;

pub(super) const NAME: &str = "json";

#[derive(Debug)]
pub(super) struct Json;

impl Codec for Json {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mime_types(&self) -> &'static [&'static str] {
        &["application/json"]
    }

    fn decode(&self, frame: Bytes, scratch: &mut Scratch, _ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        Ok(Some(json::decode(frame, scratch)?.value))
    }

    fn decode_judged(
        &self,
        frame: Bytes,
        scratch: &mut Scratch,
        _ingest_ns: &mut u64,
    ) -> Result<Option<(Value, Form)>, CodecError> {
        let decoded = json::decode(frame, scratch)?;
        let form = match decoded {
            json::Decoded {
                has_duplicate_keys: true,
                ..
            } => Form::Doubtful,
            json::Decoded { is_compact: true, .. } => Form::Exact,
            _ => Form::Plain,
        };
        Ok(Some((decoded.value, form)))
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        json::encode(value, out);
        Ok(())
    }

    fn check(&self, message: &[u8], _scratch: &mut Scratch) -> Result<(), CodecError> {
        Ok(json::check(message)?)
    }
}
