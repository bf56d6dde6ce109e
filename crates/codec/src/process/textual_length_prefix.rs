//! `textual-length-prefix`: octet counting of RFC 5425 section 4.3 and RFC 6587 section 3.4.1 (formats.md 5.4).

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Postprocessor, Preprocessor, join::join};
use crate::{Limits, ProcessError};

pub(super) const NAME: &str = "textual-length-prefix";

/// Splits a stream into messages; chunk boundaries do not matter.
#[derive(Debug)]
pub(super) struct Split {
    held: Bytes,
    /// How much of what is held is known to contain no end of a prefix.
    scanned: usize,
    /// Length of the message whose prefix has been read.
    expected: Option<usize>,
    limit: usize,
}

impl Split {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            held: Bytes::new(),
            scanned: 0,
            expected: None,
            limit: limits.frame_bytes,
        }
    }

    /// The number in the next prefix, if the prefix is complete.
    fn prefix(&mut self) -> Result<Option<usize>, ProcessError> {
        let Some(end) = self.held[self.scanned..].iter().position(u8::is_ascii_whitespace) else {
            self.scanned = self.held.len();
            self.check_limit(self.scanned)?;
            return Ok(None);
        };
        let prefix = self.held.split_to(self.scanned + end);
        self.held.advance(1);
        self.scanned = 0;
        // Bytes that are no text are no digits either, so their replacement gives the same error.
        let length: u32 = String::from_utf8_lossy(&prefix).parse()?;
        self.check_limit(length as usize)?;
        Ok(Some(length as usize))
    }

    fn check_limit(&self, length: usize) -> Result<(), ProcessError> {
        if length <= self.limit {
            return Ok(());
        }
        Err(ProcessError::FrameTooLong {
            length: length as u64,
            limit: self.limit,
        })
    }

    fn split(&mut self, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        loop {
            let length = match self.expected.take() {
                Some(length) => length,
                None => match self.prefix()? {
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

impl Preprocessor for Split {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, chunk: Bytes, _ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        self.held = join(std::mem::take(&mut self.held), chunk);
        self.split(out).inspect_err(|_| {
            // There is no telling where the next frame starts.
            self.held = Bytes::new();
            self.scanned = 0;
        })
    }
}

/// Puts its length and a space in front of each message.
#[derive(Debug)]
pub(super) struct Prepend;

impl Postprocessor for Prepend {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let mut digits = itoa::Buffer::new();
        let digits = digits.format(message.len());
        let mut framed = BytesMut::with_capacity(digits.len() + 1 + message.len());
        framed.extend_from_slice(digits.as_bytes());
        framed.put_u8(b' ');
        framed.extend_from_slice(&message);
        out.push(framed.freeze());
        Ok(())
    }
}
