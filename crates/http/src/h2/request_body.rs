//! The body of a request on its stream, as a handler sees it and as it is passed on while it arrives.
//!
//! Room for more is given to the client when what came before has left, so a slow receiver slows the client, and only this stream of it. A
//! body that is passed on lies, with the way to send interim responses, in a place that the stream and the reader share; both take their
//! steps there one after the other, in one task. When the stream ends, a reader that is left over finds nothing.

use std::future::poll_fn;
use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use ::h2::RecvStream;
use ::h2::server::SendResponse;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::fields;
use super::request::RequestMessage;
use crate::body::{Body, Broken, ReadBody};
use crate::budget::{BUFFERS, UsedUp};
use crate::error::{BodyError, Refusal, RefusalReason};
use crate::interim::Interim;
use crate::message::{Headers, ResponseHead};
use crate::server::ServerConfig;
use crate::timeouts::after;
use crate::timer::Timer;

/// Room made at once for a body of announced length.
const FIRST_ROOM: u64 = 64 << 10;

/// What bounds the reading of a body.
#[derive(Clone, Copy, Debug)]
struct BodyRules {
    idle: Option<Duration>,
    limit: u64,
    trailers: usize,
}

impl BodyRules {
    fn of(config: &ServerConfig) -> BodyRules {
        BodyRules {
            idle: config.timeouts.body,
            limit: config.limits.body.unwrap_or(u64::MAX),
            trailers: config.limits.trailers,
        }
    }
}

/// How far the reading has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Data,
    Trailers,
    Done,
    Failed,
}

/// A stream before its answer: the body that is being read from it, and the sending direction.
#[derive(Debug)]
pub(super) struct Channel {
    recv: RecvStream,
    /// `None` when the answer has begun.
    respond: Option<SendResponse<Bytes>>,
    state: State,
    /// The announced length.
    length: Option<u64>,
    received: u64,
    /// Read already and not yet given.
    waiting: Option<Bytes>,
    /// Given, and the client has not got room for as much again.
    unreleased: usize,
    awaits_continue: bool,
    trailers: Headers,
    refusal: Option<Refusal>,
    timer: Timer,
    deadline: Option<Instant>,
}

impl Channel {
    pub(super) fn new(recv: RecvStream, respond: SendResponse<Bytes>, message: &RequestMessage) -> Channel {
        let state = if recv.is_end_stream() { State::Done } else { State::Data };
        Channel {
            awaits_continue: message.expects_continue && state == State::Data,
            recv,
            respond: Some(respond),
            state,
            length: message.length,
            received: 0,
            waiting: None,
            unreleased: 0,
            trailers: Headers::default(),
            refusal: None,
            timer: Timer::default(),
            deadline: None,
        }
    }

    fn remaining(&self) -> Option<u64> {
        match self.state {
            State::Done => Some(0),
            _ => self.length.map(|length| length.saturating_sub(self.received)),
        }
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>, rules: BodyRules) -> Poll<Result<Option<Bytes>, BodyError>> {
        // What was given is on its way now. The stream may have ended meanwhile; then there is nothing to give room for.
        let _ = self.recv.flow_control().release_capacity(mem::take(&mut self.unreleased));
        loop {
            let polled = match self.state {
                State::Done => return Poll::Ready(Ok(None)),
                State::Failed => return Poll::Ready(Err(BodyError::Gone)),
                State::Data => self.poll_data(cx, rules),
                State::Trailers => self.poll_trailers(cx, rules),
            };
            match polled {
                Poll::Ready(Ok(None)) => {}
                Poll::Ready(chunk) => {
                    self.deadline = None;
                    return Poll::Ready(chunk);
                }
                Poll::Pending => {
                    self.invite();
                    if self.deadline.is_none() {
                        self.deadline = after(rules.idle);
                    }
                    ready!(self.timer.poll(cx, self.deadline));
                    return Poll::Ready(Err(self.refuse(RefusalReason::BodyTimeout, "body took too long")));
                }
            }
        }
    }

    /// A part of the body; `None`: the state has changed.
    fn poll_data(&mut self, cx: &mut Context<'_>, rules: BodyRules) -> Poll<Result<Option<Bytes>, BodyError>> {
        let chunk = match self.waiting.take() {
            Some(chunk) => chunk,
            None => match ready!(self.recv.poll_data(cx)) {
                Some(Ok(chunk)) => chunk,
                Some(Err(_)) => return Poll::Ready(Err(self.fail())),
                None => {
                    self.state = State::Trailers;
                    return Poll::Ready(Ok(None));
                }
            },
        };
        if chunk.is_empty() {
            return Poll::Ready(Ok(None));
        }
        self.awaits_continue = false;
        self.received += chunk.len() as u64;
        if self.received > rules.limit {
            return Poll::Ready(Err(self.refuse(RefusalReason::BodyTooLarge, "body too large")));
        }
        self.unreleased = chunk.len();
        if self.recv.is_end_stream() {
            self.state = State::Done;
        }
        Poll::Ready(Ok(Some(chunk)))
    }

    fn poll_trailers(&mut self, cx: &mut Context<'_>, rules: BodyRules) -> Poll<Result<Option<Bytes>, BodyError>> {
        let Ok(given) = ready!(self.recv.poll_trailers(cx)) else {
            return Poll::Ready(Err(self.fail()));
        };
        self.state = State::Done;
        if let Some(given) = given {
            match fields::trailers(&given, rules.trailers) {
                Some(trailers) => self.trailers = trailers,
                None => return Poll::Ready(Err(self.refuse(RefusalReason::HeadTooLarge, "trailers too large"))),
            }
        }
        Poll::Ready(Ok(None))
    }

    /// Tells a client that waits for it to go on.
    fn invite(&mut self) {
        if mem::take(&mut self.awaits_continue)
            && let Some(respond) = &mut self.respond
        {
            send_interim(respond, StatusCode::CONTINUE, HeaderMap::new());
        }
    }

    fn fail(&mut self) -> BodyError {
        self.state = State::Failed;
        BodyError::Gone
    }

    fn refuse(&mut self, reason: RefusalReason, detail: &'static str) -> BodyError {
        self.state = State::Failed;
        let refusal = Refusal::new(reason, detail);
        self.refusal = Some(refusal);
        BodyError::Refused(refusal)
    }

    fn take_arrived(&mut self, rules: BodyRules) -> Option<Bytes> {
        if self.state == State::Done {
            return Some(Bytes::new());
        }
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Ok(Some(chunk))) = self.poll_data(&mut cx, rules) else {
            return None;
        };
        let count = mem::take(&mut self.unreleased);
        if self.state == State::Done {
            let _ = self.recv.flow_control().release_capacity(count);
            return Some(chunk);
        }
        self.received -= count as u64;
        self.waiting = Some(chunk);
        None
    }

    async fn collect(&mut self, limit: u64, rules: BodyRules) -> Result<Bytes, BodyError> {
        let announced = self.remaining();
        let limit = limit.min(rules.limit.saturating_sub(self.received));
        if announced.is_some_and(|length| length > limit) {
            return Err(self.refuse(RefusalReason::BodyTooLarge, "body too large"));
        }
        let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(FIRST_ROOM) as usize);
        let mut held = BUFFERS.hold();
        while let Some(chunk) = poll_fn(|cx| self.poll_chunk(cx, rules)).await? {
            let length = (body.len() + chunk.len()) as u64;
            if length > limit {
                return Err(self.refuse(RefusalReason::BodyTooLarge, "body too large"));
            }
            if held.grow_to(length) == Err(UsedUp) {
                self.state = State::Failed;
                return Err(BodyError::NoRoom);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(held.keep_for(body.freeze()))
    }

    fn failure(&self) -> Option<BodyError> {
        (self.state == State::Failed).then(|| self.refusal.map_or(BodyError::Gone, BodyError::Refused))
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

/// Where a stream's channel is.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // the large one is the usual one, and moved once
pub(super) enum Place {
    /// With the stream.
    Here(Channel),
    /// Shared with the reader of the body.
    Lent(Arc<Mutex<Option<Channel>>>),
}

impl Place {
    /// Takes a step with the channel, wherever it is; `None`: it is nowhere.
    fn channel<R>(&mut self, call: impl FnOnce(&mut Channel) -> R) -> Option<R> {
        match self {
            Place::Here(channel) => Some(call(channel)),
            Place::Lent(shared) => shared.lock().as_mut().map(call),
        }
    }

    /// Bytes of the body that were read so far; 0 if the channel is nowhere.
    pub(super) fn received(&mut self) -> u64 {
        self.channel(|channel| channel.received).unwrap_or(0)
    }

    /// The sending direction, for the answer. What is still read of the body goes on.
    pub(super) fn take_respond(&mut self) -> Option<SendResponse<Bytes>> {
        self.channel(|channel| channel.respond.take()).flatten()
    }

    /// Ends the reading, also of whoever still has a share in it.
    pub(super) fn close(self) {
        match self {
            Place::Here(channel) => drop(channel),
            Place::Lent(shared) => {
                let channel = shared.lock().take();
                drop(channel);
            }
        }
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
        self.place.channel(|channel| channel.remaining()).flatten()
    }

    pub(crate) fn trailers(&mut self) -> Headers {
        let trailers = self.place.channel(|channel| channel.trailers.clone());
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
            Place::Here(channel) => channel.take_arrived(BodyRules::of(self.config)),
            Place::Lent(_) => None,
        }
    }

    pub(crate) fn lend(&mut self) -> Body {
        let shared = match &*self.place {
            Place::Here(_) => Arc::new(Mutex::new(None)),
            Place::Lent(shared) => Arc::clone(shared),
        };
        if let Place::Here(channel) = mem::replace(self.place, Place::Lent(Arc::clone(&shared))) {
            *shared.lock() = Some(channel);
        }
        Box::new(LentBody {
            shared,
            rules: BodyRules::of(self.config),
        })
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

/// A body that is read by somebody else.
struct LentBody {
    shared: Arc<Mutex<Option<Channel>>>,
    rules: BodyRules,
}

impl ReadBody for LentBody {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        let mut shared = self.shared.lock();
        let Some(channel) = shared.as_mut() else {
            return Poll::Ready(Err(Broken("the client is gone")));
        };
        channel
            .poll_chunk(cx, self.rules)
            .map_err(|_| Broken("the request's body broke off"))
    }

    fn remaining(&self) -> Option<u64> {
        self.shared.lock().as_ref().and_then(Channel::remaining)
    }

    fn visit_trailers(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        let shared = self.shared.lock();
        for field in shared.iter().flat_map(|channel| channel.trailers.iter()) {
            visit(field.name(), field.value());
        }
    }
}
