//! Reads the body of a message from its stream, on either side.
//!
//! The other side gets room for more when what came before has left, so a slow receiver slows the sender, and only on this stream.

use std::mem;
use std::task::{Context, Poll, Waker, ready};

use ::h2::RecvStream;
use bytes::Bytes;

use super::fields;
use crate::message::Headers;

/// Why a body cannot be read to its end.
#[derive(Debug)]
pub(crate) enum ReadFault {
    /// The stream was reset, or the connection broke.
    Lost(::h2::Error),
    /// The trailers are larger than allowed.
    TrailersTooLarge,
}

/// How far the reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Data,
    Trailers,
    Done,
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Reader {
    recv: RecvStream,
    state: State,
    /// The announced length.
    length: Option<u64>,
    received: u64,
    /// Read already and not yet given.
    waiting: Option<Bytes>,
    /// Given, and the other side has not got room for as much again.
    unreleased: usize,
    trailers: Headers,
    trailer_limit: usize,
}

impl Reader {
    /// Reads a body of announced length, or of none.
    pub(crate) fn new(recv: RecvStream, length: Option<u64>, trailer_limit: usize) -> Reader {
        Reader {
            state: if recv.is_end_stream() { State::Done } else { State::Data },
            recv,
            length,
            received: 0,
            waiting: None,
            unreleased: 0,
            trailers: Headers::default(),
            trailer_limit,
        }
    }

    /// The stream itself, of which nothing was read.
    pub(crate) fn into_stream(self) -> RecvStream {
        self.recv
    }

    /// Was the body read to its end?
    pub(crate) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Bytes still to come, if they are announced.
    pub(crate) fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Done => Some(0),
            State::Data | State::Trailers => self.length.map(|length| length.saturating_sub(self.received)),
        }
    }

    /// Bytes that were given.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Trailers, after the end.
    pub(crate) fn trailers(&self) -> &Headers {
        &self.trailers
    }

    /// The next part, never empty; `None` at the end, and after it.
    pub(crate) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, ReadFault>> {
        // What was given is on its way now. The stream may have ended meanwhile; then there is nothing to give room for.
        let _ = self.recv.flow_control().release_capacity(mem::take(&mut self.unreleased));
        loop {
            match self.state {
                State::Done => return Poll::Ready(Ok(None)),
                State::Data => {
                    if let Some(chunk) = ready!(self.poll_data(cx))? {
                        return Poll::Ready(Ok(Some(chunk)));
                    }
                }
                State::Trailers => ready!(self.poll_trailers(cx))?,
            }
        }
    }

    /// A part of the body; `None`: there is none before another state.
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, ReadFault>> {
        let chunk = match self.waiting.take() {
            Some(chunk) => chunk,
            None => match ready!(self.recv.poll_data(cx)) {
                Some(Ok(chunk)) => chunk,
                Some(Err(error)) => return Poll::Ready(Err(ReadFault::Lost(error))),
                None => {
                    self.state = State::Trailers;
                    return Poll::Ready(Ok(None));
                }
            },
        };
        if chunk.is_empty() {
            return Poll::Ready(Ok(None));
        }
        self.received += chunk.len() as u64;
        self.unreleased = chunk.len();
        if self.recv.is_end_stream() {
            self.state = State::Done;
        }
        Poll::Ready(Ok(Some(chunk)))
    }

    fn poll_trailers(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ReadFault>> {
        let given = ready!(self.recv.poll_trailers(cx)).map_err(ReadFault::Lost)?;
        self.state = State::Done;
        if let Some(given) = given {
            self.trailers = fields::trailers(&given, self.trailer_limit).ok_or(ReadFault::TrailersTooLarge)?;
        }
        Poll::Ready(Ok(()))
    }

    /// The whole body, if it has arrived and nothing follows it.
    pub(crate) fn take_arrived(&mut self) -> Option<Bytes> {
        if self.is_done() {
            return Some(Bytes::new());
        }
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(Some(chunk))) = self.poll_data(&mut cx) else {
            return None;
        };
        let count = mem::take(&mut self.unreleased);
        if self.is_done() {
            let _ = self.recv.flow_control().release_capacity(count);
            return Some(chunk);
        }
        self.received -= count as u64;
        self.waiting = Some(chunk);
        None
    }
}
