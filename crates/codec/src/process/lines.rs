//! Splitting at a separator byte (formats.md 5.1) and ending messages with a line feed (formats.md 6).

use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr_iter;

use super::{Postprocessor, Preprocessor};
use crate::ProcessError;

/// Longest line in bytes, separator not counted.
pub(super) const MAX_LINE_BYTES: usize = 1_048_576;

/// Keeps what follows the last separator of a chunk for the next one.
#[derive(Debug)]
pub(super) struct Buffered {
    name: &'static str,
    separator: u8,
    held: Vec<u8>,
}

impl Buffered {
    pub(super) fn new(name: &'static str, separator: u8) -> Self {
        Self {
            name,
            separator,
            held: Vec::new(),
        }
    }

    /// Fails, and forgets what is held, if `more` bytes would make the held line too long.
    fn check_room(&mut self, more: usize) -> Result<(), ProcessError> {
        if self.held.len() + more <= MAX_LINE_BYTES {
            return Ok(());
        }
        self.held = Vec::new();
        Err(ProcessError::LineTooLong { limit: MAX_LINE_BYTES })
    }
}

impl Preprocessor for Buffered {
    fn name(&self) -> &'static str {
        self.name
    }

    fn process(&mut self, chunk: Bytes, _ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let mut start = 0;
        for end in memchr_iter(self.separator, &chunk) {
            let line = start..end;
            start = end + 1;
            if !self.held.is_empty() {
                self.check_room(line.len())?;
                self.held.extend_from_slice(&chunk[line]);
                out.push(Bytes::from(std::mem::take(&mut self.held)));
            } else if line.len() > MAX_LINE_BYTES {
                tracing::warn!(bytes = line.len(), limit = MAX_LINE_BYTES, "line dropped, it is too long");
            } else {
                out.push(chunk.slice(line));
            }
        }
        let rest = &chunk[start..];
        self.check_room(rest.len())?;
        self.held.extend_from_slice(rest);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        if !self.held.is_empty() {
            out.push(Bytes::from(std::mem::take(&mut self.held)));
        }
        Ok(())
    }
}

/// Takes the end of a chunk for the end of a line.
#[derive(Debug)]
pub(super) struct Unbuffered {
    name: &'static str,
    separator: u8,
}

impl Unbuffered {
    pub(super) fn new(name: &'static str, separator: u8) -> Self {
        Self { name, separator }
    }
}

impl Preprocessor for Unbuffered {
    fn name(&self) -> &'static str {
        self.name
    }

    fn process(&mut self, chunk: Bytes, _ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        let mut start = 0;
        for end in memchr_iter(self.separator, &chunk) {
            out.push(chunk.slice(start..end));
            start = end + 1;
        }
        out.push(chunk.slice(start..));
        Ok(())
    }
}

/// Puts a line feed behind every message.
#[derive(Debug)]
pub(super) struct Terminate;

impl Postprocessor for Terminate {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn process(&mut self, message: Bytes, _ingest_ns: u64, _egress_ns: u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        // A freshly encoded message is owned by nobody else and has room to grow in place.
        let mut line = message.try_into_mut().unwrap_or_else(|shared| {
            let mut copy = BytesMut::with_capacity(shared.len() + 1);
            copy.extend_from_slice(&shared);
            copy
        });
        line.put_u8(b'\n');
        out.push(line.freeze());
        Ok(())
    }
}
