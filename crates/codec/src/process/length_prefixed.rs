//! `length-prefixed`: a u64 in big endian in front of each message (formats.md 5.3).

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Postprocessor, Preprocessor, join::join};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "length-prefixed";

const HEADER_BYTES: usize = 8;

/// Splits a stream into messages; chunk boundaries do not matter.
#[derive(Debug)]
pub(super) struct Split {
    held: Bytes,
    /// Length of the message whose header has been read.
    expected: Option<usize>,
    limit: usize,
}

impl Split {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            held: Bytes::new(),
            expected: None,
            limit: limits.frame_bytes,
        }
    }

    /// The length in the next header. A header is read only when something follows it (formats.md 5.3).
    fn header(&mut self) -> Result<Option<usize>, ProcessError> {
        if self.held.len() <= HEADER_BYTES {
            return Ok(None);
        }
        let length = self.held.get_u64();
        match usize::try_from(length) {
            Ok(length) if length <= self.limit => Ok(Some(length)),
            _ => {
                self.held = Bytes::new();
                Err(ProcessError::FrameTooLong {
                    length,
                    limit: self.limit,
                })
            }
        }
    }
}

impl Preprocessor for Split {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, chunk: Bytes, _ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        self.held = join(std::mem::take(&mut self.held), chunk);
        loop {
            let length = match self.expected.take() {
                Some(length) => length,
                None => match self.header()? {
                    Some(length) => length,
                    None => return Ok(()),
                },
            };
            if self.held.len() < length {
                self.expected = Some(length);
                return Ok(());
            }
            out.push(self.held.split_to(length));
        }
    }
}

/// Puts its length in front of each message.
#[derive(Debug)]
pub(super) struct Prepend;

impl Postprocessor for Prepend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let mut framed = BytesMut::with_capacity(message.len() + HEADER_BYTES);
        framed.put_u64(message.len() as u64);
        framed.extend_from_slice(&message);
        out.push(framed.freeze());
        Ok(())
    }
}
