//! Bodies as they arrive on a connection, of requests and responses alike.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use tokio::time::Instant;

use super::chunked::{ChunkStep, ChunkedReader};
use super::framing::Framing;
use super::wire::{Wire, WireError};
use crate::budget::{BUFFERS, UsedUp};
use crate::message::Headers;
use crate::timeouts::{after, earlier};

/// Memory taken at once for a body of announced length; a longer one grows as it arrives, so that an announcement alone
/// costs nothing.
const FIRST_RESERVE: u64 = 1 << 20;
/// Smallest room for reading straight into a collected body.
const MIN_READ: usize = 8 << 10;
/// Room for one read of a body that is passed on as it arrives: what a direction holds at most (`proxy.md` 3.2).
const STREAM_READ: u64 = 64 << 10;

/// A body that breaks the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// Malformed framing or trailers.
    Malformed(&'static str),
    /// Trailers above their limit.
    TrailersTooLarge,
}

/// Why reading a body failed.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// It breaks the rules.
    Fault(BodyFault),
    /// It is larger than allowed.
    TooLarge,
    /// The process holds as much of bodies as it may.
    NoRoom,
    /// It did not go on in time.
    Timeout,
    /// The connection ended before the body did.
    Ended(Option<io::Error>),
}

impl From<UsedUp> for ReadError {
    fn from(UsedUp: UsedUp) -> Self {
        ReadError::NoRoom
    }
}

impl From<BodyFault> for ReadError {
    fn from(fault: BodyFault) -> Self {
        ReadError::Fault(fault)
    }
}

impl From<WireError> for ReadError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Timeout => ReadError::Timeout,
            WireError::Io(error) => ReadError::Ended(Some(error)),
        }
    }
}

/// How long reading may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Between two reads.
    pub(crate) idle: Option<Duration>,
    /// In all.
    pub(crate) until: Option<Instant>,
}

impl Pace {
    /// When the next read must have happened.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        earlier(after(self.idle), self.until)
    }
}

/// When the read that is being waited for must have happened; begins with the wait, not with the message.
#[derive(Debug, Default)]
pub(crate) enum ReadWait {
    /// Nothing is being waited for.
    #[default]
    Idle,
    /// Until then, or for ever.
    Until(Option<Instant>),
}

impl ReadWait {
    /// Ready when the time for this read is over.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, wire: &mut Wire, pace: Pace) -> Poll<()> {
        let deadline = match *self {
            ReadWait::Until(deadline) => deadline,
            ReadWait::Idle => pace.deadline(),
        };
        *self = ReadWait::Until(deadline);
        wire.poll_timer(cx, deadline)
    }

    /// Something arrived.
    pub(crate) fn done(&mut self) {
        *self = ReadWait::Idle;
    }
}

/// Finds the end of a body and takes its framing away.
#[derive(Debug)]
pub(crate) struct Decoder {
    state: State,
    trailers: Headers,
}

#[derive(Debug)]
enum State {
    Length(u64),
    Chunked(ChunkedReader),
    UntilClose,
    Done,
}

/// What lies at the front of the connection's buffer.
enum Step {
    Data(usize),
    NeedMore,
    End,
}

impl Decoder {
    /// A decoder for a body of that framing.
    pub(crate) fn new(framing: Framing, trailer_limit: usize) -> Decoder {
        let state = match framing {
            Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked(ChunkedReader::new(trailer_limit)),
            Framing::UntilClose => State::UntilClose,
        };
        Decoder {
            state,
            trailers: Headers::default(),
        }
    }

    /// Was the whole body taken?
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Bytes left of the body, if that is known.
    pub(crate) fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Length(remaining) => Some(remaining),
            State::Done => Some(0),
            State::Chunked(_) | State::UntilClose => None,
        }
    }

    /// The trailers, empty before the end.
    pub(crate) fn trailers(&self) -> &Headers {
        &self.trailers
    }

    fn step(&mut self, buffer: &mut BytesMut) -> Result<Step, BodyFault> {
        let available = match &mut self.state {
            State::Length(remaining) => usize::try_from(*remaining).map_or(buffer.len(), |remaining| remaining.min(buffer.len())),
            State::UntilClose => buffer.len(),
            State::Done => return Ok(Step::End),
            State::Chunked(reader) => match reader.step(buffer)? {
                ChunkStep::Data(available) => available,
                ChunkStep::NeedMore => 0,
                ChunkStep::End(trailers) => {
                    self.trailers = trailers;
                    self.state = State::Done;
                    return Ok(Step::End);
                }
            },
        };
        Ok(if available == 0 {
            Step::NeedMore
        } else {
            Step::Data(available)
        })
    }

    fn taken(&mut self, count: usize) {
        match &mut self.state {
            State::Length(remaining) => {
                *remaining = remaining.saturating_sub(count as u64);
                if *remaining == 0 {
                    self.state = State::Done;
                }
            }
            State::Chunked(reader) => reader.taken(count as u64),
            State::UntilClose | State::Done => {}
        }
    }

    /// Bytes that are data whatever they are, when the connection's buffer is empty; 0 if framing comes next.
    fn plain_ahead(&self) -> u64 {
        match &self.state {
            State::Length(remaining) => *remaining,
            State::Chunked(reader) => reader.chunk_remaining(),
            State::UntilClose => u64::MAX,
            State::Done => 0,
        }
    }

    /// Ends the body because the connection ended; true if that is its proper end.
    fn end_of_stream(&mut self) -> bool {
        let proper = matches!(self.state, State::UntilClose);
        if proper {
            self.state = State::Done;
        }
        proper
    }

    /// Reads the rest of the body into one buffer of its own, at most `limit` bytes.
    pub(crate) async fn collect(&mut self, wire: &mut Wire, limit: u64, pace: Pace) -> Result<Bytes, ReadError> {
        let announced = self.remaining();
        if announced.is_some_and(|length| length > limit) {
            return Err(ReadError::TooLarge);
        }
        let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(FIRST_RESERVE) as usize);
        let mut held = BUFFERS.hold();
        loop {
            held.grow_to(body.len() as u64)?;
            match self.step(&mut wire.read)? {
                Step::End => return Ok(held.keep_for(body.freeze())),
                Step::Data(count) => {
                    if body.len() as u64 + count as u64 > limit {
                        return Err(ReadError::TooLarge);
                    }
                    body.extend_from_slice(wire.read.get(..count).unwrap_or_default());
                    wire.read.advance(count);
                    self.taken(count);
                }
                Step::NeedMore => self.read_on(wire, &mut body, limit, pace).await?,
            }
        }
    }

    /// Reads more: straight into the collected body where only data can come, else into the connection's buffer.
    async fn read_on(&mut self, wire: &mut Wire, body: &mut BytesMut, limit: u64, pace: Pace) -> Result<(), ReadError> {
        let ahead = self.plain_ahead();
        let deadline = pace.deadline();
        let known = ahead != u64::MAX;
        if known && (body.len() as u64).saturating_add(ahead) > limit {
            return Err(ReadError::TooLarge);
        }
        // One read into the connection's buffer also takes the framing that follows a small chunk.
        let straight = ahead > MIN_READ as u64 || matches!(self.state, State::Length(_));
        let count = if straight {
            let wanted = usize::try_from(ahead).unwrap_or(usize::MAX);
            let room = body.capacity() - body.len();
            if room < wanted.min(MIN_READ) {
                body.reserve(wanted.min(body.len().max(MIN_READ)));
            }
            let count = wire.fill_into(body, wanted, deadline).await?;
            self.taken(count);
            count
        } else {
            wire.fill(deadline).await?
        };
        if body.len() as u64 > limit {
            return Err(ReadError::TooLarge);
        }
        if count == 0 && !self.end_of_stream() {
            return Err(ReadError::Ended(None));
        }
        Ok(())
    }

    /// The next part of the body as it arrives, `None` at its end.
    pub(crate) async fn next_chunk(&mut self, wire: &mut Wire, pace: Pace) -> Result<Option<Bytes>, ReadError> {
        let mut wait = ReadWait::default();
        poll_fn(|cx| self.poll_chunk(cx, wire, pace, &mut wait)).await
    }

    /// The next part of the body as it arrives, `None` at its end and after it.
    pub(crate) fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
        wire: &mut Wire,
        pace: Pace,
        wait: &mut ReadWait,
    ) -> Poll<Result<Option<Bytes>, ReadError>> {
        loop {
            match self.step(&mut wire.read)? {
                Step::End => return Poll::Ready(Ok(None)),
                Step::Data(count) => {
                    self.taken(count);
                    return Poll::Ready(Ok(Some(wire.read.split_to(count).freeze())));
                }
                Step::NeedMore => {
                    self.make_room(&mut wire.read);
                    let Poll::Ready(filled) = wire.poll_fill(cx) else {
                        ready!(wait.poll(cx, wire, pace));
                        return Poll::Ready(Err(ReadError::Timeout));
                    };
                    wait.done();
                    let count = filled.map_err(|error| ReadError::Ended(Some(error)))?;
                    if count == 0 && !self.end_of_stream() {
                        return Poll::Ready(Err(ReadError::Ended(None)));
                    }
                }
            }
        }
    }

    /// Makes room for a large read where much is known to come.
    fn make_room(&self, buffer: &mut BytesMut) {
        let ahead = self.plain_ahead();
        if buffer.is_empty() && ahead > MIN_READ as u64 && ahead != u64::MAX {
            buffer.reserve(ahead.min(STREAM_READ) as usize);
        }
    }

    /// Takes the whole rest of a body of announced length out of the buffer, if it is there.
    pub(crate) fn take_arrived(&mut self, buffer: &mut BytesMut) -> Option<Bytes> {
        let remaining = match self.state {
            State::Length(remaining) => usize::try_from(remaining).ok()?,
            State::Done if self.trailers.is_empty() => 0,
            _ => return None,
        };
        (remaining <= buffer.len()).then(|| {
            self.state = State::Done;
            buffer.split_to(remaining).freeze()
        })
    }

    /// Takes what has already arrived of the body and drops it; gives the number of bytes.
    pub(crate) fn discard_arrived(&mut self, buffer: &mut BytesMut) -> Result<u64, BodyFault> {
        let mut count = 0;
        while let Step::Data(available) = self.step(buffer)? {
            buffer.advance(available);
            self.taken(available);
            count += available as u64;
        }
        Ok(count)
    }
}
