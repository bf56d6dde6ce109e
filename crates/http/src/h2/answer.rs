//! Heads of answers.

use http::{Response as Head, StatusCode};

use super::fields;
use crate::date::write_date;
use crate::h1::write_length;
use crate::message::{HeaderBlock, Name, Status};
use crate::websocket;

/// The head of a final response. What concerns a connection the block has left out already.
pub(super) fn head(status: Status, headers: HeaderBlock, length: Option<u64>) -> Head<()> {
    let has_date = headers.contains(Name::Date);
    let mut text = headers.into_text();
    if let Some(length) = length {
        write_length(&mut text, length);
    }
    if !has_date {
        write_date(&mut text);
    }
    let mut head = Head::new(());
    // Every status is one of the library's, whose range is ours.
    *head.status_mut() = StatusCode::from_u16(status.code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    *head.headers_mut() = fields::map_of_lines(text);
    head
}

/// The head that opens a tunnel (RFC 8441 5): what belongs to the handshake of HTTP/1.1 is left out.
pub(super) fn switch_head(headers: HeaderBlock) -> Head<()> {
    let mut head = head(Status::OK, headers, None);
    head.headers_mut().remove(websocket::ACCEPT);
    head
}
