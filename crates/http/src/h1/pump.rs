//! Writes the body of a message as it comes: whole, by announced length, chunked, or until the connection closes.
//!
//! Reads a part, writes it, reads the next: nothing is read ahead of what the receiver took, but for small parts that are there already,
//! which leave together (the first of them with the head, in one write).

use std::io;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::body::Pace;
use super::wire::{COPY_BODY, Outgoing, Patience, Wire};
use crate::body::{Body, Broken};

/// A wire that may be somewhere else for the moment, so that it is borrowed step by step.
pub(crate) trait WireAccess {
    /// Lends the wire; `None`: it is gone.
    fn with<R>(&mut self, call: impl FnOnce(&mut Wire) -> R) -> Option<R>;
}

impl WireAccess for Wire {
    fn with<R>(&mut self, call: impl FnOnce(&mut Wire) -> R) -> Option<R> {
        Some(call(self))
    }
}

/// How the receiver finds the end of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SendFraming {
    /// By so many bytes, still to be sent.
    Length(u64),
    /// By the last chunk, with trailers if the receiver takes them.
    Chunked { trailers: bool },
    /// By the end of the connection.
    UntilClose,
}

/// Why a body was not sent to its end.
#[derive(Debug)]
pub(crate) enum PumpError {
    /// The receiver took nothing for too long.
    Late,
    /// The connection broke.
    Lost(io::Error),
    /// The body itself broke off; what came of it was sent.
    Body(Broken),
}

impl From<Broken> for PumpError {
    fn from(broken: Broken) -> Self {
        PumpError::Body(broken)
    }
}

/// See the module's documentation. The wire's write buffer belongs to it until the end; what lies there (the head) leaves first.
pub(crate) struct Pump {
    framing: SendFraming,
    /// `None` when all of it was read.
    body: Option<Body>,
    /// What is written behind the write buffer.
    chunk: Bytes,
    written: usize,
    buffered: usize,
    /// The line end behind `chunk` is due.
    line_end_due: bool,
    broken: Option<Broken>,
    has_read: bool,
    has_written: bool,
    /// Bytes of the body that were taken to be written.
    taken: u64,
    patience: Patience,
}

impl Pump {
    /// Sends what lies in the write buffer and then the body.
    pub(crate) fn new(framing: SendFraming, body: Body) -> Pump {
        Pump {
            body: Some(body),
            ..Pump::whole(framing, Bytes::new())
        }
    }

    /// Sends what lies in the write buffer and then these bytes, as they are.
    pub(crate) fn of_bytes(bytes: Bytes) -> Pump {
        Pump::whole(SendFraming::UntilClose, bytes)
    }

    fn whole(framing: SendFraming, chunk: Bytes) -> Pump {
        Pump {
            framing,
            body: None,
            taken: chunk.len() as u64,
            chunk,
            written: 0,
            buffered: 0,
            line_end_due: false,
            broken: None,
            has_read: false,
            has_written: false,
            patience: Patience::default(),
        }
    }

    /// Goes on until all is sent. May be polled again while it is pending only.
    pub(crate) fn poll<A: WireAccess>(
        &mut self,
        access: &mut A,
        cx: &mut Context<'_>,
        pace: Pace,
    ) -> Poll<Result<(), PumpError>> {
        loop {
            let is_starved = self.gather(access, cx);
            let flushed = access.with(|wire| self.poll_flush(wire, cx, pace));
            ready!(flushed.unwrap_or_else(|| Poll::Ready(Err(PumpError::Lost(io::ErrorKind::NotConnected.into())))))?;
            if let Some(broken) = self.broken {
                return Poll::Ready(Err(broken.into()));
            }
            if self.body.is_none() {
                return Poll::Ready(Ok(()));
            }
            if is_starved {
                return Poll::Pending;
            }
        }
    }

    /// Was a body given that is read part by part?
    pub(crate) fn had_body(&self) -> bool {
        self.body.is_some() || self.has_read
    }

    /// The body, if nothing was read of it; it can go over another connection then.
    pub(crate) fn into_unread(self) -> Option<Body> {
        self.body.filter(|_| !self.has_read)
    }

    /// Is some of the body still to be read?
    pub(crate) fn is_streaming(&self) -> bool {
        self.body.is_some()
    }

    /// Was anything written?
    pub(crate) fn has_written(&self) -> bool {
        self.has_written
    }

    /// Bytes of the body that were given to the connection.
    pub(crate) fn sent(&self) -> u64 {
        self.taken - self.chunk.len() as u64
    }

    /// Reads what is there and fits; true if the body has nothing for the moment.
    fn gather<A: WireAccess>(&mut self, access: &mut A, cx: &mut Context<'_>) -> bool {
        while self.chunk.is_empty() && self.buffered < COPY_BODY {
            let Some(body) = &mut self.body else { break };
            let taken = match body.poll_chunk(cx) {
                Poll::Pending => {
                    access.with(|wire| self.begin_line(&mut wire.write));
                    return true;
                }
                Poll::Ready(Ok(Some(chunk))) => access.with(|wire| self.push(wire, chunk)).unwrap_or(Ok(())),
                Poll::Ready(Ok(None)) => self.end().map(|tail| {
                    access.with(|wire| self.finish(wire, &tail));
                }),
                Poll::Ready(Err(broken)) => Err(broken),
            };
            if let Err(broken) = taken {
                self.broken = Some(broken);
                self.body = None;
            }
        }
        false
    }

    fn push(&mut self, wire: &mut Wire, chunk: Bytes) -> Result<(), Broken> {
        self.has_read = true;
        self.taken += chunk.len() as u64;
        let out = &mut wire.write;
        let is_chunked = match &mut self.framing {
            SendFraming::Length(left) => {
                *left = left
                    .checked_sub(chunk.len() as u64)
                    .ok_or(Broken("the body is longer than announced"))?;
                false
            }
            SendFraming::Chunked { .. } => true,
            SendFraming::UntilClose => false,
        };
        if is_chunked {
            self.begin_line(out);
            write_hex(out, chunk.len());
            out.extend_from_slice(b"\r\n");
        }
        self.line_end_due = is_chunked;
        if chunk.len() <= COPY_BODY {
            out.extend_from_slice(&chunk);
            self.begin_line(out);
        } else {
            self.chunk = chunk;
        }
        self.buffered = out.len();
        Ok(())
    }

    /// Ends a chunk that was not copied; with what follows it, or alone if nothing does for the moment.
    fn begin_line(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.line_end_due) {
            out.extend_from_slice(b"\r\n");
        }
    }

    /// What follows the last part. The body is asked while nobody holds the wire, since it may lie behind the same one.
    fn end(&mut self) -> Result<Vec<u8>, Broken> {
        let body = self.body.take();
        let mut tail = Vec::new();
        match self.framing {
            SendFraming::Length(0) | SendFraming::UntilClose => {}
            SendFraming::Length(_) => return Err(Broken("the body is shorter than announced")),
            SendFraming::Chunked { trailers } => {
                tail.extend_from_slice(b"0\r\n");
                if let Some(body) = body.filter(|_| trailers) {
                    body.visit_trailers(&mut |name, value| {
                        tail.extend_from_slice(name.as_bytes());
                        tail.extend_from_slice(b": ");
                        tail.extend_from_slice(value);
                        tail.extend_from_slice(b"\r\n");
                    });
                }
                tail.extend_from_slice(b"\r\n");
            }
        }
        Ok(tail)
    }

    fn finish(&mut self, wire: &mut Wire, tail: &[u8]) {
        self.begin_line(&mut wire.write);
        wire.write.extend_from_slice(tail);
    }

    fn poll_flush(&mut self, wire: &mut Wire, cx: &mut Context<'_>, pace: Pace) -> Poll<Result<(), PumpError>> {
        let mut out = Outgoing {
            body: &self.chunk,
            written: self.written,
        };
        let sent = wire.poll_send(cx, &mut out);
        let (progress, written) = (wire.progress(&out), out.written);
        self.written = written;
        self.has_written |= written > 0;
        match sent {
            Poll::Pending => {
                let deadline = self.patience.deadline(progress, || pace.deadline());
                wire.poll_timer(cx, deadline).map(|()| Err(PumpError::Late))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(PumpError::Lost(error))),
            Poll::Ready(Ok(())) => {
                self.start_anew(wire);
                Poll::Ready(Ok(()))
            }
        }
    }

    fn start_anew(&mut self, wire: &mut Wire) {
        wire.write.clear();
        self.chunk = Bytes::new();
        self.written = 0;
        self.buffered = 0;
        self.patience = Patience::default();
    }
}

fn write_hex(out: &mut Vec<u8>, number: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = (usize::BITS - number.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        out.push(DIGITS[number >> (4 * place) & 15]);
    }
}
