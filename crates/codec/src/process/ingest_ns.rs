//! `ingest-ns`: the ingest time in front of a message, as u64 in big endian (formats.md 5 and 6).

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Postprocessor, Preprocessor};
use crate::ProcessError;

pub(super) const NAME: &str = "ingest-ns";

/// Takes the time from the message.
#[derive(Debug)]
pub(super) struct Extract;

impl Preprocessor for Extract {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, mut chunk: Bytes, ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        *ingest_ns = chunk.try_get_u64().map_err(|_| ProcessError::NoIngestTime)?;
        out.push(chunk);
        Ok(())
    }
}

/// Puts the time in front of the message.
#[derive(Debug)]
pub(super) struct Prepend;

impl Postprocessor for Prepend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let mut stamped = BytesMut::with_capacity(message.len() + 8);
        stamped.put_u64(ingest_ns);
        stamped.extend_from_slice(&message);
        out.push(stamped.freeze());
        Ok(())
    }
}
