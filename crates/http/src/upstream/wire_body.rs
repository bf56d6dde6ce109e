//! The body of a response over HTTP/1.1.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::connection::Connection;
use super::pool::Pool;
use crate::body::{CollectError, collect_parts};
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::h1::{BodyFault, Decoder, Pace, Pump, PumpError, ReadError, ReadWait};
use crate::message::Headers;

/// A response body on its connection. The connection goes back to the pool at the body's end; a body dropped earlier closes
/// it. As long as the upstream still takes the request, reading the response also sends that.
pub(super) struct WireBody {
    home: Home,
    connection: Option<Box<Connection>>,
    decoder: Decoder,
    pace: Pace,
    wait: ReadWait,
    is_persistent: bool,
    /// The rest of the request.
    sending: Option<Pump>,
}

/// Where a connection goes back to.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) pool: Arc<Pool>,
    pub(crate) shard: usize,
}

impl WireBody {
    pub(crate) fn new(
        home: Home,
        connection: Box<Connection>,
        decoder: Decoder,
        pace: Pace,
        is_persistent: bool,
        sending: Option<Pump>,
    ) -> WireBody {
        let mut body = WireBody {
            home,
            connection: Some(connection),
            decoder,
            pace,
            wait: ReadWait::default(),
            is_persistent,
            sending,
        };
        body.release_at_end();
        body
    }

    /// Trailer fields, after the end of the body.
    pub(super) fn trailers(&self) -> &Headers {
        self.decoder.trailers()
    }

    /// From now on only the time between two reads is limited (`proxy.md` 2.3, `total`).
    pub(super) fn without_end(&mut self) {
        self.pace.until = None;
    }

    /// The whole body, if it is of announced length and has arrived with the head.
    pub(super) fn take_arrived(&mut self) -> Option<Bytes> {
        let Some(connection) = &mut self.connection else {
            return Some(Bytes::new());
        };
        let body = self.decoder.take_arrived(&mut connection.wire.read)?;
        self.release_at_end();
        Some(body)
    }

    /// Reads the rest of the body, at most `limit` bytes, into a buffer that nothing else shares.
    pub(super) async fn collect(&mut self, limit: Option<u64>) -> Result<Bytes, UpstreamError> {
        let limit = limit.unwrap_or(u64::MAX);
        if self.sending.is_some() {
            return match collect_parts(None, limit, |cx| self.poll_next(cx)).await {
                Ok(body) => Ok(body),
                Err(CollectError::Broken(error)) => Err(error),
                Err(CollectError::TooLarge) => self.conclude(Err(ReadError::TooLarge)),
                Err(CollectError::NoRoom) => self.conclude(Err(ReadError::NoRoom)),
            };
        }
        let Some(connection) = &mut self.connection else {
            return Ok(Bytes::new());
        };
        let collected = self.decoder.collect(&mut connection.wire, limit, self.pace).await;
        self.conclude(collected)
    }

    /// Reads the next part of the body as it arrives; `None` at the end.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, UpstreamError>> {
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(Ok(None));
        };
        if let Some(pump) = &mut self.sending {
            match pump.poll(&mut connection.wire, cx, self.pace) {
                Poll::Pending => {}
                Poll::Ready(Ok(())) => self.sending = None,
                Poll::Ready(Err(PumpError::Body(broken))) => {
                    self.connection = None;
                    return Poll::Ready(Err(UpstreamError::of_request(broken)));
                }
                // The upstream takes no more, but its answer may go on.
                Poll::Ready(Err(PumpError::Late | PumpError::Lost(_))) => {
                    self.sending = None;
                    self.is_persistent = false;
                }
            }
        }
        let chunk = ready!(self.decoder.poll_chunk(cx, &mut connection.wire, self.pace, &mut self.wait));
        Poll::Ready(self.conclude(chunk))
    }

    fn conclude<T>(&mut self, result: Result<T, ReadError>) -> Result<T, UpstreamError> {
        match result {
            Ok(value) => {
                self.release_at_end();
                Ok(value)
            }
            Err(error) => {
                self.connection = None;
                Err(upstream_error(error))
            }
        }
    }

    fn release_at_end(&mut self) {
        if !self.decoder.is_done() {
            return;
        }
        // An answer that is complete before the request is: the rest of the request is of no use, and neither is the connection.
        let is_in_order = self.is_persistent && self.sending.take().is_none();
        // Bytes after the response are never taken for a response: such a connection is closed.
        if let Some(connection) = self.connection.take()
            && is_in_order
            && connection.wire.read.is_empty()
        {
            self.home.pool.check_in(self.home.shard, connection);
        }
    }

    /// Bytes still to come, if they are announced.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.decoder.remaining()
    }
}

fn upstream_error(error: ReadError) -> UpstreamError {
    match error {
        ReadError::Fault(BodyFault::Malformed(detail)) => UpstreamError::protocol(detail),
        ReadError::Fault(BodyFault::TrailersTooLarge) => UpstreamError::protocol("trailers too large"),
        ReadError::NoRoom => UpstreamError::new(UpstreamErrorKind::TooLarge, "no memory is left for the response body"),
        ReadError::TooLarge => UpstreamError::new(UpstreamErrorKind::TooLarge, "response body above the limit"),
        ReadError::Timeout => UpstreamError::new(UpstreamErrorKind::Truncated, "response body took too long"),
        ReadError::Ended(None) => UpstreamError::new(UpstreamErrorKind::Truncated, "response body broke off"),
        ReadError::Ended(Some(error)) => UpstreamError::io(UpstreamErrorKind::Truncated, "response body broke off", error),
    }
}
