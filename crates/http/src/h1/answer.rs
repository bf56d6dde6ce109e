//! How answers are written.

use super::pump::SendFraming;
use crate::date::write_date;
use crate::message::{Method, Name, ResponseHead, Status, Version};
use crate::server::{Response, Switch};

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
    if let Some(length) = response.shown_length(length, frame.is_head) {
        write_length(out, length);
    } else if frame.carries_body(response.status) && matches!(frame.framing(length), SendFraming::Chunked { .. }) {
        out.extend_from_slice(b"transfer-encoding: chunked\r\n");
    }
}

/// Appends the line `content-length: …`.
pub(crate) fn write_length(out: &mut Vec<u8>, length: u64) {
    out.extend_from_slice(b"content-length: ");
    out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
    out.extend_from_slice(b"\r\n");
}
