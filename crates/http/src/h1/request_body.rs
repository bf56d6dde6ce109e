//! The body of a request, as a handler sees it and as it is passed on while it arrives.
//!
//! What is lent with a body that is passed on is the whole connection ([`server::Place`]): the server writes its answer on it meanwhile.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::answer::write_interim;
use super::body::{BodyFault, Decoder, Pace, ReadError, ReadWait};
use super::framing::Framing;
use super::pump::WireAccess;
use super::wire::{Outgoing, Wire};
use crate::body::Body;
use crate::error::{BodyError, Refusal, RefusalReason};
use crate::interim::Interim;
use crate::message::{Headers, ResponseHead};
use crate::server::{self, BodyRules, ServerConfig};

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
    /// Why, if the request must be refused for it.
    refusal: Option<Refusal>,
    /// The answer has begun: the write buffer belongs to it, and interim responses would come too late.
    answered: bool,
    received: u64,
    wait: ReadWait,
}

impl Intake {
    pub(crate) fn new(framing: Framing, expects_continue: bool, config: &ServerConfig) -> Intake {
        let decoder = Decoder::new(framing, config.limits.trailers);
        Intake {
            awaits_continue: expects_continue && !decoder.is_done(),
            ..Intake::of(decoder)
        }
    }

    /// Nothing to read.
    fn nothing() -> Intake {
        Intake::of(Decoder::new(Framing::Length(0), 0))
    }

    fn of(decoder: Decoder) -> Intake {
        Intake {
            decoder,
            awaits_continue: false,
            failed: false,
            refusal: None,
            answered: false,
            received: 0,
            wait: ReadWait::default(),
        }
    }
}

/// How long reads may take by the rules.
fn pace(rules: BodyRules) -> Pace {
    Pace {
        idle: rules.idle,
        until: None,
    }
}

/// A client's connection with the request that is being read from it.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) wire: Wire,
    pub(crate) intake: Intake,
    /// So much of the write buffer has left; the rest is an interim response.
    sent: usize,
}

impl Channel {
    pub(crate) fn new(wire: Wire) -> Channel {
        Channel {
            wire,
            intake: Intake::nothing(),
            sent: 0,
        }
    }

    /// The write buffer for the answer; what is left of an interim response stays in front.
    pub(crate) fn start_answer(&mut self) -> &mut Vec<u8> {
        self.intake.answered = true;
        self.unsent()
    }

    fn unsent(&mut self) -> &mut Vec<u8> {
        let sent = std::mem::take(&mut self.sent).min(self.wire.write.len());
        self.wire.write.drain(..sent);
        &mut self.wire.write
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>, rules: BodyRules) -> Poll<Result<Option<Bytes>, BodyError>> {
        if self.intake.failed {
            return Poll::Ready(Err(BodyError::Gone));
        }
        self.invite();
        if self.poll_interim(cx)?.is_pending() {
            ready!(self.intake.wait.poll(cx, &mut self.wire, pace(rules)));
            return Poll::Ready(Err(self.fail(&ReadError::Timeout)));
        }
        let intake = &mut self.intake;
        let chunk = ready!(intake.decoder.poll_chunk(cx, &mut self.wire, pace(rules), &mut intake.wait));
        Poll::Ready(match chunk {
            Ok(Some(chunk)) if chunk.len() as u64 > self.left(rules.limit) => Err(self.fail(&ReadError::TooLarge)),
            Ok(chunk) => {
                self.intake.received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
                Ok(chunk)
            }
            Err(error) => Err(self.fail(&error)),
        })
    }

    /// Notes `100 Continue` for a client that waits for it, unless it has begun to send all the same.
    fn invite(&mut self) {
        if !self.intake.answered && std::mem::take(&mut self.intake.awaits_continue) && self.wire.read.is_empty() {
            self.unsent().extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
    }

    /// Sends what is noted of interim responses.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        if self.intake.answered || self.sent == self.wire.write.len() {
            return Poll::Ready(Ok(()));
        }
        let mut out = Outgoing {
            body: &[],
            written: self.sent,
        };
        let sent = self.wire.poll_send(cx, &mut out);
        self.sent = out.written;
        match ready!(sent) {
            Ok(()) => {
                self.wire.write.clear();
                self.sent = 0;
                Poll::Ready(Ok(()))
            }
            Err(error) => Poll::Ready(Err(self.fail(&ReadError::Ended(Some(error))))),
        }
    }

    /// Looks for the end of the client's sending, taking in a little of what comes before it.
    fn poll_gone(&mut self, cx: &mut Context<'_>, half_close: bool) -> Poll<()> {
        // A client that ended its sending can no longer complete a body.
        let may_end = half_close && self.intake.decoder.is_done();
        while self.wire.read.len() < READ_AHEAD {
            match ready!(self.wire.poll_fill(cx)) {
                Ok(0) if may_end => return Poll::Pending,
                Ok(0) | Err(_) => {
                    self.intake.failed = true;
                    return Poll::Ready(());
                }
                Ok(_) => {}
            }
        }
        Poll::Pending
    }

    fn left(&self, limit: Option<u64>) -> u64 {
        limit.unwrap_or(u64::MAX).saturating_sub(self.intake.received)
    }

    fn fail(&mut self, error: &ReadError) -> BodyError {
        self.intake.failed = true;
        let refusal = match *error {
            ReadError::Ended(_) => return BodyError::Gone,
            ReadError::NoRoom => return BodyError::NoRoom,
            ReadError::Fault(BodyFault::Malformed(detail)) => Refusal::bad(detail),
            ReadError::Fault(BodyFault::TrailersTooLarge) => Refusal::new(RefusalReason::HeadTooLarge, "trailers too large"),
            ReadError::TooLarge => Refusal::new(RefusalReason::BodyTooLarge, "body too large"),
            ReadError::Timeout => Refusal::new(RefusalReason::BodyTimeout, "body took too long"),
        };
        self.intake.refusal = Some(refusal);
        BodyError::Refused(refusal)
    }
}

impl server::Channel for Box<Channel> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>, rules: BodyRules) -> Poll<Result<Option<Bytes>, BodyError>> {
        (**self).poll_chunk(cx, rules)
    }

    fn remaining(&self) -> Option<u64> {
        self.intake.decoder.remaining()
    }

    fn trailers(&self) -> &Headers {
        self.intake.decoder.trailers()
    }
}

/// Where a client's connection is.
pub(crate) type Place = server::Place<Box<Channel>>;

impl Place {
    /// Bytes of the body that were read so far; 0 if the connection is nowhere.
    pub(crate) fn received(&mut self) -> u64 {
        self.channel(|channel| channel.intake.received).unwrap_or(0)
    }

    /// Is the body still being read by somebody else?
    pub(crate) fn is_reading(&mut self) -> bool {
        match self {
            Place::Here(_) => false,
            Place::Lent(_) => self.channel(|channel| !channel.intake.decoder.is_done()) == Some(true),
        }
    }

    /// Ready when the client has gone; a connection that is nowhere is gone.
    pub(crate) fn poll_gone(&mut self, cx: &mut Context<'_>, half_close: bool) -> Poll<()> {
        self.channel(|channel| channel.poll_gone(cx, half_close))
            .unwrap_or(Poll::Ready(()))
    }
}

impl WireAccess for Place {
    fn with<R>(&mut self, call: impl FnOnce(&mut Wire) -> R) -> Option<R> {
        self.channel(|channel| call(&mut channel.wire))
    }
}

/// The body of the request being handled, and the way to notice that its client has gone.
#[derive(Debug)]
pub struct BodyReader<'a> {
    pub(crate) place: &'a mut Place,
    pub(crate) config: &'a ServerConfig,
    /// `None` for a client that cannot take interim responses.
    pub(crate) interim: Option<&'a Arc<Interim>>,
}

impl BodyReader<'_> {
    /// Bytes still to come, `None` if only the end of a chunked body will tell, 0 for a request without body.
    pub fn remaining(&mut self) -> Option<u64> {
        self.place.channel(|channel| channel.intake.decoder.remaining()).flatten()
    }

    /// Trailer fields (`proxy.md` 2.8), after the end of the body. Those that must not be trailers are missing.
    pub fn trailers(&mut self) -> Headers {
        let trailers = self.place.channel(|channel| channel.intake.decoder.trailers().clone());
        trailers.unwrap_or_default()
    }

    /// Reads the rest of the body, at most `limit` bytes, into a buffer that nothing else shares. The client is told to
    /// continue if it waits for that. After an error the connection will close.
    pub async fn collect(&mut self, limit: Option<u64>) -> Result<Bytes, BodyError> {
        let rules = BodyRules::of(self.config);
        let Place::Here(channel) = &mut *self.place else {
            return Err(BodyError::Gone);
        };
        let limit = limit.unwrap_or(u64::MAX).min(channel.left(rules.limit));
        if channel.intake.decoder.remaining().is_some_and(|length| length > limit) {
            return Err(channel.fail(&ReadError::TooLarge));
        }
        channel.invite();
        poll_fn(|cx| channel.poll_interim(cx)).await?;
        let Channel { wire, intake, .. } = &mut **channel;
        match intake.decoder.collect(wire, limit, pace(rules)).await {
            Ok(body) => {
                intake.received += body.len() as u64;
                Ok(body)
            }
            Err(error) => Err(channel.fail(&error)),
        }
    }

    /// Reads the next part of the body as it arrives; `None` at the end. The client is told to continue if it waits for
    /// that. After an error the connection will close.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        let rules = BodyRules::of(self.config);
        let Place::Here(channel) = &mut *self.place else {
            return Err(BodyError::Gone);
        };
        poll_fn(|cx| channel.poll_chunk(cx, rules)).await
    }

    /// The whole body, if it is of announced length and has arrived with the head.
    pub fn take_arrived(&mut self) -> Option<Bytes> {
        let Place::Here(channel) = &mut *self.place else {
            return None;
        };
        let Channel { wire, intake, .. } = &mut **channel;
        let body = intake.decoder.take_arrived(&mut wire.read)?;
        intake.awaits_continue = false;
        intake.received += body.len() as u64;
        Some(body)
    }

    /// Lends the connection to whoever reads the body. The client is told to continue, if it waits for that, when the first part is asked
    /// for. Once only; later the body is empty.
    pub fn lend(&mut self) -> Body {
        self.place.lend(BodyRules::of(self.config))
    }

    /// Why the reading of a lent body failed, if it did.
    pub fn failure(&mut self) -> Option<BodyError> {
        self.place
            .channel(|channel| {
                let failure = channel.intake.refusal.map_or(BodyError::Gone, BodyError::Refused);
                channel.intake.failed.then_some(failure)
            })
            .unwrap_or(Some(BodyError::Gone))
    }

    /// Where interim responses for the client can be left; they are sent while [`BodyReader::client_gone`] waits. `None`: the client cannot
    /// take any.
    pub fn interim(&self) -> Option<Arc<Interim>> {
        self.interim.cloned()
    }

    /// Resolves when the client has gone: it reset the connection or closed it, and unless `half_close` is set also when it
    /// only ended its sending direction (`proxy.md` 1.6). Meant to be selected against the handler's work; dropping it
    /// loses nothing.
    pub async fn client_gone(&mut self) {
        poll_fn(|cx| {
            if self.send_interim(cx).is_err() {
                return Poll::Ready(());
            }
            self.place.poll_gone(cx, self.config.half_close)
        })
        .await;
    }

    /// Sends what the exchange has left for the client, as far as the client takes it.
    fn send_interim(&mut self, cx: &mut Context<'_>) -> Result<(), BodyError> {
        if let Some(interim) = self.interim {
            while let Poll::Ready(heads) = interim.poll_take(cx) {
                self.place.channel(|channel| note(channel, &heads));
            }
        }
        match self.place.channel(|channel| channel.poll_interim(cx)) {
            Some(Poll::Ready(sent)) => sent,
            Some(Poll::Pending) => Ok(()),
            None => Err(BodyError::Gone),
        }
    }
}

/// Puts interim responses that came together with the answer in front of it: a proxy passes them on (RFC 9110 15.2).
pub(crate) fn note_last(place: &mut Place, interim: &Interim) {
    let heads = interim.take();
    if !heads.is_empty() {
        place.channel(|channel| note(channel, &heads));
    }
}

fn note(channel: &mut Channel, heads: &[ResponseHead]) {
    let out = channel.unsent();
    for head in heads {
        write_interim(out, head);
    }
}
