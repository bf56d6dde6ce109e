//! One request to an upstream and its response head.

use std::io;

use bytes::Bytes;
use tokio::time::Instant;

use super::body::{Home, UpstreamBody};
use super::connection::Connection;
use super::{Endpoint, Upstream};
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::h1::{COPY_BODY, Decoder, Outgoing, Pace, ResponseMessage, ResponseParser, SendEnd, Wire, WireError};
use crate::limits::ClientLimits;
use crate::message::{HeaderBlock, Method, ResponseHead};
use crate::timeouts::{AttemptTimeouts, after, earlier};
use crate::transport::Transport;

/// Interim responses taken before one final response (`proxy.md` 2.1).
const MAX_INTERIM: usize = 16;

/// A request to send, its body complete.
#[derive(Clone, Debug)]
pub struct OutgoingRequest {
    /// The method.
    pub method: Method,
    /// Path and query, or `*`; bytes 0x21–0x7E only.
    pub target: String,
    /// The fields, `host` among them, made for [`crate::message::Direction::Request`]. Framing is added.
    pub headers: HeaderBlock,
    /// The body; an empty one is none.
    pub body: Bytes,
}

/// A response whose body is still to be read.
#[derive(Debug)]
pub struct UpstreamResponse<'a> {
    /// The head.
    pub head: ResponseHead,
    /// The body.
    pub body: UpstreamBody<'a>,
    /// Was the connection used before?
    pub reused: bool,
}

/// When an attempt has to be where.
#[derive(Clone, Copy)]
struct Schedule<'a> {
    timeouts: &'a AttemptTimeouts,
    end: Option<Instant>,
}

/// A failed try on one connection.
struct Failure {
    error: UpstreamError,
    /// Did anything of a response arrive?
    answered: bool,
    /// Was anything of the request written?
    written: bool,
}

impl Failure {
    /// May the request go once more over a fresh connection, if this one was reused (`proxy.md` 2.16)?
    fn is_repeatable(&self, method: &Method) -> bool {
        self.error.kind == UpstreamErrorKind::Reset && !self.answered && (method.is_idempotent() || !self.written)
    }
}

impl Upstream {
    /// Sends a request over an idle connection of the shard (usually the worker's number), or a new one, and takes the
    /// response head. A reused connection that turns out to be dead is replaced once where that is safe.
    pub async fn exchange(
        &self,
        shard: usize,
        endpoint: &Endpoint,
        request: &OutgoingRequest,
        timeouts: &AttemptTimeouts,
    ) -> Result<UpstreamResponse<'_>, UpstreamError> {
        let schedule = Schedule {
            timeouts,
            end: earlier(after(timeouts.total), timeouts.deadline),
        };
        let home = Home { pool: &self.pool, shard };
        if let Some(mut connection) = self.pool.check_out(shard, endpoint) {
            match self.attempt(&mut connection, request, schedule).await {
                Ok(message) => return Ok(respond(home, connection, message, schedule, &self.limits, true)),
                Err(failure) if failure.is_repeatable(&request.method) => {}
                Err(failure) => return Err(failure.error),
            }
        }
        // Boxed: connecting is rare, and its state would make every exchange larger.
        let transport = Box::pin(self.connect(endpoint, schedule)).await?;
        let mut connection = Box::new(Connection::new(transport, endpoint.clone()));
        match self.attempt(&mut connection, request, schedule).await {
            Ok(message) => Ok(respond(home, connection, message, schedule, &self.limits, false)),
            Err(failure) => Err(failure.error),
        }
    }

    async fn connect(&self, endpoint: &Endpoint, schedule: Schedule<'_>) -> Result<Transport, UpstreamError> {
        let own_deadline = after(schedule.timeouts.connect);
        let result = self.connector.connect(endpoint, earlier(own_deadline, schedule.end)).await;
        let is_overall = schedule.end.is_some_and(|end| own_deadline.is_none_or(|own| end < own));
        result.map_err(|error| match error.kind {
            UpstreamErrorKind::ConnectTimeout if is_overall => timeout("no connection before the end of the attempt"),
            _ => error,
        })
    }

    async fn attempt(
        &self,
        connection: &mut Connection,
        request: &OutgoingRequest,
        schedule: Schedule<'_>,
    ) -> Result<ResponseMessage, Failure> {
        connection.requests += 1;
        let wire = &mut connection.wire;
        wire.write.clear();
        write_request_head(&mut wire.write, request);
        let mut body: &[u8] = &request.body;
        if body.len() <= COPY_BODY {
            wire.write.extend_from_slice(body);
            body = &[];
        }
        let mut out = Outgoing { body, written: 0 };
        let mut intake = Intake {
            parser: ResponseParser::default(),
            method: &request.method,
            limits: &self.limits,
            interim: 0,
            answered: false,
        };
        let result = intake.run(wire, &mut out, schedule).await;
        result.map_err(|error| Failure {
            error,
            answered: intake.answered,
            written: out.written > 0,
        })
    }
}

fn respond<'a>(
    home: Home<'a>,
    mut connection: Box<Connection>,
    message: ResponseMessage,
    schedule: Schedule<'_>,
    limits: &ClientLimits,
    reused: bool,
) -> UpstreamResponse<'a> {
    connection.idle_hint = message.idle_hint;
    let decoder = Decoder::new(message.framing, limits.trailers);
    let pace = Pace {
        idle: schedule.timeouts.idle,
        until: schedule.end,
    };
    let body = UpstreamBody::new(home, connection, decoder, pace, message.persistent);
    UpstreamResponse {
        head: message.head,
        body,
        reused,
    }
}

/// `proxy.md` 2.6 step 7 and 8: a known length, nothing else.
fn write_request_head(out: &mut Vec<u8>, request: &OutgoingRequest) {
    out.extend_from_slice(request.method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(request.target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    out.extend_from_slice(request.headers.as_bytes());
    if !request.body.is_empty() || request.method.announces_empty_body() {
        out.extend_from_slice(b"content-length: ");
        out.extend_from_slice(itoa::Buffer::new().format(request.body.len()).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// Taking a final response head, beside the sending of the request.
struct Intake<'a> {
    parser: ResponseParser,
    method: &'a Method,
    limits: &'a ClientLimits,
    interim: usize,
    answered: bool,
}

impl Intake<'_> {
    async fn run(
        &mut self,
        wire: &mut Wire,
        out: &mut Outgoing<'_>,
        schedule: Schedule<'_>,
    ) -> Result<ResponseMessage, UpstreamError> {
        let pace = Pace {
            idle: schedule.timeouts.idle,
            until: schedule.end,
        };
        loop {
            match wire.send_watching(out, pace).await {
                Ok(SendEnd::Sent) => break,
                Ok(SendEnd::Interrupted(0)) => return Err(reset(None)),
                Ok(SendEnd::Interrupted(_)) => {
                    if let Some(message) = self.take(wire)? {
                        return Ok(without_reuse(message));
                    }
                }
                Err(WireError::Timeout) => return Err(timeout("request not taken in time")),
                // An upstream that refuses a body early may answer and close; the answer counts.
                Err(WireError::Io(error)) => {
                    return match self.receive(wire, pace.deadline()).await {
                        Ok(message) => Ok(without_reuse(message)),
                        Err(_) => Err(reset(Some(error))),
                    };
                }
            }
        }
        self.receive(wire, earlier(after(schedule.timeouts.first_byte), schedule.end))
            .await
    }

    async fn receive(&mut self, wire: &mut Wire, deadline: Option<Instant>) -> Result<ResponseMessage, UpstreamError> {
        loop {
            match wire.fill(deadline).await {
                Ok(0) => return Err(reset(None)),
                Ok(_) => {}
                Err(WireError::Timeout) => return Err(timeout("no response in time")),
                Err(WireError::Io(error)) => return Err(reset(Some(error))),
            }
            if let Some(message) = self.take(wire)? {
                return Ok(message);
            }
        }
    }

    /// Takes what has arrived; interim responses are passed over.
    fn take(&mut self, wire: &mut Wire) -> Result<Option<ResponseMessage>, UpstreamError> {
        self.answered = true;
        let violation = |detail| UpstreamError::new(UpstreamErrorKind::Protocol, detail);
        while let Some(message) = self
            .parser
            .advance(&mut wire.read, self.limits, self.method)
            .map_err(violation)?
        {
            let status = message.head.status;
            if !status.is_interim() {
                return Ok(Some(message));
            }
            if status.code() == 101 {
                return Err(violation("switch of protocols that was not asked for"));
            }
            self.interim += 1;
            if self.interim > MAX_INTERIM {
                return Err(violation("too many interim responses"));
            }
            self.parser = ResponseParser::default();
        }
        Ok(None)
    }
}

/// A response that came before the request was sent leaves the connection in the middle of a message.
fn without_reuse(message: ResponseMessage) -> ResponseMessage {
    ResponseMessage {
        persistent: false,
        ..message
    }
}

fn timeout(detail: &'static str) -> UpstreamError {
    UpstreamError::new(UpstreamErrorKind::Timeout, detail)
}

fn reset(source: Option<io::Error>) -> UpstreamError {
    UpstreamError {
        kind: UpstreamErrorKind::Reset,
        detail: "connection lost before a response",
        source,
    }
}
