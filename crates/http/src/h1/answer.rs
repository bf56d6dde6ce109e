//! Answers of a server and how they are written.

use bytes::Bytes;

use super::date::write_date;
use crate::error::Refusal;
use crate::message::{Direction, HeaderBlock, Method, Name, Status, Version};

/// What a handler wants to be done for a request.
#[derive(Debug)]
pub enum Answer {
    /// This response.
    Respond(Response),
    /// The engine's own answer to a refused request (`proxy.md` 1.4, without event id), then close.
    Refuse(Refusal),
    /// No answer: close the connection.
    Close,
}

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Answer::Respond(response)
    }
}

/// A response to send. Framing, persistence and `date` are the engine's; nothing else is added.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status. After a status 1xx, which no client takes for a final one, the connection closes.
    pub status: Status,
    /// The fields, made for [`Direction::Response`].
    pub headers: HeaderBlock,
    /// The body. It is left out where the message cannot have one: 1xx, 204, 304, answers to HEAD.
    pub body: Bytes,
    /// The `content-length` of an answer to HEAD or a 304 whose body nobody touched (`proxy.md` 2.7).
    pub declared_length: Option<u64>,
}

impl Response {
    /// A response without fields and body.
    pub fn new(status: Status) -> Response {
        Response {
            status,
            headers: HeaderBlock::new(Direction::Response),
            body: Bytes::new(),
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
        response.body = Bytes::from(format!(r#"{{"error":"{text}","reason":"{reason}"}}"#));
        response
    }
}

/// What the request and the connection demand of an answer's head.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AnswerFrame {
    pub(crate) is_head: bool,
    pub(crate) version: Version,
    pub(crate) close: bool,
}

impl AnswerFrame {
    /// The frame for a request, as long as its connection goes on.
    pub(crate) fn of(method: &Method, version: Version) -> AnswerFrame {
        AnswerFrame {
            is_head: *method == Method::Head,
            version,
            close: false,
        }
    }

    /// May the answer have a body?
    pub(crate) fn carries_body(self, status: Status) -> bool {
        !self.is_head && !status.forbids_body()
    }
}

/// Appends the head of a response.
pub(crate) fn write_head(out: &mut Vec<u8>, response: &Response, frame: AnswerFrame) {
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(itoa::Buffer::new().format(response.status.code()).as_bytes());
    out.push(b' ');
    out.extend_from_slice(response.status.reason().as_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(response.headers.as_bytes());
    if let Some(length) = announced_length(response, frame) {
        out.extend_from_slice(b"content-length: ");
        out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
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

/// `proxy.md` 2.7, "Length".
fn announced_length(response: &Response, frame: AnswerFrame) -> Option<u64> {
    let own = Some(response.body.len() as u64);
    match response.status.code() {
        100..200 | 204 => None,
        304 => response.declared_length,
        _ if frame.is_head => response.declared_length.or(own),
        _ => own,
    }
}
