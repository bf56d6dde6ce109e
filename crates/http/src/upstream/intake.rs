//! Taking a final response head over HTTP/1.1, beside the sending of the request.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use tokio::time::Instant;

use super::exchange::{Errand, OutgoingRequest};
use crate::error::UpstreamError;
use crate::h1::{Pump, PumpError, ResponseMessage, ResponseParser, Wire, WireError};
use crate::interim::{Interim, MAX_INTERIM};
use crate::limits::ClientLimits;
use crate::message::{Method, Name, ResponseHead, Status, has_option};
use crate::timeouts::{after, earlier};
use crate::websocket;

/// See the module's documentation.
pub(super) struct Intake<'a> {
    parser: ResponseParser,
    method: &'a Method,
    upgrade: Option<&'a str>,
    /// What the upstream has to answer to the handshake that was made here.
    accept: Option<String>,
    limits: &'a ClientLimits,
    interim: Option<&'a Interim>,
    interim_count: usize,
    answered: bool,
}

/// What happened while the request was being sent.
enum Event {
    Sent(Result<(), PumpError>),
    Arrived(io::Result<usize>),
    Late,
}

impl<'a> Intake<'a> {
    /// Nothing has arrived yet. `accept`: what the upstream has to answer to the handshake that was made here.
    pub(super) fn new(
        request: &'a OutgoingRequest,
        accept: Option<String>,
        limits: &'a ClientLimits,
        interim: Option<&'a Interim>,
    ) -> Self {
        Self {
            parser: ResponseParser::default(),
            method: &request.method,
            upgrade: request.upgrade.as_ref().map(|upgrade| upgrade.protocol.as_str()),
            accept,
            limits,
            interim,
            interim_count: 0,
            answered: false,
        }
    }

    /// Did anything of a response arrive?
    pub(super) fn has_answered(&self) -> bool {
        self.answered
    }

    /// The head, and whether the request was sent to its end before.
    pub(super) async fn run(
        &mut self,
        errand: &Errand<'_>,
        wire: &mut Wire,
        pump: &mut Pump,
    ) -> Result<(ResponseMessage, bool), UpstreamError> {
        loop {
            match poll_fn(|cx| poll_event(errand, wire, pump, cx)).await {
                Event::Sent(Ok(())) => break,
                Event::Sent(Err(PumpError::Late)) | Event::Late => {
                    return Err(UpstreamError::timeout("request not taken in time"));
                }
                Event::Sent(Err(PumpError::Body(broken))) => return Err(UpstreamError::of_request(broken)),
                // An upstream that refuses a body early may answer and close; the answer counts.
                Event::Sent(Err(PumpError::Lost(error))) | Event::Arrived(Err(error)) => {
                    return match self.receive(wire, errand.pace().deadline()).await {
                        Ok(message) => Ok((without_reuse(message), true)),
                        Err(_) => Err(UpstreamError::lost(Some(error))),
                    };
                }
                Event::Arrived(Ok(0)) => return Err(UpstreamError::lost(None)),
                Event::Arrived(Ok(_)) => {
                    if let Some(message) = self.take(wire)? {
                        return Ok((message, false));
                    }
                }
            }
        }
        let message = self
            .receive(wire, earlier(after(errand.terms.timeouts.first_byte), errand.end))
            .await?;
        Ok((message, true))
    }

    async fn receive(&mut self, wire: &mut Wire, deadline: Option<Instant>) -> Result<ResponseMessage, UpstreamError> {
        loop {
            match wire.fill(deadline).await {
                Ok(0) => return Err(UpstreamError::lost(None)),
                Ok(_) => {}
                Err(WireError::Timeout) => return Err(UpstreamError::timeout("no response in time")),
                Err(WireError::Io(error)) => return Err(UpstreamError::lost(Some(error))),
            }
            if let Some(message) = self.take(wire)? {
                return Ok(message);
            }
        }
    }

    /// Takes what has arrived; interim responses go their own way.
    fn take(&mut self, wire: &mut Wire) -> Result<Option<ResponseMessage>, UpstreamError> {
        self.answered = true;
        while let Some(mut message) = self
            .parser
            .advance(&mut wire.read, self.limits, self.method)
            .map_err(UpstreamError::protocol)?
        {
            let status = message.head.status;
            if !status.is_interim() {
                return Ok(Some(message));
            }
            if status == Status::SWITCHING_PROTOCOLS {
                self.check_switch(&mut message.head)?;
                return Ok(Some(message));
            }
            self.interim_count += 1;
            if self.interim_count > MAX_INTERIM {
                return Err(UpstreamError::protocol("too many interim responses"));
            }
            if status.code() != 100
                && let Some(interim) = self.interim
            {
                interim.send(message.head);
            }
            self.parser = ResponseParser::default();
        }
        Ok(None)
    }

    /// Is it the switch that was asked for? The answer to a handshake of our own is of no use to anybody else.
    fn check_switch(&self, head: &mut ResponseHead) -> Result<(), UpstreamError> {
        if !self.upgrade.is_some_and(|protocol| is_switch(head, protocol)) {
            return Err(UpstreamError::protocol("switch of protocols that was not asked for"));
        }
        if let Some(accept) = &self.accept {
            if head.headers.find(websocket::ACCEPT) != Some(accept.as_bytes()) {
                return Err(UpstreamError::protocol("wrong answer to the handshake of a WebSocket"));
            }
            head.headers.retain(|field| field.name() != websocket::ACCEPT);
        }
        Ok(())
    }
}

fn is_switch(head: &ResponseHead, protocol: &str) -> bool {
    head.headers
        .get_all(Name::Upgrade)
        .any(|value| has_option(value, protocol.as_bytes()))
}

/// Sends, and while the upstream does not take it or the body has nothing looks whether it answers.
fn poll_event(errand: &Errand<'_>, wire: &mut Wire, pump: &mut Pump, cx: &mut Context<'_>) -> Poll<Event> {
    if let Poll::Ready(sent) = pump.poll(wire, cx, errand.pace()) {
        return Poll::Ready(Event::Sent(sent));
    }
    if let Poll::Ready(arrived) = wire.poll_fill(cx) {
        return Poll::Ready(Event::Arrived(arrived));
    }
    wire.poll_timer(cx, errand.end).map(|()| Event::Late)
}

/// A connection that broke while the request was sent is of no further use.
fn without_reuse(message: ResponseMessage) -> ResponseMessage {
    ResponseMessage {
        persistent: false,
        ..message
    }
}
