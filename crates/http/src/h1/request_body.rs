//! The body of a request, as a handler sees it.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::body::{BodyFault, Decoder, Pace, ReadError};
use super::framing::Framing;
use super::server::ServerConfig;
use super::wire::Wire;
use crate::error::{BodyError, Refusal, RefusalReason};
use crate::message::Headers;

/// Bytes of further requests that are taken while a request is being handled; a client that sends more has to wait.
const READ_AHEAD: usize = 16 << 10;

/// How far the reading of one request's body has come.
#[derive(Debug)]
pub(crate) struct Intake {
    pub(crate) decoder: Decoder,
    /// The client waits for `100 Continue` and has not got it.
    pub(crate) awaits_continue: bool,
    /// Reading has failed, so the connection cannot go on.
    pub(crate) failed: bool,
    received: u64,
}

impl Intake {
    pub(crate) fn new(framing: Framing, expects_continue: bool, config: &ServerConfig) -> Intake {
        let decoder = Decoder::new(framing, config.limits.trailers);
        let awaits_continue = expects_continue && !decoder.is_done();
        Intake {
            decoder,
            awaits_continue,
            failed: false,
            received: 0,
        }
    }
}

/// The body of the request being handled, and the way to notice that its client has gone.
#[derive(Debug)]
pub struct RequestBody<'a> {
    pub(crate) wire: &'a mut Wire,
    pub(crate) intake: &'a mut Intake,
    pub(crate) config: &'a ServerConfig,
}

impl RequestBody<'_> {
    /// Bytes still to come, `None` if only the end of a chunked body will tell, 0 for a request without body.
    pub fn remaining(&self) -> Option<u64> {
        self.intake.decoder.remaining()
    }

    /// Trailer fields (`proxy.md` 2.8), after the end of the body. Those that must not be trailers are missing.
    pub fn trailers(&self) -> &Headers {
        self.intake.decoder.trailers()
    }

    /// Reads the rest of the body, at most `limit` bytes, into a buffer that nothing else shares. The client is told to
    /// continue if it waits for that. After an error the connection will close.
    pub async fn collect(&mut self, limit: Option<u64>) -> Result<Bytes, BodyError> {
        let limit = limit.unwrap_or(u64::MAX).min(self.left());
        if self.remaining().is_some_and(|length| length > limit) {
            return Err(self.fail(&ReadError::TooLarge));
        }
        self.invite().await?;
        let pace = self.pace();
        match self.intake.decoder.collect(self.wire, limit, pace).await {
            Ok(body) => {
                self.intake.received += body.len() as u64;
                Ok(body)
            }
            Err(error) => Err(self.fail(&error)),
        }
    }

    /// Reads the next part of the body as it arrives; `None` at the end. The client is told to continue if it waits for
    /// that. After an error the connection will close.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        self.invite().await?;
        let pace = self.pace();
        match self.intake.decoder.next_chunk(self.wire, pace).await {
            Ok(Some(chunk)) if chunk.len() as u64 > self.left() => Err(self.fail(&ReadError::TooLarge)),
            Ok(chunk) => {
                self.intake.received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
                Ok(chunk)
            }
            Err(error) => Err(self.fail(&error)),
        }
    }

    /// Resolves when the client has gone: it reset the connection or closed it, and unless `half_close` is set also when it
    /// only ended its sending direction (`proxy.md` 1.6). Meant to be selected against the handler's work; dropping it
    /// loses nothing.
    pub async fn client_gone(&mut self) {
        poll_fn(|cx| self.poll_gone(cx)).await;
    }

    fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.wire.read.len() < READ_AHEAD {
            match self.wire.poll_fill(cx) {
                Poll::Ready(Ok(0)) if self.config.half_close => return Poll::Pending,
                Poll::Ready(Ok(0) | Err(_)) => {
                    self.intake.failed = true;
                    return Poll::Ready(());
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Pending
    }

    fn left(&self) -> u64 {
        self.config
            .limits
            .body
            .unwrap_or(u64::MAX)
            .saturating_sub(self.intake.received)
    }

    fn pace(&self) -> Pace {
        Pace {
            idle: self.config.timeouts.body,
            until: None,
        }
    }

    /// Sends `100 Continue` to a client that waits for it, unless it has begun to send all the same.
    async fn invite(&mut self) -> Result<(), BodyError> {
        if !std::mem::take(&mut self.intake.awaits_continue) || !self.wire.read.is_empty() {
            return Ok(());
        }
        self.wire.write.clear();
        self.wire.write.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        if self.wire.send(&[], self.config.timeouts.write).await.is_err() {
            return Err(self.fail(&ReadError::Ended(None)));
        }
        Ok(())
    }

    fn fail(&mut self, error: &ReadError) -> BodyError {
        self.intake.failed = true;
        let refusal = match *error {
            ReadError::Ended(_) => return BodyError::Gone,
            ReadError::Fault(BodyFault::Malformed(detail)) => Refusal::bad(detail),
            ReadError::Fault(BodyFault::TrailersTooLarge) => Refusal::new(RefusalReason::HeadTooLarge, "trailers too large"),
            ReadError::TooLarge => Refusal::new(RefusalReason::BodyTooLarge, "body too large"),
            ReadError::Timeout => Refusal::new(RefusalReason::BodyTimeout, "body took too long"),
        };
        BodyError::Refused(refusal)
    }
}
