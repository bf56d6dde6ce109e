//! One request to an upstream and its response head.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::body::UpstreamBody;
use super::connect::ConnectTime;
use super::connection::Connection;
use super::course::{Course, Way};
use super::intake::Intake;
use super::shared::Shared;
use super::wire_body::{Home, WireBody};
use super::{Endpoint, Proxy, Upstream};
use crate::body::{CollectError, Content, collect};
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::h1::{COPY_BODY, Decoder, Pace, Pump, ResponseMessage, SendFraming};
use crate::interim::Interim;
use crate::message::{HeaderBlock, Method, ResponseHead, Status, Version};
use crate::timeouts::{AttemptTimeouts, after, by, earlier};
use crate::tls::Alpn;
use crate::transport::Transport;
use crate::tunnel::TunnelEnd;
use crate::websocket;

/// A request to send.
#[derive(Debug)]
pub struct OutgoingRequest {
    /// The method.
    pub method: Method,
    /// Path and query, or `*`; bytes 0x21–0x7E only.
    pub target: String,
    /// The fields, `host` among them, made for [`crate::message::Direction::Request`]. Framing is added.
    pub headers: HeaderBlock,
    /// The body. A stream is taken out when its reading begins.
    pub body: Content,
    /// Trailers of the response are wanted (`proxy.md` 2.6, step 3).
    pub takes_trailers: bool,
    /// The switch of protocols that is asked for (`proxy.md` 2.9). Such a request has no body, and over HTTP/1.1 a fresh connection.
    pub upgrade: Option<Upgrade>,
}

/// A switch of protocols to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The protocol; a valid field value.
    pub protocol: String,
    /// The client knows nothing of the handshake of HTTP/1.1, so where the upstream wants one it is made and checked here.
    pub lacks_handshake: bool,
}

/// What bounds an exchange and what it may do beside it.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// Time-outs.
    pub timeouts: &'a AttemptTimeouts,
    /// Where interim responses go; `None`: they are dropped.
    pub interim: Option<&'a Interim>,
    /// Largest body that is held because the upstream cannot take it piece by piece; `None`: no limit.
    pub buffer: Option<u64>,
    /// Where the way of the exchange is noted, if anybody asks for it.
    pub course: Option<&'a Course>,
    /// Called before anything of the request is sent.
    pub before_sending: &'a (dyn Fn() + Send + Sync),
}

impl<'a> Terms<'a> {
    /// Time-outs and nothing else.
    pub fn only(timeouts: &'a AttemptTimeouts) -> Self {
        Self {
            timeouts,
            interim: None,
            buffer: None,
            course: None,
            before_sending: &|| {},
        }
    }

    /// Notes how far the exchange has come.
    pub(super) fn note(&self, way: Way) {
        if let Some(course) = self.course {
            course.note(way);
        }
    }
}

/// A response whose body is still to be read.
pub struct UpstreamResponse {
    /// The head.
    pub head: ResponseHead,
    /// The body.
    pub body: UpstreamBody,
    /// What a response 101 has opened.
    pub tunnel: Option<Box<dyn TunnelEnd>>,
    /// Was the connection used before?
    pub reused: bool,
}

impl fmt::Debug for UpstreamResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamResponse")
            .field("head", &self.head)
            .field("is_tunnel", &self.tunnel.is_some())
            .field("reused", &self.reused)
            .finish_non_exhaustive()
    }
}

/// Where an exchange goes, on what terms, and when it has to be over.
pub(super) struct Errand<'a> {
    pub(super) shard: usize,
    pub(super) endpoint: &'a Endpoint,
    pub(super) terms: Terms<'a>,
    pub(super) end: Option<Instant>,
}

impl<'a> Errand<'a> {
    /// An exchange that begins now.
    pub(super) fn new(shard: usize, endpoint: &'a Endpoint, terms: Terms<'a>) -> Self {
        Self {
            shard,
            endpoint,
            terms,
            end: earlier(after(terms.timeouts.total), terms.timeouts.deadline),
        }
    }

    pub(super) fn pace(&self) -> Pace {
        Pace {
            idle: self.terms.timeouts.idle,
            until: self.end,
        }
    }

    pub(super) fn connect_time(&self) -> ConnectTime {
        ConnectTime {
            each: self.terms.timeouts.connect,
            end: self.end,
        }
    }
}

/// A response head, and what of the request is still being sent.
struct Answered {
    message: ResponseMessage,
    sending: Option<Pump>,
}

/// A failed try on one connection.
struct Failure {
    error: UpstreamError,
    /// Did anything of a response arrive?
    answered: bool,
    /// Was anything of the request written?
    written: bool,
    /// Was anything of the body lost with the connection?
    body_begun: bool,
}

impl Failure {
    /// May the request go once more over a fresh connection, if this one was reused (`proxy.md` 2.16)?
    fn is_repeatable(&self, method: &Method) -> bool {
        self.error.kind == UpstreamErrorKind::Reset
            && !self.answered
            && !self.body_begun
            && (method.is_idempotent() || !self.written)
    }
}

impl Upstream {
    /// Sends a request over an idle connection of the shard (usually the worker's number), or a new one, and takes the
    /// response head. A reused connection that turns out to be dead is replaced once where that is safe. An upstream may answer before it
    /// has taken the whole request: then the rest is sent while the response body is read.
    pub async fn exchange(
        &self,
        shard: usize,
        endpoint: &Endpoint,
        request: &mut OutgoingRequest,
        terms: Terms<'_>,
    ) -> Result<UpstreamResponse, UpstreamError> {
        let errand = &Errand::new(shard, endpoint, terms);
        if self.may_share(endpoint) {
            // Boxed: its state would make every exchange larger.
            let shared = Box::pin(self.exchange_shared(errand, request));
            match shared.await? {
                Shared::Answered(response) => return Ok(*response),
                Shared::Http1(transport) => return Box::pin(self.exchange_on(errand, request, transport)).await,
                Shared::Known => {}
            }
        }
        let idle = if request.upgrade.is_none() {
            self.pool.check_out(shard, endpoint)
        } else {
            None
        };
        if let Some(mut connection) = idle {
            self.meters.reuse();
            terms.note(Way {
                address: connection.peer,
                version: Some(Version::Http11),
                // A connection that was opened in advance may be new.
                is_reused: connection.requests > 0,
                ..Way::default()
            });
            match self.attempt(errand, &mut connection, request).await {
                Ok(answered) => return Ok(self.respond(errand, connection, answered, true)),
                Err(failure) if failure.is_repeatable(&request.method) => {}
                Err(failure) => return Err(failure.error),
            }
        }
        // Boxed: connecting is rare, and its state would make every exchange larger.
        let transport = Box::pin(self.connect(errand, request.upgrade.is_some(), &[Alpn::Http11])).await?;
        Box::pin(self.exchange_on(errand, request, transport)).await
    }

    /// A new connection, with the offer of these protocols; `is_tunnel` as for [`Connector::connect`].
    ///
    /// [`Connector::connect`]: super::connect::Connector::connect
    pub(super) async fn connect(&self, errand: &Errand<'_>, is_tunnel: bool, alpn: &[Alpn]) -> Result<Transport, UpstreamError> {
        let begun = Instant::now();
        let connected = self
            .connector
            .connect(errand.endpoint, is_tunnel, alpn, errand.connect_time())
            .await;
        let connecting = begun.elapsed();
        let (address, version) = match &connected {
            Ok(transport) if self.speaks_http2(transport) => (transport.peer(), Some(Version::Http2)),
            Ok(transport) => (transport.peer(), Some(Version::Http11)),
            Err(_) => (None, None),
        };
        errand.terms.note(Way {
            address,
            version,
            is_reused: false,
            connecting,
        });
        let transport = connected?;
        self.meters.connected(connecting);
        Ok(transport)
    }

    /// Sends a request over a new connection.
    async fn exchange_on(
        &self,
        errand: &Errand<'_>,
        request: &mut OutgoingRequest,
        transport: Transport,
    ) -> Result<UpstreamResponse, UpstreamError> {
        let mut connection = Box::new(Connection::new(
            transport,
            errand.endpoint.clone(),
            request.upgrade.is_some(),
            self.meters.open(),
        ));
        match self.attempt(errand, &mut connection, request).await {
            Ok(answered) => Ok(self.respond(errand, connection, answered, false)),
            Err(failure) => Err(failure.error),
        }
    }

    async fn attempt(
        &self,
        errand: &Errand<'_>,
        connection: &mut Connection,
        request: &mut OutgoingRequest,
    ) -> Result<Answered, Failure> {
        let terms = &errand.terms;
        connection.requests += 1;
        if connection.speaks_1_0 && request.body.length().is_none() {
            let collected = collect_first(&mut request.body, terms.buffer, errand.end).await;
            collected.map_err(|error| Failure {
                error,
                answered: false,
                written: false,
                body_begun: true,
            })?;
        }
        (terms.before_sending)();
        let handshake = Handshake::of(request).map_err(|error| Failure {
            error,
            answered: false,
            written: false,
            body_begun: false,
        })?;
        let mut head = std::mem::take(&mut connection.wire.write);
        head.clear();
        write_request_line(&mut head, request, connection);
        write_request_fields(&mut head, request, handshake.as_ref());
        let wire = &mut connection.wire;
        wire.write = head;
        let mut pump = start_body(&mut wire.write, &mut request.body);
        let accept = handshake.map(|handshake| handshake.accept);
        let mut intake = Intake::new(request, accept, &self.limits, terms.interim);
        let result = intake.run(errand, wire, &mut pump).await;
        let answered = intake.has_answered();
        match result {
            Ok((message, is_sent)) => {
                connection.speaks_1_0 = message.head.version == Version::Http10;
                Ok(Answered {
                    message,
                    sending: (!is_sent).then_some(pump),
                })
            }
            Err(error) => {
                let written = pump.has_written();
                let had_stream = pump.had_body();
                let unread = pump.into_unread();
                let body_begun = had_stream && unread.is_none();
                if let Some(body) = unread {
                    request.body = Content::Stream(body);
                }
                Err(Failure {
                    error,
                    answered,
                    written,
                    body_begun,
                })
            }
        }
    }

    fn respond(
        &self,
        errand: &Errand<'_>,
        mut connection: Box<Connection>,
        answered: Answered,
        reused: bool,
    ) -> UpstreamResponse {
        let Answered { message, sending } = answered;
        connection.idle_hint = message.idle_hint;
        let decoder = Decoder::new(message.framing, self.limits.trailers);
        let home = Home {
            pool: Arc::clone(&self.pool),
            shard: errand.shard,
        };
        if message.head.status == Status::SWITCHING_PROTOCOLS {
            return UpstreamResponse {
                head: message.head,
                body: UpstreamBody::nothing(),
                tunnel: Some(Box::new(connection.wire)),
                reused,
            };
        }
        UpstreamResponse {
            head: message.head,
            body: WireBody::new(home, connection, decoder, errand.pace(), message.persistent, sending).into(),
            tunnel: None,
            reused,
        }
    }
}

/// What a WebSocket is opened with, in the place of a client that does not know of it.
struct Handshake {
    /// `None`: the request brings one.
    key: Option<String>,
    accept: String,
}

impl Handshake {
    /// The handshake that the upstream has to be asked for, and its answer kept back.
    fn of(request: &OutgoingRequest) -> Result<Option<Handshake>, UpstreamError> {
        let is_wanted = |upgrade: &Upgrade| upgrade.lacks_handshake && upgrade.protocol == websocket::PROTOCOL;
        if !request.upgrade.as_ref().is_some_and(is_wanted) {
            return Ok(None);
        }
        if let Some(key) = request.headers.find(websocket::KEY) {
            let accept = websocket::accept_of(key);
            return Ok(Some(Handshake { key: None, accept }));
        }
        let key = websocket::new_key();
        let key = key.ok_or_else(|| UpstreamError::new(UpstreamErrorKind::Build, "no random numbers for a key"))?;
        let accept = websocket::accept_of(key.as_bytes());
        Ok(Some(Handshake { key: Some(key), accept }))
    }
}

/// Reads a whole body, for an upstream that must be told its length in advance (`proxy.md` 2.6, step 7).
async fn collect_first(content: &mut Content, limit: Option<u64>, deadline: Option<Instant>) -> Result<(), UpstreamError> {
    let Content::Stream(mut body) = std::mem::take(content) else {
        return Ok(());
    };
    let collected = by(deadline, collect(&mut body, limit)).await;
    let collected = collected.ok_or_else(|| UpstreamError::timeout("request body not there in time"))?;
    *content = Content::Whole(collected.map_err(|error| match error {
        CollectError::Broken(broken) => UpstreamError::of_request(broken),
        CollectError::NoRoom => UpstreamError::new(UpstreamErrorKind::TooLarge, "no memory is left for the request body"),
        CollectError::TooLarge => UpstreamError::new(UpstreamErrorKind::TooLarge, "request body above the limit"),
    })?);
    Ok(())
}

/// Puts the body behind the head, or makes it follow.
fn start_body(out: &mut Vec<u8>, content: &mut Content) -> Pump {
    if let Content::Whole(body) = content {
        if body.len() > COPY_BODY {
            return Pump::of_bytes(body.clone());
        }
        out.extend_from_slice(body);
        return Pump::of_bytes(Bytes::new());
    }
    match std::mem::take(content) {
        Content::Stream(body) => {
            let framing = match body.remaining() {
                Some(length) => SendFraming::Length(length),
                None => SendFraming::Chunked { trailers: true },
            };
            Pump::new(framing, body)
        }
        Content::Whole(body) => Pump::of_bytes(body),
    }
}

/// The first line. A proxy that reads it is told whom it is for, and who asks (RFC 9112 3.2.2, RFC 9110 11.7.2).
fn write_request_line(out: &mut Vec<u8>, request: &OutgoingRequest, connection: &Connection) {
    out.extend_from_slice(request.method.as_str().as_bytes());
    out.push(b' ');
    let proxy = connection.reader();
    if proxy.is_some() {
        out.extend_from_slice(b"http://");
        out.extend_from_slice(connection.endpoint.authority().as_bytes());
    }
    // What is for the upstream as a whole has no path there (RFC 9112 3.2.4).
    if proxy.is_none() || request.target != "*" {
        out.extend_from_slice(request.target.as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    if let Some(authorization) = proxy.and_then(Proxy::authorization) {
        out.extend_from_slice(b"proxy-authorization: ");
        out.extend_from_slice(authorization.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// `proxy.md` 2.6, steps 3, 7 and 8.
fn write_request_fields(out: &mut Vec<u8>, request: &OutgoingRequest, handshake: Option<&Handshake>) {
    out.extend_from_slice(request.headers.as_bytes());
    match (request.body.length(), &request.body) {
        (Some(0), Content::Whole(_)) if !request.method.announces_empty_body() => {}
        (Some(length), _) => {
            out.extend_from_slice(b"content-length: ");
            out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        (None, _) => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
    }
    if let Some(key) = handshake.and_then(|handshake| handshake.key.as_ref()) {
        out.extend_from_slice(websocket::KEY.as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if let Some(upgrade) = &request.upgrade {
        out.extend_from_slice(b"connection: upgrade\r\nupgrade: ");
        out.extend_from_slice(upgrade.protocol.as_bytes());
        out.extend_from_slice(b"\r\n");
    } else if request.takes_trailers {
        out.extend_from_slice(b"te: trailers\r\nconnection: te\r\n");
    }
    out.extend_from_slice(b"\r\n");
}
