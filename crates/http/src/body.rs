//! Bodies on their way from one connection to another, whatever protocols the two speak.
//!
//! An engine that receives gives a [`Body`], an engine that sends reads it; neither knows the other. Nothing is queued in between: the sender
//! asks for the next part when the one before has left, so a slow receiver slows the sender, and both run in one task.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use thiserror::Error;

use crate::budget::{BUFFERS, UsedUp};

/// Room made at once for a collected body of announced length.
const FIRST_ROOM: u64 = 64 << 10;

/// A body ended before its end. The side it came from knows why; the other side can only break off as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Broken(pub &'static str);

/// Reads a body as it arrives.
pub trait ReadBody: Send {
    /// The next part, never empty; `None` at the end, and after it. After an error nothing more comes.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>>;

    /// Bytes still to come, `None` if only the end will tell. Exact: a body that differs is [`Broken`].
    fn remaining(&self) -> Option<u64>;

    /// Shows the trailer fields, names in lower case; after the end.
    fn visit_trailers(&self, visit: &mut dyn FnMut(&str, &[u8]));
}

/// A body to be read once. Dropping it early tells its sender that nobody wants the rest.
pub type Body = Box<dyn ReadBody>;

/// What a message to be sent carries.
pub enum Content {
    /// A complete body; an empty one is none.
    Whole(Bytes),
    /// A body that is still on its way.
    Stream(Body),
}

impl Content {
    /// Bytes of the body, as far as they are known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Content::Whole(bytes) => Some(bytes.len() as u64),
            Content::Stream(body) => body.remaining(),
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Content::Whole(Bytes::new())
    }
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Content::Whole(bytes)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Content::Whole(bytes) => f.debug_tuple("Whole").field(&bytes.len()).finish(),
            Content::Stream(body) => f.debug_tuple("Stream").field(&body.remaining()).finish(),
        }
    }
}

/// Why a body could not be collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CollectError<E = Broken> {
    /// It broke off.
    #[error("{0}")]
    Broken(E),
    /// It is larger than may be held.
    #[error("the body is larger than may be held")]
    TooLarge,
    /// The process holds as much of bodies as it may.
    #[error("no memory is left for the body")]
    NoRoom,
}

/// Reads a body to its end, at most `limit` bytes.
pub async fn collect(body: &mut Body, limit: Option<u64>) -> Result<Bytes, CollectError> {
    collect_parts(None, limit.unwrap_or(u64::MAX), |cx| body.poll_chunk(cx)).await
}

/// Collects what `poll_chunk` gives up to its end, at most `limit` bytes, in a buffer that nothing else shares. A body announced as larger is
/// not read at all.
pub(crate) async fn collect_parts<E>(
    announced: Option<u64>,
    limit: u64,
    mut poll_chunk: impl FnMut(&mut Context<'_>) -> Poll<Result<Option<Bytes>, E>>,
) -> Result<Bytes, CollectError<E>> {
    if announced.is_some_and(|length| length > limit) {
        return Err(CollectError::TooLarge);
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(FIRST_ROOM) as usize);
    let mut held = BUFFERS.hold();
    while let Some(chunk) = poll_fn(&mut poll_chunk).await.map_err(CollectError::Broken)? {
        let length = (body.len() + chunk.len()) as u64;
        if length > limit {
            return Err(CollectError::TooLarge);
        }
        held.grow_to(length).map_err(|UsedUp| CollectError::NoRoom)?;
        body.extend_from_slice(&chunk);
    }
    Ok(held.keep_for(body.freeze()))
}
