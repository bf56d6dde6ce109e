//! Writes the body of a message on its stream, as fast as the receiver gives room for it.
//!
//! Reads a part, waits until the receiver takes it, reads the next: what is under way is bounded by what the receiver has asked for. No
//! lock is held while the body is asked, since it may lie on the same connection.

use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::h2::{Reason, SendStream};
use bytes::Bytes;
use http::HeaderMap;
use tokio::time::Instant;

use super::fields;
use crate::body::{Body, Broken, Content};
use crate::timeouts::after;
use crate::timer::Timer;

/// Why a body was not sent to its end. The stream is reset, or has been.
#[derive(Debug)]
pub(crate) enum SendError {
    /// The receiver gave no room for too long.
    Late,
    /// The receiver has reset the stream, or the connection broke.
    Gone,
    /// The body itself broke off; what came of it was sent.
    Body(Broken),
}

/// See the module's documentation.
pub(crate) struct Sender {
    stream: SendStream<Bytes>,
    /// `None` when all of it was read.
    body: Option<Body>,
    chunk: Bytes,
    /// Bytes handed over.
    sent: u64,
    patience: Option<Duration>,
    deadline: Option<Instant>,
    timer: Timer,
    /// The reset that tells the receiver of a body that broke off.
    broken: Reason,
}

impl Sender {
    /// Sends a body; it is not empty if it is whole. `patience`: how long the receiver may give no room. `broken`: how the receiver is told
    /// that the body broke off.
    pub(crate) fn new(stream: SendStream<Bytes>, content: Content, patience: Option<Duration>, broken: Reason) -> Sender {
        let (body, chunk) = match content {
            Content::Whole(bytes) => (None, bytes),
            Content::Stream(body) => (Some(body), Bytes::new()),
        };
        Sender {
            stream,
            body,
            chunk,
            sent: 0,
            patience,
            deadline: None,
            timer: Timer::default(),
            broken,
        }
    }

    /// Bytes of the body that were handed over.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// The body, if nothing was read of it; it can go over another connection then.
    pub(crate) fn into_unread(self) -> Option<Body> {
        self.body.filter(|_| self.sent == 0 && self.chunk.is_empty())
    }

    /// Goes on until all is handed over. May be polled again while it is pending only.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        loop {
            if self.chunk.is_empty() {
                let Some(body) = &mut self.body else {
                    return Poll::Ready(Ok(()));
                };
                match body.poll_chunk(cx) {
                    Poll::Ready(Ok(Some(chunk))) => self.chunk = chunk,
                    Poll::Ready(Ok(None)) => return Poll::Ready(self.finish(Bytes::new())),
                    Poll::Ready(Err(broken)) => return Poll::Ready(Err(self.break_off(broken))),
                    Poll::Pending => {
                        ready!(self.stream.poll_reset(cx)).ok();
                        return Poll::Ready(Err(SendError::Gone));
                    }
                }
            } else {
                ready!(self.poll_part(cx))?;
            }
        }
    }

    /// Hands over as much as there is room for.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let room = ready!(self.poll_room(cx))?;
        let part = self.chunk.split_to(room.min(self.chunk.len()));
        if !self.chunk.is_empty() {
            return Poll::Ready(self.hand_over(part, false));
        }
        let Some(body) = &mut self.body else {
            return Poll::Ready(self.hand_over(part, true));
        };
        // An end that is there already leaves with the last part.
        Poll::Ready(match body.poll_chunk(cx) {
            Poll::Pending => self.hand_over(part, false),
            Poll::Ready(Ok(Some(next))) => {
                self.chunk = next;
                self.hand_over(part, false)
            }
            Poll::Ready(Ok(None)) => self.finish(part),
            Poll::Ready(Err(broken)) => {
                self.hand_over(part, false)?;
                Err(self.break_off(broken))
            }
        })
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<Result<usize, SendError>> {
        self.stream.reserve_capacity(self.chunk.len());
        loop {
            let room = self.stream.capacity();
            if room > 0 {
                self.deadline = None;
                return Poll::Ready(Ok(room));
            }
            match self.stream.poll_capacity(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(Err(SendError::Gone)),
                Poll::Pending => {
                    if self.deadline.is_none() {
                        self.deadline = after(self.patience);
                    }
                    ready!(self.timer.poll(cx, self.deadline));
                    self.stream.send_reset(Reason::CANCEL);
                    return Poll::Ready(Err(SendError::Late));
                }
            }
        }
    }

    fn hand_over(&mut self, part: Bytes, is_last: bool) -> Result<(), SendError> {
        let count = part.len() as u64;
        self.stream.send_data(part, is_last).map_err(|_| SendError::Gone)?;
        self.sent += count;
        Ok(())
    }

    /// Hands over the last part, and the trailers if there are any.
    fn finish(&mut self, part: Bytes) -> Result<(), SendError> {
        let trailers = match self.body.take() {
            Some(body) => fields::map_of_trailers(|visit| body.visit_trailers(visit)),
            None => HeaderMap::new(),
        };
        if trailers.is_empty() {
            return self.hand_over(part, true);
        }
        if !part.is_empty() {
            self.hand_over(part, false)?;
        }
        self.stream.send_trailers(trailers).map_err(|_| SendError::Gone)
    }

    fn break_off(&mut self, broken: Broken) -> SendError {
        self.stream.send_reset(self.broken);
        SendError::Body(broken)
    }
}
