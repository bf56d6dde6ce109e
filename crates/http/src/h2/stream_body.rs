//! The body of a response on its stream. As long as the upstream still takes the request, reading the response also sends that.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::time::Instant;

use super::reader::{ReadFault, Reader};
use super::sender::{SendError, Sender};
use crate::body::{CollectError, collect_parts};
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::h1::Pace;
use crate::message::Headers;
use crate::timer::Timer;
use crate::upstream::Lease;

/// See the module's documentation. Dropping it before its end resets the stream.
pub(crate) struct StreamBody {
    reader: Reader,
    sending: Option<Sender>,
    pace: Pace,
    timer: Timer,
    deadline: Option<Instant>,
    /// The place among the connection's streams; `None` when it was given back.
    held: Option<Lease>,
}

impl StreamBody {
    /// `held` is given back at the end.
    pub(super) fn new(reader: Reader, sending: Option<Sender>, pace: Pace, held: Lease) -> StreamBody {
        let mut body = StreamBody {
            reader,
            sending,
            pace,
            timer: Timer::default(),
            deadline: None,
            held: Some(held),
        };
        body.release_at_end();
        body
    }

    /// Trailer fields, after the end.
    pub(crate) fn trailers(&self) -> &Headers {
        self.reader.trailers()
    }

    /// From now on only the time between two reads is limited.
    pub(crate) fn without_end(&mut self) {
        self.pace.until = None;
        self.deadline = None;
    }

    /// Bytes still to come, if they are announced.
    pub(crate) fn remaining(&self) -> Option<u64> {
        self.reader.remaining()
    }

    /// The whole body, if it has arrived and nothing follows it.
    pub(crate) fn take_arrived(&mut self) -> Option<Bytes> {
        let body = self.reader.take_arrived();
        self.release_at_end();
        body
    }

    /// Reads the rest, at most `limit` bytes, into a buffer that nothing else shares.
    pub(crate) async fn collect(&mut self, limit: Option<u64>) -> Result<Bytes, UpstreamError> {
        let collected = collect_parts(self.remaining(), limit.unwrap_or(u64::MAX), |cx| self.poll_next(cx)).await;
        collected.map_err(|fault| match fault {
            CollectError::Broken(error) => error,
            CollectError::TooLarge => UpstreamError::new(UpstreamErrorKind::TooLarge, "response body above the limit"),
            CollectError::NoRoom => UpstreamError::new(UpstreamErrorKind::TooLarge, "no memory is left for the response body"),
        })
    }

    /// The next part; `None` at the end.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, UpstreamError>> {
        if let Some(sender) = &mut self.sending {
            match sender.poll(cx) {
                Poll::Pending => {}
                Poll::Ready(Err(SendError::Body(broken))) => return Poll::Ready(Err(UpstreamError::of_request(broken))),
                // The upstream takes no more, but its answer may go on.
                Poll::Ready(Ok(()) | Err(SendError::Late | SendError::Gone)) => self.sending = None,
            }
        }
        let Poll::Ready(read) = self.reader.poll_chunk(cx) else {
            if self.deadline.is_none() {
                self.deadline = self.pace.deadline();
            }
            ready!(self.timer.poll(cx, self.deadline));
            let late = UpstreamError::new(UpstreamErrorKind::Truncated, "response body took too long");
            return Poll::Ready(Err(late));
        };
        self.deadline = None;
        self.release_at_end();
        Poll::Ready(read.map_err(|fault| match fault {
            ReadFault::TrailersTooLarge => UpstreamError::protocol("trailers too large"),
            ReadFault::Lost(error) if error.is_library() => UpstreamError::protocol("malformed response body"),
            ReadFault::Lost(_) => UpstreamError::new(UpstreamErrorKind::Truncated, "response body broke off"),
        }))
    }

    fn release_at_end(&mut self) {
        if self.reader.is_done() {
            self.sending = None;
            self.held = None;
        }
    }
}
