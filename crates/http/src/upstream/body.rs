//! The body of a response from an upstream.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::wire_body::WireBody;
use crate::body::{Broken, ReadBody};
use crate::error::UpstreamError;
use crate::h2::StreamBody;
use crate::message::Headers;

/// A response body on its connection. At its end the connection is free for other requests; a body dropped earlier closes it, or over HTTP/2
/// resets its stream. As long as the upstream still takes the request, reading the response also sends that.
pub struct UpstreamBody(Protocol);

enum Protocol {
    Http1(WireBody),
    Http2(StreamBody),
    /// There is none, and no connection.
    Nothing(Headers),
}

impl From<WireBody> for UpstreamBody {
    fn from(body: WireBody) -> Self {
        UpstreamBody(Protocol::Http1(body))
    }
}

impl From<StreamBody> for UpstreamBody {
    fn from(body: StreamBody) -> Self {
        UpstreamBody(Protocol::Http2(body))
    }
}

impl UpstreamBody {
    /// The body of a response that has none and whose connection is no longer there.
    pub(super) fn nothing() -> UpstreamBody {
        UpstreamBody(Protocol::Nothing(Headers::default()))
    }

    /// Trailer fields, after the end of the body.
    pub fn trailers(&self) -> &Headers {
        match &self.0 {
            Protocol::Http1(body) => body.trailers(),
            Protocol::Http2(body) => body.trailers(),
            Protocol::Nothing(none) => none,
        }
    }

    /// From now on only the time between two reads is limited (`proxy.md` 2.3, `total`).
    pub fn without_end(&mut self) {
        match &mut self.0 {
            Protocol::Http1(body) => body.without_end(),
            Protocol::Http2(body) => body.without_end(),
            Protocol::Nothing(_) => {}
        }
    }

    /// The whole body, if it has arrived with the head and nothing follows it.
    pub fn take_arrived(&mut self) -> Option<Bytes> {
        match &mut self.0 {
            Protocol::Http1(body) => body.take_arrived(),
            Protocol::Http2(body) => body.take_arrived(),
            Protocol::Nothing(_) => Some(Bytes::new()),
        }
    }

    /// Reads the rest of the body, at most `limit` bytes, into a buffer that nothing else shares.
    pub async fn collect(&mut self, limit: Option<u64>) -> Result<Bytes, UpstreamError> {
        match &mut self.0 {
            Protocol::Http1(body) => body.collect(limit).await,
            Protocol::Http2(body) => body.collect(limit).await,
            Protocol::Nothing(_) => Ok(Bytes::new()),
        }
    }

    /// Reads the next part of the body as it arrives; `None` at the end.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, UpstreamError> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, UpstreamError>> {
        match &mut self.0 {
            Protocol::Http1(body) => body.poll_next(cx),
            Protocol::Http2(body) => body.poll_next(cx),
            Protocol::Nothing(_) => Poll::Ready(Ok(None)),
        }
    }
}

impl ReadBody for UpstreamBody {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        self.poll_next(cx).map_err(|error| Broken(error.detail))
    }

    fn remaining(&self) -> Option<u64> {
        match &self.0 {
            Protocol::Http1(body) => body.remaining(),
            Protocol::Http2(body) => body.remaining(),
            Protocol::Nothing(_) => Some(0),
        }
    }

    fn visit_trailers(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        for field in self.trailers().iter() {
            visit(field.name(), field.value());
        }
    }
}
