//! The client's side: connections that many requests share, and one request on a stream of such a connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use ::h2::ext::Protocol;
use ::h2::{Reason, RecvStream, SendStream};
use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use tokio::time::Instant;

use super::end::StreamEnd;
use super::fields::{self, Gatherer};
use super::reader::Reader;
use super::sender::{SendError, Sender};
use super::stream_body::StreamBody;
use crate::body::Content;
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::h1::{ContentLength, Pace, concerns_connection};
use crate::interim::{Interim, MAX_INTERIM};
use crate::limits::ClientLimits;
use crate::message::{Headers, Method, Name, ResponseHead, Status, Version};
use crate::timeouts::{after, earlier};
use crate::timer::Timer;
use crate::transport::Transport;
use crate::upstream::{Lease, OutgoingRequest};
use crate::websocket;

/// Bytes of one response's body that may be under way: what a slow reader makes us hold.
const STREAM_WINDOW: u32 = 128 << 10;
/// Bytes of the bodies of all responses on a connection that may be under way.
const CONNECTION_WINDOW: u32 = 128 * STREAM_WINDOW;
/// Streams on one connection: if nobody reads any of them but one, a fifth of the connection's window is left for that.
pub(crate) const MAX_STREAMS: usize = (CONNECTION_WINDOW / STREAM_WINDOW * 4 / 5) as usize;
/// Bytes of one request that wait to be written although the upstream has room for them.
const SEND_BUFFER: usize = 64 << 10;
/// What may stand in a target of HTTP/1.1 (`proxy.md` 2.1) and not in the library's paths.
const UNUSUAL: &AsciiSet = &CONTROLS.add(b'<').add(b'>').add(b'`');

/// A connection and the way to open streams on it. The connection moves only while it is polled.
pub(crate) type Shaken = (SendRequest<Bytes>, Connection<Transport, Bytes>);

/// Begins HTTP/2 on a connection, up to the upstream's settings: before these nobody knows how many streams it takes.
pub(crate) async fn handshake(transport: Transport, limits: &ClientLimits) -> Result<Shaken, ::h2::Error> {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .initial_max_send_streams(0)
        .max_header_list_size(limits.head as u32)
        .max_send_buffer_size(SEND_BUFFER);
    let (requests, mut connection) = builder.handshake(transport).await?;
    poll_fn(|cx| {
        if let Poll::Ready(ended) = Pin::new(&mut connection).poll(cx) {
            return Poll::Ready(ended.and(Err(Reason::NO_ERROR.into())));
        }
        if connection.max_concurrent_send_streams() > 0 {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    })
    .await?;
    Ok((requests, connection))
}

/// What bounds an exchange.
#[derive(Clone, Copy)]
pub(crate) struct Bounds<'a> {
    /// Between two steps of a body, and the end of all.
    pub(crate) pace: Pace,
    /// From the sent request to the response head.
    pub(crate) first_byte: Option<Duration>,
    pub(crate) limits: &'a ClientLimits,
    pub(crate) interim: Option<&'a Interim>,
}

/// A failed try on one stream.
pub(crate) struct Failure {
    pub(crate) error: UpstreamError,
    /// The connection has ended, or takes no new streams.
    pub(crate) is_lost: bool,
    /// Nothing of the request was sent, and nothing of it is lost.
    pub(crate) is_unsent: bool,
    /// Something of the body was lost with the stream.
    pub(crate) body_begun: bool,
}

impl Failure {
    /// May the request go once more over a fresh connection, if this one was used before (`proxy.md` 2.16)?
    pub(crate) fn is_repeatable(&self, method: &Method) -> bool {
        let is_unseen = !self.error.kind.sent() || method.is_idempotent();
        self.is_unsent || self.is_lost && is_unseen && !self.body_begun
    }

    fn unsent(error: UpstreamError, is_lost: bool) -> Failure {
        Failure {
            error,
            is_lost,
            is_unsent: is_lost,
            body_begun: false,
        }
    }
}

/// Why there is no response head.
struct NoHead {
    error: UpstreamError,
    is_lost: bool,
    /// Something of a response came.
    answered: bool,
}

impl From<UpstreamError> for NoHead {
    fn from(error: UpstreamError) -> Self {
        NoHead {
            error,
            is_lost: false,
            answered: false,
        }
    }
}

/// A response head, and what follows it.
pub(crate) struct Answered {
    pub(crate) head: ResponseHead,
    pub(crate) rest: Rest,
}

/// What follows a response head.
#[allow(clippy::large_enum_variant)] // the large one is the usual one, and moved once
pub(crate) enum Rest {
    Body(StreamBody),
    /// The switch of protocols that was asked for; the head is that of a response 101.
    Tunnel(StreamEnd),
}

/// A switch of protocols that is asked for by extended CONNECT (RFC 8441).
struct Asked {
    stream: SendStream<Bytes>,
    protocol: String,
    /// What a client of HTTP/1.1 has to be shown.
    accept: Option<String>,
}

/// Can a switch of protocols be asked for?
pub(crate) fn allows_switch(requests: &SendRequest<Bytes>) -> bool {
    requests.is_extended_connect_protocol_enabled()
}

/// Sends a request on a new stream and takes the response head. What the upstream has not taken by then is sent while the response is read.
/// Where the upstream allows no switch of protocols a request for one is an ordinary request.
/// `held` is given back when both are at their end.
pub(crate) async fn exchange(
    requests: &mut SendRequest<Bytes>,
    request: &mut OutgoingRequest,
    is_secure: bool,
    bounds: Bounds<'_>,
    held: Lease,
) -> Result<Answered, Failure> {
    let protocol = request
        .upgrade
        .as_ref()
        .map(|upgrade| upgrade.protocol.clone())
        .filter(|_| allows_switch(requests));
    let head = request_head(request, is_secure, protocol.as_deref());
    let head =
        head.ok_or_else(|| Failure::unsent(UpstreamError::new(UpstreamErrorKind::Build, "no valid host or target"), false))?;
    let is_bare = matches!(&request.body, Content::Whole(body) if body.is_empty());
    let opened = requests.send_request(head, is_bare && protocol.is_none());
    let (response, stream) = opened.map_err(|_| Failure::unsent(UpstreamError::lost(None), true))?;
    let has_stream = matches!(request.body, Content::Stream(_));
    let mut intake = Intake {
        response,
        sender: None,
        asked: None,
        bounds,
        interim_count: 0,
        timer: Timer::default(),
        first_byte_end: None,
    };
    if let Some(protocol) = protocol {
        intake.asked = Some(Asked {
            stream,
            protocol,
            accept: request.headers.find(websocket::KEY).map(websocket::accept_of),
        });
    } else if !is_bare {
        let body = std::mem::take(&mut request.body);
        if let Content::Whole(bytes) = &body {
            request.body = Content::Whole(bytes.clone());
        }
        intake.sender = Some(Sender::new(stream, body, bounds.pace.idle, Reason::CANCEL));
    }
    match poll_fn(|cx| intake.poll(cx)).await {
        Ok(response) => intake.answered(response, &request.method, held),
        Err(error) => Err(error),
    }
    .map_err(|ended| {
        let unread = intake.sender.take().and_then(Sender::into_unread);
        let body_begun = has_stream && unread.is_none();
        if let Some(body) = unread {
            request.body = Content::Stream(body);
        }
        Failure {
            error: ended.error,
            is_lost: ended.is_lost && !ended.answered,
            is_unsent: false,
            body_begun,
        }
    })
}

/// The head of a request (`proxy.md` 2.6), or of extended CONNECT for this protocol; `None`: it has none in HTTP/2.
fn request_head(request: &OutgoingRequest, is_secure: bool, protocol: Option<&str>) -> Option<Request<()>> {
    let mut fields = fields::map_of_lines(request.headers.as_bytes().to_vec());
    let host = fields.remove(http::header::HOST)?;
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if is_secure { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(Authority::try_from(host.as_bytes()).ok()?);
    parts.path_and_query = Some(path(&request.target)?);
    let mut head = Request::new(());
    if let Some(protocol) = protocol {
        fields.remove(websocket::KEY);
        *head.method_mut() = http::Method::CONNECT;
        head.extensions_mut().insert(Protocol::from(protocol));
    } else {
        announce(&mut fields, request);
        *head.method_mut() = http::Method::from_bytes(request.method.as_str().as_bytes()).ok()?;
    }
    *head.uri_mut() = Uri::from_parts(parts).ok()?;
    *head.version_mut() = http::Version::HTTP_2;
    *head.headers_mut() = fields;
    Some(head)
}

fn path(target: &str) -> Option<PathAndQuery> {
    PathAndQuery::try_from(target)
        .or_else(|_| PathAndQuery::try_from(utf8_percent_encode(target, UNUSUAL).to_string()))
        .ok()
}

fn announce(fields: &mut HeaderMap, request: &OutgoingRequest) {
    let length = match (&request.body, request.body.length()) {
        (Content::Whole(body), _) if body.is_empty() && !request.method.announces_empty_body() => None,
        (_, length) => length,
    };
    if let Some(length) = length {
        fields.insert(http::header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if request.takes_trailers {
        fields.insert(http::header::TE, HeaderValue::from_static("trailers"));
    }
}

/// Taking a final response head, beside the sending of the request.
struct Intake<'a> {
    response: ResponseFuture,
    sender: Option<Sender>,
    asked: Option<Asked>,
    bounds: Bounds<'a>,
    interim_count: usize,
    timer: Timer,
    first_byte_end: Option<Instant>,
}

impl Intake<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response<RecvStream>, NoHead>> {
        if let Some(sender) = &mut self.sender {
            match sender.poll(cx) {
                Poll::Pending => {}
                Poll::Ready(Err(SendError::Late)) => {
                    return Poll::Ready(Err(UpstreamError::timeout("request not taken in time").into()));
                }
                Poll::Ready(Err(SendError::Body(broken))) => return Poll::Ready(Err(UpstreamError::of_request(broken).into())),
                // An upstream that refuses a body early may answer all the same.
                Poll::Ready(Ok(()) | Err(SendError::Gone)) => self.sender = None,
            }
        }
        self.poll_interim(cx)?;
        if let Poll::Ready(response) = Pin::new(&mut self.response).poll(cx) {
            return Poll::Ready(response.map_err(|error| self.ended(&error)));
        }
        if self.sender.is_none() && self.first_byte_end.is_none() {
            self.first_byte_end = after(self.bounds.first_byte);
        }
        let end = earlier(self.first_byte_end, self.bounds.pace.until);
        ready!(self.timer.poll(cx, end));
        Poll::Ready(Err(UpstreamError::timeout("no response in time").into()))
    }

    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Result<(), NoHead> {
        while let Poll::Ready(Some(interim)) = self.response.poll_informational(cx) {
            let interim = interim.map_err(|error| self.ended(&error))?;
            self.interim_count += 1;
            let status = interim.status().as_u16();
            if self.interim_count > MAX_INTERIM || status == 101 {
                return Err(UpstreamError::protocol("unacceptable interim responses").into());
            }
            if let (Some(waiting), Some(status), true) = (self.bounds.interim, Status::new(status), status != 100) {
                waiting.send(ResponseHead {
                    status,
                    version: Version::Http2,
                    headers: headers(interim.headers()),
                });
            }
        }
        Ok(())
    }

    /// How the stream ended without a head.
    fn ended(&self, error: &::h2::Error) -> NoHead {
        NoHead {
            error: upstream_error(error),
            is_lost: !error.is_reset(),
            answered: self.interim_count > 0,
        }
    }

    fn answered(&mut self, response: Response<RecvStream>, method: &Method, held: Lease) -> Result<Answered, NoHead> {
        let (mut parts, recv) = response.into_parts();
        let limits = self.bounds.limits;
        if parts.headers.len() > limits.headers {
            return Err(UpstreamError::protocol("too many fields").into());
        }
        let status = Status::new(parts.status.as_u16()).filter(|status| !status.is_interim());
        let status = status.ok_or(UpstreamError::protocol("unacceptable status"))?;
        if let Some(mut asked) = self.asked.take() {
            if status.is_successful() {
                // Extended CONNECT knows no such field (RFC 8441 5.1); a client of HTTP/1.1 gets ours.
                parts.headers.remove(websocket::ACCEPT);
                return Ok(Answered {
                    head: asked.switch_head(&parts.headers),
                    rest: Rest::Tunnel(StreamEnd::new(asked.stream, recv, Some(held))),
                });
            }
            // The answer is all there will be; a stream that has ended meanwhile needs no end.
            let _ = asked.stream.send_data(Bytes::new(), true);
        }
        let mut length = ContentLength::default();
        for value in parts.headers.get_all(http::header::CONTENT_LENGTH) {
            length.add(value.as_bytes()).map_err(UpstreamError::protocol)?;
        }
        let has_body = *method != Method::Head && !status.forbids_body();
        let reader = Reader::new(recv, length.value().filter(|_| has_body), limits.trailers);
        Ok(Answered {
            head: ResponseHead {
                status,
                version: Version::Http2,
                headers: headers(&parts.headers),
            },
            rest: Rest::Body(StreamBody::new(reader, self.sender.take(), self.bounds.pace, held)),
        })
    }
}

impl Asked {
    /// The head of the response 101 that the upstream's consent is.
    fn switch_head(&self, given: &HeaderMap<HeaderValue>) -> ResponseHead {
        let mut gatherer = gather(given);
        gatherer.known(Name::Upgrade, self.protocol.as_bytes());
        if let Some(accept) = &self.accept {
            gatherer.field(websocket::ACCEPT, accept.as_bytes());
        }
        let (headers, _) = gatherer.finish();
        ResponseHead {
            status: Status::SWITCHING_PROTOCOLS,
            version: Version::Http2,
            headers,
        }
    }
}

/// The fields but for those that concern a connection.
fn headers(given: &HeaderMap<HeaderValue>) -> Headers {
    gather(given).finish().0
}

fn gather(given: &HeaderMap<HeaderValue>) -> Gatherer {
    let mut gatherer = Gatherer::with_capacity(fields::size(given), given.len());
    for (name, value) in given {
        let name = HeaderName::as_str(name);
        if !concerns_connection(Name::from_lower(name.as_bytes()), name) {
            gatherer.field(name, value.as_bytes());
        }
    }
    gatherer
}

/// How an exchange ended without a response head (`proxy.md` 2.15).
fn upstream_error(error: &::h2::Error) -> UpstreamError {
    let (kind, detail) = if error.is_library() {
        (UpstreamErrorKind::Protocol, "malformed response")
    } else if error.is_reset() && error.reason() == Some(Reason::REFUSED_STREAM) {
        (UpstreamErrorKind::Refused, "stream refused")
    } else if error.is_go_away() && error.is_remote() && error.reason() == Some(Reason::NO_ERROR) {
        (UpstreamErrorKind::Refused, "connection going away")
    } else if error.is_reset() {
        (UpstreamErrorKind::Reset, "stream reset before a response")
    } else {
        return UpstreamError::lost(None);
    };
    UpstreamError::new(kind, detail)
}
