//! The life of a server connection: one request after the other, all in one task.
//!
//! Before an answer is complete the next head is not parsed (`proxy.md` 2.10). Every request that was well-formed goes to
//! the handler, every other one is refused here.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::answer::{Answer, AnswerFrame, Response, write_head};
use super::body::Pace;
use super::drain::{Drain, DrainWatch};
use super::request::{RequestMessage, RequestParser, RequestRules};
use super::request_body::{Intake, RequestBody};
use super::wire::{COPY_BODY, Wire, WireError};
use crate::error::{Refusal, RefusalReason};
use crate::limits::ServerLimits;
use crate::message::{Method, RequestHead, Version};
use crate::timeouts::{ServerTimeouts, after, earlier};

/// Bytes of an unread request body that are read and dropped to keep a connection (`proxy.md` 2.8).
const DISCARD_LIMIT: u64 = 64 << 10;
/// How long a closing connection waits for its client to stop sending (`proxy.md` 2.8).
const LINGER: Duration = Duration::from_secs(1);

/// Settings of server connections.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Limits of requests.
    pub limits: ServerLimits,
    /// Time-outs of connections.
    pub timeouts: ServerTimeouts,
    /// Is a client that ended its sending direction still there (`proxy.md` 1.6)?
    pub half_close: bool,
    /// The `server` field of own answers, empty for none.
    pub server_header: String,
    /// Names in lower case that a `Connection` field must not nominate, beside the fixed ones: the configured request-id and
    /// trace fields (`proxy.md` 2.1).
    pub protected_fields: Vec<String>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            limits: ServerLimits::default(),
            timeouts: ServerTimeouts::default(),
            half_close: false,
            server_header: "Tremor".to_owned(),
            protected_fields: Vec::new(),
        }
    }
}

/// Both ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The client's end.
    pub peer: SocketAddr,
    /// Our end.
    pub local: SocketAddr,
}

impl Addresses {
    /// The ends of a socket.
    pub fn of(stream: &TcpStream) -> io::Result<Addresses> {
        Ok(Addresses {
            peer: stream.peer_addr()?,
            local: stream.local_addr()?,
        })
    }
}

/// A request being handled.
#[derive(Debug)]
pub struct Request<'a> {
    /// The head.
    pub head: RequestHead,
    /// The body, not yet read.
    pub body: RequestBody<'a>,
    /// The connection's ends.
    pub addresses: Addresses,
    /// When the head was complete; deadlines count from here (`proxy.md` 1.6).
    pub received: Instant,
}

/// Handles the requests of connections.
pub trait Handler: Send + Sync {
    /// Answers one request. The connection waits; a client that goes meanwhile is noticed only by
    /// [`RequestBody::client_gone`].
    fn handle(&self, request: Request<'_>) -> impl Future<Output = Answer> + Send;

    /// Decides what a refused request gets (setting `answers`); the connection closes in any case. Called for every refusal,
    /// also for those a handler returned, so it is the place to count them.
    fn refuse(&self, refusal: &Refusal) -> Answer {
        Answer::Refuse(*refusal)
    }
}

/// Serves a connection until it ends. Errors of the connection end it; nobody is left to be told.
pub async fn serve<H: Handler>(stream: TcpStream, addresses: Addresses, config: &ServerConfig, drain: Drain, handler: &H) {
    // A socket that cannot be set so still works, only later.
    let _ = stream.set_nodelay(true);
    let mut connection = Connection {
        wire: Wire::new(stream),
        config,
        drain: DrainWatch::new(drain),
        end_of_life: after(spread(config.timeouts.connection_age, addresses.peer.port())),
        requests: 0,
    };
    loop {
        let message = match connection.next_request().await {
            Ok(message) => message,
            Err(End::Refused(refusal)) => return connection.refuse(&refusal, unknown_frame(), handler).await,
            Err(End::Closed) => return connection.wire.finish(LINGER).await,
            Err(End::Broken) => return,
        };
        if connection.exchange(message, addresses, handler).await == After::End {
            return;
        }
    }
}

/// The lifetime spread by ±10 %, so that connections opened together do not all end together. The client's port serves as
/// the source of chance.
fn spread(age: Option<Duration>, port: u16) -> Option<Duration> {
    age.map(|age| age.mul_f64(0.9 + f64::from(port % 101) * 0.002))
}

/// The frame of an answer to something that is no request.
fn unknown_frame() -> AnswerFrame {
    AnswerFrame::of(&Method::Get, Version::Http11)
}

struct Connection<'c> {
    wire: Wire,
    config: &'c ServerConfig,
    drain: DrainWatch,
    end_of_life: Option<Instant>,
    requests: u64,
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

#[derive(PartialEq, Eq)]
enum After {
    Continue,
    End,
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
    async fn next_request(&mut self) -> Result<RequestMessage, End> {
        let config = self.config;
        let rules = RequestRules {
            limits: &config.limits,
            protected: &config.protected_fields,
        };
        let mut parser = RequestParser::default();
        if self.wire.read.is_empty() {
            self.wire.shrink();
            self.wait_for_request().await?;
        }
        let mut deadline = None;
        loop {
            if let Some(message) = parser.advance(&mut self.wire.read, rules).map_err(End::Refused)? {
                self.requests += 1;
                return Ok(message);
            }
            let deadline = *deadline.get_or_insert_with(|| after(config.timeouts.head));
            match self.wire.fill(deadline).await {
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
    async fn wait_for_request(&mut self) -> Result<(), End> {
        let timeouts = &self.config.timeouts;
        let patience = if self.requests == 0 {
            timeouts.head
        } else {
            timeouts.keep_alive
        };
        let mut deadline = None;
        poll_fn(|cx| {
            match self.wire.poll_fill(cx) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(End::Closed)),
                Poll::Ready(Ok(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Err(_)) => return Poll::Ready(Err(End::Broken)),
                Poll::Pending => {}
            }
            if self.drain.poll(cx).is_ready() {
                return Poll::Ready(Err(End::Closed));
            }
            let deadline = *deadline.get_or_insert_with(|| earlier(after(patience), self.end_of_life));
            self.wire.poll_timer(cx, deadline).map(|()| Err(End::Closed))
        })
        .await
    }

    async fn exchange<H: Handler>(&mut self, message: RequestMessage, addresses: Addresses, handler: &H) -> After {
        let RequestMessage {
            head,
            framing,
            persistent,
            expects_continue,
        } = message;
        let mut frame = AnswerFrame::of(&head.method, head.version);
        let mut intake = Intake::new(framing, expects_continue, self.config);
        let config = self.config;
        if config
            .limits
            .body
            .is_some_and(|limit| intake.decoder.remaining().is_some_and(|length| length > limit))
        {
            let refusal = Refusal::new(RefusalReason::BodyTooLarge, "content-length above the limit");
            self.refuse(&refusal, frame, handler).await;
            return After::End;
        }
        let body = RequestBody {
            wire: &mut self.wire,
            intake: &mut intake,
            config,
        };
        let answer = handler
            .handle(Request {
                head,
                body,
                addresses,
                received: Instant::now(),
            })
            .await;
        let response = match answer {
            Answer::Respond(response) => response,
            Answer::Refuse(refusal) => {
                self.refuse(&refusal, frame, handler).await;
                return After::End;
            }
            Answer::Close => return After::End,
        };
        let rest = self.rest(&mut intake);
        frame.close =
            !persistent || rest == Rest::Lost || response.headers.wants_close() || response.status.is_interim() || self.is_last();
        if !self.send(&response, frame).await {
            return After::End;
        }
        if rest == Rest::Small && !frame.close && !self.discard(&mut intake).await {
            self.wire.linger(LINGER).await;
            return After::End;
        }
        if !frame.close {
            return After::Continue;
        }
        if rest == Rest::Nothing {
            self.wire.finish(LINGER).await;
        } else {
            self.wire.linger(LINGER).await;
        }
        After::End
    }

    fn is_last(&mut self) -> bool {
        let used_up = self
            .config
            .limits
            .requests_per_connection
            .is_some_and(|limit| self.requests >= limit);
        used_up || self.drain.has_started() || self.end_of_life.is_some_and(|end| Instant::now() >= end)
    }

    /// Drops what has already arrived of an unread body and says what is left.
    fn rest(&mut self, intake: &mut Intake) -> Rest {
        if intake.failed {
            return Rest::Lost;
        }
        if intake.decoder.is_done() {
            return Rest::Nothing;
        }
        // Whether a client that waits for `100 Continue` will still send its body cannot be known.
        if intake.awaits_continue && self.wire.read.is_empty() {
            return Rest::Lost;
        }
        if intake.decoder.remaining().is_some_and(|length| length > DISCARD_LIMIT) {
            return Rest::Lost;
        }
        match intake.decoder.discard_arrived(&mut self.wire.read) {
            Err(_) => Rest::Lost,
            Ok(_) if intake.decoder.is_done() => Rest::Nothing,
            Ok(_) => Rest::Small,
        }
    }

    /// Reads and drops the rest of a body; false if it is too long, too late or broken.
    async fn discard(&mut self, intake: &mut Intake) -> bool {
        let pace = Pace {
            idle: None,
            until: after(self.config.timeouts.body),
        };
        let mut dropped = 0;
        while dropped <= DISCARD_LIMIT {
            match intake.decoder.next_chunk(&mut self.wire, pace).await {
                Ok(None) => return true,
                Ok(Some(chunk)) => dropped += chunk.len() as u64,
                Err(_) => return false,
            }
        }
        false
    }

    async fn refuse<H: Handler>(&mut self, refusal: &Refusal, mut frame: AnswerFrame, handler: &H) {
        frame.close = true;
        let response = match handler.refuse(refusal) {
            Answer::Respond(response) => response,
            Answer::Refuse(refusal) => Response::refusal(&refusal, &self.config.server_header),
            Answer::Close => return,
        };
        if self.send(&response, frame).await {
            self.wire.linger(LINGER).await;
        }
    }

    /// Writes a response; false if that failed.
    async fn send(&mut self, response: &Response, frame: AnswerFrame) -> bool {
        let out = &mut self.wire.write;
        out.clear();
        write_head(out, response, frame);
        let body: &[u8] = if frame.carries_body(response.status) {
            &response.body
        } else {
            &[]
        };
        let sent = if body.len() <= COPY_BODY {
            out.extend_from_slice(body);
            self.wire.send(&[], self.config.timeouts.write).await
        } else {
            self.wire.send(body, self.config.timeouts.write).await
        };
        if matches!(sent, Err(WireError::Timeout)) {
            self.wire.reset_on_close();
        }
        sent.is_ok()
    }
}
