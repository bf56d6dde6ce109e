//! Bodies of events that are still on their way, and may have to be sent again (spec/proxy.md 4.5, `body_limit`).
//!
//! Algorithm. The body of an event lies in a place that all copies of the event share; who sends it takes it out. Taken for an attempt that may
//! be repeated, it remembers what it gave, up to a limit. When the attempt is over, what was remembered and what was not read yet go back to the
//! place together, and the next attempt begins at the beginning. What is remembered is forgotten at once, and the place stays empty, as soon as the
//! body cannot be sent again: it has grown beyond the limit or is announced so, the process has no memory left for it, or nobody holds a copy
//! of the event any more, which is so once the request is answered.
//!
//! Ownership: the place, or the one body that was taken out of it, has the connection; never both.

use std::mem::take;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use parking_lot::Mutex;
use temblor_event::StreamPlace;

use crate::body::{Body, Broken, ReadBody};
use crate::budget::{BUFFERS, Budget, Held};

/// Longest part that is given of what was remembered.
const PART: usize = 64 << 10;

/// Where the body of an event lies until somebody takes it.
pub(super) struct BodyPlace {
    content: Mutex<Content>,
}

enum Content {
    /// Everything.
    Here(Source),
    /// It was taken, and comes back as long as it remembers everything.
    Away { remembers: bool },
}

/// A body from its beginning.
struct Source {
    /// Its length was announced. A body without length stays one when all of it was read, since fields may follow it.
    is_announced: bool,
    remembered: Memory,
    rest: Body,
}

/// The begin of a body.
struct Memory {
    bytes: Vec<u8>,
    held: Held,
}

impl BodyPlace {
    /// A place with a body of which nothing was read.
    pub(super) fn new(body: Body) -> Self {
        Self::within(body, &BUFFERS)
    }

    fn within(body: Body, budget: &'static Budget) -> Self {
        let remembered = Memory {
            bytes: Vec::new(),
            held: budget.hold(),
        };
        Self {
            content: Mutex::new(Content::Here(Source {
                is_announced: body.remaining().is_some(),
                remembered,
                rest: body,
            })),
        }
    }

    /// Takes the body for good; `None`: it is not here.
    pub(super) fn take(&self) -> Option<Body> {
        let source = self.take_source(false)?;
        if source.remembered.bytes.is_empty() {
            return Some(source.rest);
        }
        Some(Box::new(Replayed::new(source, Weak::new(), 0)))
    }

    /// Takes the body for an attempt that may be repeated; at most `limit` bytes are remembered.
    pub(super) fn take_to_repeat(self: &Arc<Self>, limit: u64) -> Option<Body> {
        let source = self.take_source(true)?;
        Some(Box::new(Replayed::new(source, Arc::downgrade(self), limit)))
    }

    fn take_source(&self, remembers: bool) -> Option<Source> {
        let mut content = self.content.lock();
        match std::mem::replace(&mut *content, Content::Away { remembers }) {
            Content::Here(source) => Some(source),
            away @ Content::Away { .. } => {
                *content = away;
                None
            }
        }
    }

    fn put(&self, content: Content) {
        let before = std::mem::replace(&mut *self.content.lock(), content);
        // Not under the lock: a body may have much to close.
        drop(before);
    }
}

impl StreamPlace for BodyPlace {
    fn is_whole(&self) -> bool {
        match *self.content.lock() {
            Content::Here(_) => true,
            Content::Away { remembers } => remembers,
        }
    }
}

/// A body that was taken out of its place.
struct Replayed {
    /// Where it comes back to.
    place: Weak<BodyPlace>,
    is_announced: bool,
    /// What was read; of no use any more once it cannot come back and was given again.
    memory: Option<Memory>,
    /// So much of that was given.
    given: usize,
    limit: u64,
    /// `None` while it goes back.
    rest: Option<Body>,
}

impl Replayed {
    fn new(source: Source, place: Weak<BodyPlace>, limit: u64) -> Self {
        Self {
            place,
            is_announced: source.is_announced,
            memory: Some(source.remembered),
            given: 0,
            limit,
            rest: Some(source.rest),
        }
    }

    /// The next part of what was remembered.
    fn remembered(&mut self) -> Option<Bytes> {
        let bytes = &self.memory.as_ref()?.bytes;
        let left = bytes.get(self.given..).filter(|left| !left.is_empty())?;
        let part = Bytes::copy_from_slice(left.get(..PART).unwrap_or(left));
        self.given += part.len();
        Some(part)
    }

    fn left_of_memory(&self) -> u64 {
        let length = self.memory.as_ref().map_or(0, |memory| memory.bytes.len());
        length.saturating_sub(self.given) as u64
    }

    /// Remembers a new part, or forgets everything. All that was remembered before was given.
    fn remember(&mut self, part: &[u8]) {
        let Some(memory) = &mut self.memory else { return };
        let announced = self.rest.as_ref().and_then(|rest| rest.remaining()).unwrap_or(0);
        let length = (memory.bytes.len() + part.len()) as u64;
        let is_within = length.saturating_add(announced) <= self.limit && self.place.strong_count() > 0;
        if is_within && memory.held.grow_to(length).is_ok() {
            memory.bytes.extend_from_slice(part);
            self.given = memory.bytes.len();
        } else {
            self.memory = None;
            self.given = 0;
            if let Some(place) = self.place.upgrade() {
                place.put(Content::Away { remembers: false });
            }
        }
    }
}

impl ReadBody for Replayed {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        if let Some(part) = self.remembered() {
            return Poll::Ready(Ok(Some(part)));
        }
        let Some(rest) = &mut self.rest else {
            return Poll::Ready(Ok(None));
        };
        let part = ready!(rest.poll_chunk(cx))?;
        if let Some(part) = &part {
            self.remember(part);
        }
        Poll::Ready(Ok(part))
    }

    fn remaining(&self) -> Option<u64> {
        let rest = self.rest.as_ref().filter(|_| self.is_announced)?.remaining()?;
        Some(rest.saturating_add(self.left_of_memory()))
    }

    fn visit_trailers(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        if let Some(rest) = &self.rest {
            rest.visit_trailers(visit);
        }
    }
}

impl Drop for Replayed {
    fn drop(&mut self) {
        if let Some(place) = self.place.upgrade()
            && let (Some(remembered), Some(rest)) = (take(&mut self.memory), take(&mut self.rest))
        {
            place.put(Content::Here(Source {
                is_announced: self.is_announced,
                remembered,
                rest,
            }));
        }
    }
}

#[cfg(test)]
mod tests;
