//! A header of either version, from bytes.

use std::net::SocketAddr;

use bytes::Bytes;
use thiserror::Error;

use super::{v1, v2};

/// What a header said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The addresses; `None`: those of the socket are the real ones.
    pub stated: Option<Stated>,
    /// `AUTHORITY` of version 2, in lower case: the server name that the client asked the proxy for.
    pub authority: Option<Box<str>>,
    /// `UNIQUE_ID` of version 2, at most 128 bytes.
    pub unique_id: Option<Bytes>,
}

/// Both ends of the connection that the proxy took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Where it came from.
    pub source: SocketAddr,
    /// Where it went to.
    pub destination: SocketAddr,
}

/// The bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct HeaderError(pub(super) &'static str);

/// How far a header has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// All bytes belong to a header, and more are to come.
    Incomplete,
    /// A header of this many bytes; what follows is the connection's own.
    Complete(Header, usize),
}

/// Reads a header from the first bytes of a connection.
pub fn parse(bytes: &[u8]) -> Result<Parsed, HeaderError> {
    match bytes.first() {
        None => Ok(Parsed::Incomplete),
        Some(b'P') => v1::parse(bytes),
        Some(_) => v2::parse(bytes),
    }
}

/// Do the bytes begin with the text, as far as they go?
pub(super) fn begins(bytes: &[u8], text: &[u8]) -> bool {
    let shared = bytes.len().min(text.len());
    bytes[..shared] == text[..shared]
}
