//! Answers of a server and how they are written.

use bytes::Bytes;

use super::date::write_date;
use super::pump::SendFraming;
use crate::body::Content;
use crate::error::Refusal;
use crate::message::{Direction, HeaderBlock, Method, Name, ResponseHead, Status, Version};
use crate::tunnel::{Tunnel, TunnelBounds};

/// What a handler wants to be done for a request.
#[derive(Debug)]
pub enum Answer {
    /// This response.
    Respond(Response),
    /// The engine's own answer to a refused request (`proxy.md` 1.4, without event id), then close.
    Refuse(Refusal),
    /// The switch that the client asked for, and what lies behind it (`proxy.md` 2.9).
    Switch(Box<Switch>),
    /// No answer: close the connection.
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
    /// The fields of the response 101; `connection` and `upgrade` are the engine's.
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
    /// The status. After a status 1xx, which no client takes for a final one, the connection closes.
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

/// What the request and the connection demand of an answer's head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerFrame {
    pub(crate) is_head: bool,
    pub(crate) version: Version,
    pub(crate) close: bool,
    /// The client takes trailers (`proxy.md` 2.8).
    pub(crate) trailers: bool,
}

impl AnswerFrame {
    /// The frame for a request, as long as its connection goes on.
    pub(crate) fn of(method: &Method, version: Version) -> AnswerFrame {
        AnswerFrame {
            is_head: *method == Method::Head,
            version,
            close: false,
            trailers: false,
        }
    }

    /// May the answer have a body?
    pub(crate) fn carries_body(self, status: Status) -> bool {
        !self.is_head && !status.forbids_body()
    }
}

impl AnswerFrame {
    /// How the client finds the end of a body of that length, if it is known (`proxy.md` 2.7, "Length").
    pub(crate) fn framing(self, length: Option<u64>) -> SendFraming {
        match length {
            Some(length) => SendFraming::Length(length),
            None if self.version == Version::Http11 => SendFraming::Chunked { trailers: self.trailers },
            None => SendFraming::UntilClose,
        }
    }
}

/// Appends the head of a response whose body has that length, if it is known.
pub(crate) fn write_head(out: &mut Vec<u8>, response: &Response, length: Option<u64>, frame: AnswerFrame) {
    write_status(out, response.status);
    out.extend_from_slice(response.headers.as_bytes());
    write_framing(out, response, length, frame);
    if !response.headers.contains(Name::Date) {
        write_date(out);
    }
    if frame.close {
        out.extend_from_slice(b"connection: close\r\n");
    } else if frame.version == Version::Http10 {
        out.extend_from_slice(b"connection: keep-alive\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends the head of a response 101.
pub(crate) fn write_switch(out: &mut Vec<u8>, switch: &Switch) {
    write_status(out, Status::SWITCHING_PROTOCOLS);
    out.extend_from_slice(switch.headers.as_bytes());
    out.extend_from_slice(b"connection: upgrade\r\nupgrade: ");
    out.extend_from_slice(switch.protocol.as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
}

/// Appends an interim response as the upstream sent it.
pub(crate) fn write_interim(out: &mut Vec<u8>, head: &ResponseHead) {
    write_status(out, head.status);
    for field in head.headers.iter() {
        out.extend_from_slice(field.name().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(field.value());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

fn write_status(out: &mut Vec<u8>, status: Status) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(itoa::Buffer::new().format(status.code()).as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.reason().as_bytes());
    out.extend_from_slice(b"\r\n");
}

fn write_framing(out: &mut Vec<u8>, response: &Response, length: Option<u64>, frame: AnswerFrame) {
    let length = match response.status.code() {
        100..200 | 204 => None,
        304 => response.declared_length,
        _ if frame.is_head => response.declared_length.or(length),
        _ => match frame.framing(length) {
            SendFraming::Length(length) => Some(length),
            SendFraming::Chunked { .. } => {
                out.extend_from_slice(b"transfer-encoding: chunked\r\n");
                None
            }
            SendFraming::UntilClose => None,
        },
    };
    if let Some(length) = length {
        out.extend_from_slice(b"content-length: ");
        out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}
