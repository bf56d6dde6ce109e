//! The body of a response that is passed on while it arrives (spec/proxy.md 2.15, last paragraph).

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use temblor_event::Outcome;

use super::sink::RestSink;
use super::slots::Slot;
use crate::body::{Broken, ReadBody};
use crate::upstream::UpstreamBody;

/// See the module's documentation. The slot is given back at the end of the body.
pub(super) struct ResponseStream {
    body: UpstreamBody,
    slot: Option<Slot>,
    sink: Arc<RestSink>,
}

impl ResponseStream {
    /// A body that holds its request's slot.
    pub(super) fn new(body: UpstreamBody, slot: Slot, sink: Arc<RestSink>) -> Self {
        Self {
            body,
            slot: Some(slot),
            sink,
        }
    }
}

impl ReadBody for ResponseStream {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        let chunk = ready!(self.body.poll_chunk(cx));
        if !matches!(chunk, Ok(Some(_))) {
            self.slot = None;
        }
        if let Err(Broken(detail)) = chunk {
            self.sink.metrics.outcome(Outcome::Truncated);
            let (url, outcome) = (&self.sink.url, Outcome::Truncated.name());
            tracing::info!(target: "tremor_runtime::offramp", outcome, "[Sink::{url}] a response broke off on its way: {detail}");
        }
        Poll::Ready(chunk)
    }

    fn remaining(&self) -> Option<u64> {
        self.body.remaining()
    }

    fn visit_trailers(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        self.body.visit_trailers(visit);
    }
}
