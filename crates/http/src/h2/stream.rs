//! One request and its answer: the life of a stream.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use ::h2::server::SendResponse;
use ::h2::{Reason, RecvStream};
use bytes::Bytes;

use super::answer;
use super::end::StreamEnd;
use super::request::{self, Fault, RequestMessage};
use super::request_body::{BodyReader, Channel, Place, pass_interim};
use super::sender::{SendError, Sender};
use crate::body::{Broken, Content};
use crate::connection::ConnectionInfo;
use crate::error::Refusal;
use crate::interim::Interim;
use crate::message::Status;
use crate::server::{Answer, Exchange, Finished, Handler, Request, RequestBody, Response, ServerConfig, Switch};
use crate::tunnel::join;

/// How a stream ended, as far as the connection is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Answered, or not worth an answer.
    Quietly,
    /// The client reset it before the answer began.
    ByReset,
    /// The answer asks for the end of the connection.
    WithClose,
}

/// What a request demands of its answer.
#[derive(Clone, Copy, Debug)]
struct Frame {
    is_head: bool,
    /// An answer of success would open a tunnel (RFC 9110 9.3.6).
    is_connect: bool,
}

impl Frame {
    fn of(method: &http::Method) -> Frame {
        Frame {
            is_head: *method == http::Method::HEAD,
            is_connect: *method == http::Method::CONNECT,
        }
    }

    /// Would a client take it for something else?
    fn forbids(self, status: Status) -> bool {
        status.is_interim() || self.is_connect && status.is_successful()
    }
}

/// What the streams of a connection share.
#[derive(Debug)]
pub(super) struct Streams<'c, H> {
    pub(super) info: &'c ConnectionInfo,
    pub(super) config: &'c ServerConfig,
    pub(super) handler: &'c H,
}

impl<H: Handler> Streams<'_, H> {
    /// Takes a request and answers it.
    pub(super) async fn serve(&self, request: http::Request<RecvStream>, mut respond: SendResponse<Bytes>) -> Ended {
        let (parts, recv) = request.into_parts();
        let frame = Frame::of(&parts.method);
        let message = match request::read(&parts, &self.config.limits, self.info.tls.is_some()) {
            Ok(message) => message,
            Err(fault) => {
                let mut exchange = self.exchange(H::Notes::default());
                match fault {
                    Fault::Malformed => respond.send_reset(Reason::PROTOCOL_ERROR),
                    Fault::Refused(refusal) => self.refuse(respond, &refusal, frame, &mut exchange).await,
                }
                exchange.end();
                return Ended::Quietly;
            }
        };
        drop(parts);
        let mut exchange = self.exchange(self.handler.begin(&message.head, self.info));
        let mut place = Place::Here(Channel::new(recv, respond, &message, self.config));
        let ended = self.run(message, &mut place, frame, &mut exchange).await;
        if let Some(received) = place.received() {
            exchange.finished.body_received = received;
        }
        let is_complete = exchange.finished.is_complete;
        exchange.end();
        // Ends the reading of whoever still has a share in it.
        if let Some(channel) = place.reclaim()
            && is_complete
            && ended == Ended::Quietly
        {
            channel.linger().await;
        }
        ended
    }

    fn exchange(&self, notes: H::Notes) -> Exchange<'_, H> {
        Exchange::of(self.handler, self.info, notes, Duration::ZERO)
    }

    async fn run(&self, message: RequestMessage, place: &mut Place, frame: Frame, exchange: &mut Exchange<'_, H>) -> Ended {
        let interim = self.config.early_hints.then(Arc::<Interim>::default);
        let answer = match self.config.limits.refusal_of_body(message.length) {
            Some(refusal) => Answer::Refuse(refusal),
            None => {
                let body = RequestBody::from(BodyReader {
                    place,
                    config: self.config,
                    interim: interim.clone(),
                });
                let request = Request {
                    head: message.head,
                    body,
                    connection: self.info,
                    received: exchange.finished.received,
                };
                self.handler.handle(request, &mut exchange.notes).await
            }
        };
        let Some(mut respond) = place.take_respond() else {
            return Ended::Quietly;
        };
        if is_reset(&mut respond) {
            return Ended::ByReset;
        }
        if let Some(interim) = interim {
            pass_interim(&mut respond, &interim.take());
        }
        self.answer(place, respond, answer, frame, exchange).await
    }

    async fn answer(
        &self,
        place: &mut Place,
        mut respond: SendResponse<Bytes>,
        answer: Answer,
        frame: Frame,
        exchange: &mut Exchange<'_, H>,
    ) -> Ended {
        match answer {
            Answer::Respond(response) => {
                let wants_close = response.headers.wants_close();
                self.send(respond, response, frame, &mut exchange.finished).await;
                if wants_close {
                    return Ended::WithClose;
                }
            }
            Answer::Refuse(refusal) => self.refuse(respond, &refusal, frame, exchange).await,
            Answer::Switch(switch) => self.switch(place, respond, *switch, &mut exchange.finished).await,
            Answer::Close => respond.send_reset(Reason::CANCEL),
        }
        Ended::Quietly
    }

    /// Refusals end their stream only: the others are in order.
    async fn refuse(&self, mut respond: SendResponse<Bytes>, refusal: &Refusal, frame: Frame, exchange: &mut Exchange<'_, H>) {
        let Some(response) = exchange.refuse(refusal, self.config) else {
            return respond.send_reset(Reason::CANCEL);
        };
        self.send(respond, response, frame, &mut exchange.finished).await;
    }

    /// Opens a tunnel and stays until it has ended.
    async fn switch(&self, place: &mut Place, mut respond: SendResponse<Bytes>, switch: Switch, finished: &mut Finished) {
        let Some(recv) = place.take_receiver() else {
            return respond.send_reset(Reason::CANCEL);
        };
        let Ok(send) = respond.send_response(answer::switch_head(switch.headers), false) else {
            return;
        };
        finished.status = Some(Status::OK);
        let Switch { tunnel, mut bounds, .. } = switch;
        let mut upstream = tunnel.end;
        let moved = join(&mut StreamEnd::new(send, recv, None), &mut *upstream, &mut bounds).await;
        finished.body_received = moved.up;
        finished.body_sent = moved.down;
        finished.is_complete = true;
    }

    /// Sends a response. What fails here ends the stream, and nobody is left to be told.
    async fn send(&self, mut respond: SendResponse<Bytes>, response: Response, frame: Frame, finished: &mut Finished) {
        let length = response.shown_length(response.body.length(), frame.is_head);
        let Response {
            status, headers, body, ..
        } = response;
        if frame.forbids(status) {
            return respond.send_reset(Reason::INTERNAL_ERROR);
        }
        let is_bare = frame.is_head || status.forbids_body() || matches!(&body, Content::Whole(bytes) if bytes.is_empty());
        let head = answer::head(status, headers, length);
        let Ok(stream) = respond.send_response(head, is_bare) else {
            return;
        };
        finished.status = Some(status);
        if is_bare {
            finished.is_complete = true;
            return;
        }
        let mut sender = Sender::new(stream, body, self.config.timeouts.write, Reason::INTERNAL_ERROR);
        let sent = poll_fn(|cx| sender.poll(cx)).await;
        finished.is_complete = sent.is_ok();
        finished.body_sent = sender.sent();
        if let Err(SendError::Body(Broken(detail))) = sent {
            tracing::debug!("a stream was reset for its answer broke off: {detail}");
        }
    }
}

/// Has the client reset the stream, or is the connection gone?
fn is_reset(respond: &mut SendResponse<Bytes>) -> bool {
    let mut cx = Context::from_waker(Waker::noop());
    respond.poll_reset(&mut cx).is_ready()
}
