//! `null`: every message is null, every value the empty message (formats.md 3.6).

use bytes::Bytes;
use temblor_value::{Value, json::Scratch};

use super::Codec;
use crate::CodecError;

pub(super) const NAME: &str = "null";

#[derive(Debug)]
pub(super) struct Null;

impl Codec for Null {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, _frame: Bytes, _scratch: &mut Scratch, _ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        Ok(Some(Value::Null))
    }

    fn encode(&self, _value: &Value, _out: &mut Vec<u8>) -> Result<(), CodecError> {
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
