//! `influx`: one line of the `InfluxDB` line protocol (formats.md 3.7).

use std::sync::Arc;

use bytes::Bytes;
use temblor_value::{Str, Value, json::Scratch};

use super::{Codec, text};
use crate::{
    CodecError,
    influx::{check_line, decode_line, encode_line},
};

pub(super) const NAME: &str = "influx";

#[derive(Debug)]
pub(super) struct Influx;

impl Codec for Influx {
    fn name(&self) -> &'static str {
        NAME
    }

    fn decode(&self, frame: Bytes, _scratch: &mut Scratch, ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        let length = frame.len();
        let line = Str::from_buffer(&Arc::new(frame), 0..length)?;
        Ok(decode_line(&line, *ingest_ns)?)
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        Ok(encode_line(value, out)?)
    }

    fn check(&self, message: &[u8], _scratch: &mut Scratch) -> Result<(), CodecError> {
        check_line(text(message)?)?;
        Ok(())
    }
}
