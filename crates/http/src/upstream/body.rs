//! The body of a response from an upstream.

use bytes::Bytes;

use super::connection::Connection;
use super::pool::Pool;
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::h1::{BodyFault, Decoder, Pace, ReadError};
use crate::message::Headers;

/// A response body on its connection. The connection goes back to the pool at the body's end; a body dropped earlier closes
/// it.
#[derive(Debug)]
pub struct UpstreamBody<'a> {
    home: Home<'a>,
    connection: Option<Box<Connection>>,
    decoder: Decoder,
    pace: Pace,
    is_persistent: bool,
}

/// Where a connection goes back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Home<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) shard: usize,
}

impl<'a> UpstreamBody<'a> {
    pub(crate) fn new(
        home: Home<'a>,
        connection: Box<Connection>,
        decoder: Decoder,
        pace: Pace,
        is_persistent: bool,
    ) -> UpstreamBody<'a> {
        let mut body = UpstreamBody {
            home,
            connection: Some(connection),
            decoder,
            pace,
            is_persistent,
        };
        body.release_at_end();
        body
    }

    /// Bytes still to come, `None` if that is not known, 0 for a response without body.
    pub fn remaining(&self) -> Option<u64> {
        self.decoder.remaining()
    }

    /// Trailer fields, after the end of the body.
    pub fn trailers(&self) -> &Headers {
        self.decoder.trailers()
    }

    /// Reads the rest of the body, at most `limit` bytes, into a buffer that nothing else shares.
    pub async fn collect(&mut self, limit: Option<u64>) -> Result<Bytes, UpstreamError> {
        let Some(connection) = &mut self.connection else {
            return Ok(Bytes::new());
        };
        let collected = self
            .decoder
            .collect(&mut connection.wire, limit.unwrap_or(u64::MAX), self.pace)
            .await;
        self.conclude(collected)
    }

    /// Reads the next part of the body as it arrives; `None` at the end.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        let Some(connection) = &mut self.connection else {
            return Ok(None);
        };
        let chunk = self.decoder.next_chunk(&mut connection.wire, self.pace).await;
        self.conclude(chunk)
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
        // Bytes after the response are never taken for a response: such a connection is closed.
        if let Some(connection) = self.connection.take()
            && self.is_persistent
            && connection.wire.read.is_empty()
        {
            self.home.pool.check_in(self.home.shard, connection);
        }
    }
}

fn upstream_error(error: ReadError) -> UpstreamError {
    match error {
        ReadError::Fault(BodyFault::Malformed(detail)) => UpstreamError::new(UpstreamErrorKind::Protocol, detail),
        ReadError::Fault(BodyFault::TrailersTooLarge) => UpstreamError::new(UpstreamErrorKind::Protocol, "trailers too large"),
        ReadError::TooLarge => UpstreamError::new(UpstreamErrorKind::TooLarge, "response body above the limit"),
        ReadError::Timeout => UpstreamError::new(UpstreamErrorKind::Truncated, "response body took too long"),
        ReadError::Ended(None) => UpstreamError::new(UpstreamErrorKind::Truncated, "response body broke off"),
        ReadError::Ended(Some(error)) => UpstreamError::io(UpstreamErrorKind::Truncated, "response body broke off", error),
    }
}
