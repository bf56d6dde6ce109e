//! Where the connection or the stream of a request lies while its body is read.
//!
//! A handler that reads does so in place. A body that is passed on is lent: it lies in a place that the engine and the reader of the body
//! share, and both take their steps there one after the other, in one task. When the engine takes it back, a reader that is left over finds
//! nothing and knows that its client is gone.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

use super::ServerConfig;
use crate::body::{Body, Broken, ReadBody};
use crate::error::BodyError;
use crate::message::Headers;

/// What bounds the reading of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyRules {
    /// Between two reads.
    pub(crate) idle: Option<Duration>,
    /// Bytes of the whole body.
    pub(crate) limit: Option<u64>,
}

impl BodyRules {
    pub(crate) fn of(config: &ServerConfig) -> BodyRules {
        BodyRules {
            idle: config.timeouts.body,
            limit: config.limits.body,
        }
    }
}

/// A connection or a stream with the request whose body is read from it.
pub(crate) trait Channel: Send + 'static {
    /// See [`ReadBody::poll_chunk`].
    fn poll_chunk(&mut self, cx: &mut Context<'_>, rules: BodyRules) -> Poll<Result<Option<Bytes>, BodyError>>;

    /// See [`ReadBody::remaining`].
    fn remaining(&self) -> Option<u64>;

    /// Trailer fields, after the end.
    fn trailers(&self) -> &Headers;
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) enum Place<C> {
    /// With the engine.
    Here(C),
    /// Shared with the reader of the body.
    Lent(Arc<Mutex<Option<C>>>),
}

impl<C> Place<C> {
    /// A place without channel.
    pub(crate) fn nowhere() -> Self {
        Place::Lent(Arc::default())
    }

    /// Takes a step with the channel, wherever it is; `None`: it is nowhere.
    pub(crate) fn channel<R>(&mut self, call: impl FnOnce(&mut C) -> R) -> Option<R> {
        match self {
            Place::Here(channel) => Some(call(channel)),
            Place::Lent(shared) => shared.lock().as_mut().map(call),
        }
    }

    /// Takes the channel back from whoever still has a share in it.
    pub(crate) fn reclaim(self) -> Option<C> {
        match self {
            Place::Here(channel) => Some(channel),
            Place::Lent(shared) => shared.lock().take(),
        }
    }
}

impl<C: Channel> Place<C> {
    /// Lends the channel to whoever reads the body. Once only; later the body is empty.
    pub(crate) fn lend(&mut self, rules: BodyRules) -> Body {
        let shared = match &*self {
            Place::Here(_) => Arc::new(Mutex::new(None)),
            Place::Lent(shared) => Arc::clone(shared),
        };
        if let Place::Here(channel) = std::mem::replace(self, Place::Lent(Arc::clone(&shared))) {
            *shared.lock() = Some(channel);
        }
        Box::new(LentBody { shared, rules })
    }
}

/// A body that is read over a lent channel.
struct LentBody<C> {
    shared: Arc<Mutex<Option<C>>>,
    rules: BodyRules,
}

impl<C: Channel> ReadBody for LentBody<C> {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        let mut shared = self.shared.lock();
        let Some(channel) = shared.as_mut() else {
            return Poll::Ready(Err(Broken("the client is gone")));
        };
        channel
            .poll_chunk(cx, self.rules)
            .map_err(|_| Broken("the request's body broke off"))
    }

    fn remaining(&self) -> Option<u64> {
        self.shared.lock().as_ref().and_then(Channel::remaining)
    }

    fn visit_trailers(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        let shared = self.shared.lock();
        for field in shared.iter().flat_map(|channel| channel.trailers().iter()) {
            visit(field.name(), field.value());
        }
    }
}
