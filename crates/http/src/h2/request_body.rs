//! The body of a request on its stream, as a handler sees it and as it is passed on while it arrives.
//!
//! What is lent with a body that is passed on ([`server::Place`]) has the way to send interim responses as well.

use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::h2::RecvStream;
use ::h2::server::SendResponse;
use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use tokio::time::Instant;

use super::fields;
use super::reader::{ReadFault, Reader};
use super::request::RequestMessage;
use crate::body::{Body, CollectError, collect_parts};
use crate::error::{BodyError, Refusal, RefusalReason};
use crate::interim::Interim;
use crate::message::{Headers, ResponseHead};
use crate::server::{self, BodyRules, ServerConfig};
use crate::timeouts::{after, by};
use crate::timer::Timer;

/// How long the rest of a body is read that nobody wants any more.
const LINGER: Duration = Duration::from_secs(1);
/// Bytes of such a rest: as many as clients may send without being given room, by default.
const LINGER_BYTES: u64 = 64 << 10;

/// Why reading has failed.
#[derive(Clone, Copy, Debug)]
enum Failed {
    /// The stream has ended, or nothing more of it can be held.
    Lost,
    /// The request must be refused.
    Refused(Refusal),
}

/// A stream before its answer: the body that is being read from it, and the sending direction.
#[derive(Debug)]
pub(super) struct Channel {
    reader: Reader,
    /// `None` when the answer has begun.
    respond: Option<SendResponse<Bytes>>,
    awaits_continue: bool,
    failure: Option<Failed>,
    timer: Timer,
    deadline: Option<Instant>,
}

impl Channel {
    pub(super) fn new(
        recv: RecvStream,
        respond: SendResponse<Bytes>,
        message: &RequestMessage,
        config: &ServerConfig,
    ) -> Channel {
        let reader = Reader::new(recv, message.length, config.limits.trailers);
        Channel {
            awaits_continue: message.expects_continue && !reader.is_done(),
            reader,
            respond: Some(respond),
            failure: None,
            timer: Timer::default(),
            deadline: None,
        }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>, rules: BodyRules) -> Poll<Result<Option<Bytes>, BodyError>> {
        if self.failure.is_some() {
            return Poll::Ready(Err(BodyError::Gone));
        }
        let Poll::Ready(read) = self.reader.poll_chunk(cx) else {
            self.invite();
            if self.deadline.is_none() {
                self.deadline = after(rules.idle);
            }
            ready!(self.timer.poll(cx, self.deadline));
            return Poll::Ready(Err(self.refuse(RefusalReason::BodyTimeout, "body took too long")));
        };
        self.deadline = None;
        self.awaits_continue = false;
        Poll::Ready(match read {
            Ok(Some(_)) if rules.limit.is_some_and(|limit| self.reader.received() > limit) => Err(self.too_large()),
            Ok(chunk) => Ok(chunk),
            Err(ReadFault::TrailersTooLarge) => Err(self.refuse(RefusalReason::HeadTooLarge, "trailers too large")),
            Err(ReadFault::Lost(_)) => {
                self.failure = Some(Failed::Lost);
                Err(BodyError::Gone)
            }
        })
    }

    /// Tells a client that waits for it to go on.
    fn invite(&mut self) {
        if mem::take(&mut self.awaits_continue)
            && let Some(respond) = &mut self.respond
        {
            send_interim(respond, StatusCode::CONTINUE, HeaderMap::new());
        }
    }

    fn too_large(&mut self) -> BodyError {
        self.refuse(RefusalReason::BodyTooLarge, "body too large")
    }

    fn refuse(&mut self, reason: RefusalReason, detail: &'static str) -> BodyError {
        let refusal = Refusal::new(reason, detail);
        self.failure = Some(Failed::Refused(refusal));
        BodyError::Refused(refusal)
    }

    async fn collect(&mut self, limit: u64, rules: BodyRules) -> Result<Bytes, BodyError> {
        let limit = limit.min(rules.limit.unwrap_or(u64::MAX).saturating_sub(self.reader.received()));
        let announced = self.reader.remaining();
        let collected = collect_parts(announced, limit, |cx| self.poll_chunk(cx, rules)).await;
        collected.map_err(|fault| match fault {
            CollectError::Broken(error) => error,
            CollectError::TooLarge => self.too_large(),
            CollectError::NoRoom => {
                self.failure = Some(Failed::Lost);
                BodyError::NoRoom
            }
        })
    }

    fn failure(&self) -> Option<BodyError> {
        Some(match self.failure? {
            Failed::Lost => BodyError::Gone,
            Failed::Refused(refusal) => BodyError::Refused(refusal),
        })
    }

    /// The answer is sent and the client is still sending. A reset that tells it to stop must not cost it the answer (RFC 9113 8.1), but there
    /// are clients that it does. So if little is left to come, that is read and thrown away for a while.
    pub(super) async fn linger(mut self) {
        let is_little = self.reader.remaining().is_some_and(|left| left <= LINGER_BYTES);
        if self.reader.is_done() || self.awaits_continue || self.failure.is_some() || !is_little {
            return;
        }
        let reading = async { while let Ok(Some(_)) = poll_fn(|cx| self.reader.poll_chunk(cx)).await {} };
        // What is not there by then is not waited for.
        let _ = by(after(Some(LINGER)), reading).await;
    }

    /// Sends what an exchange has left for the client and looks whether that is still there.
    fn poll_gone(&mut self, cx: &mut Context<'_>, interim: Option<&Interim>) -> Poll<()> {
        let Some(respond) = &mut self.respond else {
            return Poll::Pending;
        };
        if let Some(interim) = interim {
            while let Poll::Ready(heads) = interim.poll_take(cx) {
                pass_interim(respond, &heads);
            }
        }
        respond.poll_reset(cx).map(drop)
    }
}

/// Passes interim responses of an upstream on.
pub(super) fn pass_interim(respond: &mut SendResponse<Bytes>, heads: &[ResponseHead]) {
    for head in heads {
        if let Ok(status) = StatusCode::from_u16(head.status.code()) {
            send_interim(respond, status, fields::to_map(&head.headers));
        }
    }
}

/// A client that is gone misses nothing.
fn send_interim(respond: &mut SendResponse<Bytes>, status: StatusCode, fields: HeaderMap) {
    let mut response = Response::new(());
    *response.status_mut() = status;
    *response.headers_mut() = fields;
    let _ = respond.send_informational(response);
}

impl server::Channel for Channel {
    fn poll_chunk(&mut self, cx: &mut Context<'_>, rules: BodyRules) -> Poll<Result<Option<Bytes>, BodyError>> {
        self.poll_chunk(cx, rules)
    }

    fn remaining(&self) -> Option<u64> {
        self.reader.remaining()
    }

    fn trailers(&self) -> &Headers {
        self.reader.trailers()
    }
}

/// Where a stream's channel is.
pub(super) type Place = server::Place<Channel>;

impl Place {
    /// Bytes of the body that were read so far; `None` if the channel is nowhere.
    pub(super) fn received(&mut self) -> Option<u64> {
        self.channel(|channel| channel.reader.received())
    }

    /// The receiving direction, of which nothing was read; the channel is nowhere then.
    pub(super) fn take_receiver(&mut self) -> Option<RecvStream> {
        let channel = mem::replace(self, Place::nowhere()).reclaim()?;
        Some(channel.reader.into_stream())
    }

    /// The sending direction, for the answer. What is still read of the body goes on.
    pub(super) fn take_respond(&mut self) -> Option<SendResponse<Bytes>> {
        self.channel(|channel| channel.respond.take()).flatten()
    }
}

/// The body of the request being handled; see [`crate::server::RequestBody`] for its functions.
#[derive(Debug)]
pub struct BodyReader<'a> {
    pub(super) place: &'a mut Place,
    pub(super) config: &'a ServerConfig,
    /// `None`: interim responses of upstreams are not passed on.
    pub(super) interim: Option<Arc<Interim>>,
}

impl BodyReader<'_> {
    pub(crate) fn remaining(&mut self) -> Option<u64> {
        self.place.channel(|channel| channel.reader.remaining()).flatten()
    }

    pub(crate) fn trailers(&mut self) -> Headers {
        let trailers = self.place.channel(|channel| channel.reader.trailers().clone());
        trailers.unwrap_or_default()
    }

    pub(crate) async fn collect(&mut self, limit: Option<u64>) -> Result<Bytes, BodyError> {
        let rules = BodyRules::of(self.config);
        match &mut *self.place {
            Place::Here(channel) => channel.collect(limit.unwrap_or(u64::MAX), rules).await,
            Place::Lent(_) => Err(BodyError::Gone),
        }
    }

    pub(crate) async fn next_chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        let rules = BodyRules::of(self.config);
        match &mut *self.place {
            Place::Here(channel) => poll_fn(|cx| channel.poll_chunk(cx, rules)).await,
            Place::Lent(_) => Err(BodyError::Gone),
        }
    }

    pub(crate) fn take_arrived(&mut self) -> Option<Bytes> {
        match &mut *self.place {
            // A length that is announced is within the limit.
            Place::Here(channel) if self.config.limits.body.is_none() || channel.reader.remaining().is_some() => {
                channel.reader.take_arrived()
            }
            Place::Here(_) | Place::Lent(_) => None,
        }
    }

    pub(crate) fn lend(&mut self) -> Body {
        self.place.lend(BodyRules::of(self.config))
    }

    pub(crate) fn failure(&mut self) -> Option<BodyError> {
        self.place
            .channel(|channel| channel.failure())
            .unwrap_or(Some(BodyError::Gone))
    }

    pub(crate) fn interim(&self) -> Option<Arc<Interim>> {
        self.interim.clone()
    }

    pub(crate) async fn client_gone(&mut self) {
        let interim = self.interim.as_deref();
        poll_fn(|cx| {
            self.place
                .channel(|channel| channel.poll_gone(cx, interim))
                .unwrap_or(Poll::Ready(()))
        })
        .await;
    }
}
