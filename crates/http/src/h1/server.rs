//! The life of a server connection: one request after the other, all in one task.
//!
//! Before an answer is complete the next head is not parsed (`proxy.md` 2.10). Every request that was well-formed goes to
//! the handler, every other one is refused here.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::answer::{AnswerFrame, write_head, write_switch};
use super::body::Pace;
use super::pump::{Pump, PumpError, SendFraming};
use super::request::{RequestMessage, RequestParser, RequestRules};
use super::request_body::{BodyReader, Channel, Intake, Place, note_last};
use super::wire::{COPY_BODY, Wire, WireError};
use crate::body::Content;
use crate::boxed::boxed;
use crate::connection::ConnectionInfo;
use crate::error::{Refusal, RefusalReason};
use crate::interim::Interim;
use crate::message::{Method, Name, Status, Version, has_option};
use crate::server::{
    Answer, BETWEEN_REQUESTS, Drain, DrainWatch, Exchange, Finished, Handler, Incoming, Request, RequestBody, Response,
    ServerConfig, Switch, end_of_life,
};
use crate::timeouts::{after, earlier};
use crate::tunnel::join;

/// Bytes of an unread request body that are read and dropped to keep a connection (`proxy.md` 2.8).
const DISCARD_LIMIT: u64 = 64 << 10;
/// How long a closing connection waits for its client to stop sending (`proxy.md` 2.8).
const LINGER: Duration = Duration::from_secs(1);

/// Serves a connection until it ends. Errors of the connection end it; nobody is left to be told.
pub async fn serve<H: Handler>(incoming: Incoming, info: &ConnectionInfo, config: &ServerConfig, drain: Drain, handler: &H) {
    let Incoming { transport, arrived, .. } = incoming;
    let mut wire = Wire::new(transport);
    wire.read = arrived;
    let mut channel = Box::new(Channel::new(wire));
    let mut connection = Connection {
        config,
        drain: DrainWatch::new(drain),
        end_of_life: end_of_life(config, info),
        requests: 0,
        interim: None,
        head_time: Duration::ZERO,
    };
    loop {
        let message = match connection.next_request(&mut channel.wire).await {
            Ok(message) => message,
            Err(End::Refused(refusal)) => {
                let mut exchange = Exchange::of(handler, info, H::Notes::default(), connection.head_time);
                let sent = connection.refuse(channel, &refusal, unknown_frame(), &mut exchange).await;
                exchange.end();
                if let Some(mut channel) = sent {
                    channel.wire.linger(LINGER).await;
                }
                return;
            }
            Err(End::Closed) => return channel.wire.finish(LINGER).await,
            Err(End::Broken) => return,
        };
        let notes = handler.begin(&message.head, info);
        let mut exchange = Exchange::of(handler, info, notes, connection.head_time);
        match connection.exchange(channel, message, &mut exchange).await {
            Some(kept) => channel = kept,
            None => return,
        }
    }
}

/// The frame of an answer to something that is no request.
fn unknown_frame() -> AnswerFrame {
    AnswerFrame::of(&Method::Get, Version::Http11)
}

/// A connection whose request was refused: what else it brings is not looked at.
fn after_refusal(channel: Box<Channel>) -> (Box<Channel>, Rest, bool) {
    (channel, Rest::Lost, true)
}

struct Connection<'c> {
    config: &'c ServerConfig,
    drain: DrainWatch,
    end_of_life: Option<Instant>,
    requests: u64,
    /// Made for the first request whose client takes interim responses.
    interim: Option<Arc<Interim>>,
    /// How long the last head took to arrive.
    head_time: Duration,
}

/// Why there is no further request.
enum End {
    /// What came is no acceptable request.
    Refused(Refusal),
    /// Idle, drained or ended by the client: close without a word.
    Closed,
    /// The socket broke.
    Broken,
}

/// How the sending of an answer ended.
#[derive(PartialEq, Eq)]
enum Sending {
    Done,
    /// The connection can only be closed.
    Failed,
}

/// What is left of a request body when the answer is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    Nothing,
    /// Can be read and dropped.
    Small,
    /// Too much, or it cannot be read: the connection has to close.
    Lost,
}

impl Connection<'_> {
    async fn next_request(&mut self, wire: &mut Wire) -> Result<RequestMessage, End> {
        let config = self.config;
        let rules = RequestRules {
            limits: &config.limits,
            protected: &config.protected_fields,
        };
        let mut parser = RequestParser::default();
        if wire.read.is_empty() {
            wire.shrink();
            self.wait_for_request(wire).await?;
        }
        self.head_time = Duration::ZERO;
        let mut begun: Option<Instant> = None;
        loop {
            let parsed = parser.advance(&mut wire.read, rules).map_err(End::Refused);
            if let (Some(begun), Ok(Some(_)) | Err(_)) = (begun, &parsed) {
                self.head_time = begun.elapsed();
            }
            if let Some(message) = parsed? {
                self.requests += 1;
                return Ok(message);
            }
            let begun = *begun.get_or_insert_with(Instant::now);
            let deadline = config.timeouts.head.and_then(|time| begun.checked_add(time));
            match wire.fill(deadline).await {
                Ok(0) => return Err(End::Closed),
                Ok(_) => {}
                Err(WireError::Timeout) => {
                    return Err(End::Refused(Refusal::new(RefusalReason::HeadTimeout, "head took too long")));
                }
                Err(WireError::Io(_)) => return Err(End::Broken),
            }
        }
    }

    /// Waits for the first byte of a request. An idle connection ends without a word: in time, by drain, by age.
    async fn wait_for_request(&mut self, wire: &mut Wire) -> Result<(), End> {
        let patience = self.config.timeouts.idle_after(self.requests);
        let mut begin = None;
        poll_fn(|cx| {
            match wire.poll_fill(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(End::Closed)),
                Poll::Ready(Ok(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(End::Broken)),
                Poll::Pending => wire.rest(),
            }
            let begin = *begin.get_or_insert_with(Instant::now);
            let end = |time: Option<Duration>| time.and_then(|time| begin.checked_add(time));
            let mut deadline = earlier(end(patience), self.end_of_life);
            if self.drain.poll(cx).is_ready() {
                deadline = earlier(deadline, end(Some(BETWEEN_REQUESTS)));
            }
            wire.poll_timer(cx, deadline).map(|()| Err(End::Closed))
        })
        .await
    }

    /// One request and its answer; the connection, if it can go on.
    async fn exchange<H: Handler>(
        &mut self,
        channel: Box<Channel>,
        message: RequestMessage,
        exchange: &mut Exchange<'_, H>,
    ) -> Option<Box<Channel>> {
        let answered = self.answer(channel, message, exchange).await;
        exchange.end();
        let (mut channel, mut rest, is_last) = answered?;
        if rest == Rest::Small && !is_last && !self.discard(&mut channel).await {
            rest = Rest::Lost;
        }
        if !is_last && rest != Rest::Lost {
            return Some(channel);
        }
        if rest == Rest::Nothing {
            channel.wire.finish(LINGER).await;
        } else {
            channel.wire.linger(LINGER).await;
        }
        None
    }

    /// Has a request answered. What is left of its connection, if the answer went out in full: what of the request's body is still to come, and
    /// whether the answer was the last.
    async fn answer<H: Handler>(
        &mut self,
        mut channel: Box<Channel>,
        message: RequestMessage,
        exchange: &mut Exchange<'_, H>,
    ) -> Option<(Box<Channel>, Rest, bool)> {
        let RequestMessage {
            head,
            framing,
            persistent,
            expects_continue,
        } = message;
        let mut frame = AnswerFrame {
            trailers: head.headers.get_all(Name::Te).any(|value| has_option(value, b"trailers")),
            ..AnswerFrame::of(&head.method, head.version)
        };
        let config = self.config;
        channel.intake = Intake::new(framing, expects_continue, config);
        if let Some(refusal) = config.limits.refusal_of_body(channel.intake.decoder.remaining()) {
            let sent = self.refuse(channel, &refusal, frame, exchange).await;
            return sent.map(after_refusal);
        }
        self.renew_interim(head.version);
        let takes_interim = head.version == Version::Http11;
        let mut place = Place::Here(channel);
        let body = RequestBody::from(BodyReader {
            place: &mut place,
            config,
            interim: self.interim.as_ref().filter(|_| takes_interim),
        });
        let request = Request {
            head,
            body,
            connection: exchange.info,
            received: exchange.finished.received,
        };
        // Boxed: a connection between two requests is not to hold room for all that a request needs.
        let answer = boxed(|| exchange.handler.handle(request, &mut exchange.notes)).await;
        exchange.finished.body_received = place.received();
        let response = match answer {
            Answer::Respond(response) => response,
            Answer::Refuse(refusal) => {
                let sent = self.refuse(place.reclaim()?, &refusal, frame, exchange).await;
                return sent.map(after_refusal);
            }
            Answer::Switch(switch) => {
                self.switch(place.reclaim()?, *switch, &mut exchange.finished).await;
                return None;
            }
            Answer::Close => {
                drop(place.reclaim());
                return None;
            }
        };
        if let Some(interim) = self.interim.as_ref().filter(|_| takes_interim) {
            note_last(&mut place, interim);
        }
        // An upstream may answer while it still takes the request: then both directions go on at the same time.
        let is_duplex = matches!(response.body, Content::Stream(_)) && place.is_reading();
        if !is_duplex {
            place = Place::Here(place.reclaim()?);
        }
        let mut rest = match &mut place {
            Place::Here(channel) => rest_of(channel),
            Place::Lent(_) => Rest::Nothing,
        };
        frame.close = !persistent
            || rest == Rest::Lost
            || response.headers.wants_close()
            || response.status.is_interim()
            || self.is_last()
            || frame.carries_body(response.status) && frame.framing(response.body.length()) == SendFraming::UntilClose;
        let sending = self.send(&mut place, response, frame, &mut exchange.finished).await;
        if is_duplex {
            exchange.finished.body_received = place.received();
        }
        let mut channel = place.reclaim()?;
        if sending == Sending::Failed {
            return None;
        }
        if is_duplex {
            rest = rest_of(&mut channel);
        }
        Some((channel, rest, frame.close))
    }

    /// Interim responses of an exchange that outlived its request must not reach the next one.
    fn renew_interim(&mut self, version: Version) {
        let is_shared = self.interim.as_ref().is_some_and(|interim| Arc::strong_count(interim) > 1);
        if self.config.early_hints && version == Version::Http11 && (is_shared || self.interim.is_none()) {
            self.interim = Some(Arc::default());
        }
    }

    fn is_last(&mut self) -> bool {
        self.config.limits.is_used_up(self.requests)
            || self.drain.has_started()
            || self.end_of_life.is_some_and(|end| Instant::now() >= end)
    }

    /// Reads and drops the rest of a body; false if it is too long, too late or broken.
    async fn discard(&mut self, channel: &mut Channel) -> bool {
        let pace = Pace {
            idle: None,
            until: after(self.config.timeouts.body),
        };
        let mut dropped = 0;
        while dropped <= DISCARD_LIMIT {
            match channel.intake.decoder.next_chunk(&mut channel.wire, pace).await {
                Ok(None) => return true,
                Ok(Some(chunk)) => dropped += chunk.len() as u64,
                Err(_) => return false,
            }
        }
        false
    }

    /// Answers a refused request; the connection, which has to close, if that went out in full.
    async fn refuse<H: Handler>(
        &mut self,
        channel: Box<Channel>,
        refusal: &Refusal,
        mut frame: AnswerFrame,
        exchange: &mut Exchange<'_, H>,
    ) -> Option<Box<Channel>> {
        frame.close = true;
        let response = exchange.refuse(refusal, self.config)?;
        let mut place = Place::Here(channel);
        let sending = self.send(&mut place, response, frame, &mut exchange.finished).await;
        place.reclaim().filter(|_| sending == Sending::Done)
    }

    async fn switch(&mut self, mut channel: Box<Channel>, switch: Switch, finished: &mut Finished) {
        finished.status = Some(Status::SWITCHING_PROTOCOLS);
        write_switch(channel.start_answer(), &switch);
        if channel.wire.send(&[], self.config.timeouts.write).await.is_err() {
            return;
        }
        channel.wire.write.clear();
        let Switch { tunnel, mut bounds, .. } = switch;
        let mut upstream = tunnel.end;
        let moved = join(&mut channel.wire, &mut *upstream, &mut bounds).await;
        finished.body_received = moved.up;
        finished.body_sent = moved.down;
        finished.is_complete = true;
    }

    /// Writes a response.
    async fn send(&mut self, place: &mut Place, response: Response, frame: AnswerFrame, finished: &mut Finished) -> Sending {
        finished.status = Some(response.status);
        // Before the connection is touched: the body may lie on it as well.
        let length = response.body.length();
        let framing = frame.framing(length);
        let mut copied = 0;
        let written = place.channel(|channel| {
            let out = channel.start_answer();
            write_head(out, &response, length, frame);
            match response.body {
                _ if !frame.carries_body(response.status) => Pump::of_bytes(Bytes::new()),
                Content::Stream(body) => Pump::new(framing, body),
                Content::Whole(body) if body.len() > COPY_BODY => Pump::of_bytes(body),
                Content::Whole(body) => {
                    out.extend_from_slice(&body);
                    copied = body.len() as u64;
                    Pump::of_bytes(Bytes::new())
                }
            }
        });
        let Some(mut pump) = written else {
            return Sending::Failed;
        };
        let sending = self.run(place, &mut pump, framing).await;
        finished.is_complete = sending == Sending::Done;
        // What was copied left with the head, in one write or not at all.
        finished.body_sent = pump.sent() + if finished.is_complete { copied } else { 0 };
        sending
    }

    async fn run(&mut self, place: &mut Place, pump: &mut Pump, framing: SendFraming) -> Sending {
        let pace = Pace {
            idle: self.config.timeouts.write,
            until: None,
        };
        let sent = poll_fn(|cx| {
            if let Poll::Ready(sent) = pump.poll(place, cx, pace) {
                return Poll::Ready(Some(sent));
            }
            // What is on its way from elsewhere may take long; a client that goes meanwhile wants none of it.
            if pump.is_streaming() && place.poll_gone(cx, self.config.half_close).is_ready() {
                return Poll::Ready(None);
            }
            Poll::Pending
        })
        .await;
        match sent {
            Some(Ok(())) => return Sending::Done,
            Some(Err(PumpError::Late)) => reset_on_close(place),
            // An orderly close would look like the end of the body.
            Some(Err(PumpError::Body(_))) if framing == SendFraming::UntilClose => reset_on_close(place),
            Some(Err(PumpError::Body(_) | PumpError::Lost(_))) | None => {}
        }
        Sending::Failed
    }
}

fn reset_on_close(place: &mut Place) {
    place.channel(|channel| channel.wire.reset_on_close());
}

/// Drops what has already arrived of an unread body and says what is left.
fn rest_of(channel: &mut Channel) -> Rest {
    let Channel { wire, intake, .. } = channel;
    if intake.failed {
        return Rest::Lost;
    }
    if intake.decoder.is_done() {
        return Rest::Nothing;
    }
    // Whether a client that waits for `100 Continue` will still send its body cannot be known.
    if intake.awaits_continue && wire.read.is_empty() {
        return Rest::Lost;
    }
    if intake.decoder.remaining().is_some_and(|length| length > DISCARD_LIMIT) {
        return Rest::Lost;
    }
    match intake.decoder.discard_arrived(&mut wire.read) {
        Err(_) => Rest::Lost,
        Ok(_) if intake.decoder.is_done() => Rest::Nothing,
        Ok(_) => Rest::Small,
    }
}
