//! What a handler gives for a request, whatever protocol its client speaks.

use bytes::Bytes;

use crate::body::Content;
use crate::error::Refusal;
use crate::message::{Direction, HeaderBlock, Status};
use crate::tunnel::{Tunnel, TunnelBounds};

/// What a handler wants to be done for a request.
#[derive(Debug)]
pub enum Answer {
    /// This response.
    Respond(Response),
    /// The engine's own answer to a refused request (`proxy.md` 1.4, without event id), then the end of the connection, over HTTP/2 of the
    /// stream.
    Refuse(Refusal),
    /// The switch that the client asked for, and what lies behind it (`proxy.md` 2.9).
    Switch(Box<Switch>),
    /// No answer: the connection closes, over HTTP/2 the stream is reset.
    Close,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Answer::Respond(response)
    }
}

/// An upgrade that the upstream has agreed to.
#[derive(Debug)]
pub struct Switch {
    /// The fields of the response 101 (over HTTP/2: 200); `connection` and `upgrade` are the engine's.
    pub headers: HeaderBlock,
    /// The protocol, as the `upgrade` field names it; a valid field value.
    pub protocol: String,
    /// The upstream's end.
    pub tunnel: Tunnel,
    /// What bounds the tunnel.
    pub bounds: TunnelBounds,
}

/// A response to send. Framing, persistence and `date` are the engine's; nothing else is added.
#[derive(Debug)]
pub struct Response {
    /// The status. After a status 1xx, which no client takes for a final one, the connection closes. A status 2xx would open a tunnel where
    /// extended CONNECT has asked for one; that stream is reset.
    pub status: Status,
    /// The fields, made for [`Direction::Response`].
    pub headers: HeaderBlock,
    /// The body. It is left out where the message cannot have one: 1xx, 204, 304, answers to HEAD.
    pub body: Content,
    /// The `content-length` of an answer to HEAD or a 304 whose body nobody touched (`proxy.md` 2.7).
    pub declared_length: Option<u64>,
}

impl Response {
    /// A response without fields and body.
    pub fn new(status: Status) -> Response {
        Response {
            status,
            headers: HeaderBlock::new(Direction::Response),
            body: Content::default(),
            declared_length: None,
        }
    }

    /// The `content-length` that the head announces for a body of that length (`proxy.md` 2.7, "Length").
    pub(crate) fn shown_length(&self, length: Option<u64>, is_head: bool) -> Option<u64> {
        match self.status.code() {
            100..200 | 204 => None,
            304 => self.declared_length,
            _ if is_head => self.declared_length.or(length),
            _ => length,
        }
    }

    /// The engine's own answer to a refused request. An empty server text sends no `server` field.
    pub fn refusal(refusal: &Refusal, server: &str) -> Response {
        let mut response = Response::new(refusal.reason.status());
        let fields = [
            ("server", server),
            ("content-type", "application/json"),
            ("connection", "close"),
        ];
        for (name, value) in fields {
            if !value.is_empty() {
                // A server text that cannot be sent is left out; the configuration has refused it before.
                let _ = response.headers.push(name, value.as_bytes());
            }
        }
        let (text, reason) = (refusal.reason.text(), refusal.reason.name());
        response.body = Bytes::from(format!(r#"{{"error":"{text}","reason":"{reason}"}}"#)).into();
        response
    }
}
