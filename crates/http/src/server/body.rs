//! The body of the request being handled, and the way to notice that its client has gone.

use std::sync::Arc;

use bytes::Bytes;

use crate::body::Body;
use crate::error::BodyError;
use crate::interim::Interim;
use crate::message::Headers;
use crate::{h1, h2};

/// See the module's documentation.
#[derive(Debug)]
pub struct RequestBody<'a>(Protocol<'a>);

#[derive(Debug)]
enum Protocol<'a> {
    Http1(h1::BodyReader<'a>),
    Http2(h2::BodyReader<'a>),
}

impl<'a> From<h1::BodyReader<'a>> for RequestBody<'a> {
    fn from(reader: h1::BodyReader<'a>) -> Self {
        RequestBody(Protocol::Http1(reader))
    }
}

impl<'a> From<h2::BodyReader<'a>> for RequestBody<'a> {
    fn from(reader: h2::BodyReader<'a>) -> Self {
        RequestBody(Protocol::Http2(reader))
    }
}

/// The same call for every protocol.
macro_rules! each {
    ($body:expr, $reader:ident => $call:expr) => {
        match $body {
            Protocol::Http1($reader) => $call,
            Protocol::Http2($reader) => $call,
        }
    };
}

impl RequestBody<'_> {
    /// Bytes still to come, `None` if only the end will tell, 0 for a request without body.
    pub fn remaining(&mut self) -> Option<u64> {
        each!(&mut self.0, reader => reader.remaining())
    }

    /// Trailer fields (`proxy.md` 2.8), after the end of the body. Those that must not be trailers are missing.
    pub fn trailers(&mut self) -> Headers {
        each!(&mut self.0, reader => reader.trailers())
    }

    /// Reads the rest of the body, at most `limit` bytes, into a buffer that nothing else shares. The client is told to
    /// continue if it waits for that. After an error nothing more can be read.
    pub async fn collect(&mut self, limit: Option<u64>) -> Result<Bytes, BodyError> {
        each!(&mut self.0, reader => reader.collect(limit).await)
    }

    /// Reads the next part of the body as it arrives; `None` at the end. The client is told to continue if it waits for
    /// that. After an error nothing more can be read.
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        each!(&mut self.0, reader => reader.next_chunk().await)
    }

    /// The whole body, if it is of announced length and has arrived with the head.
    pub fn take_arrived(&mut self) -> Option<Bytes> {
        each!(&mut self.0, reader => reader.take_arrived())
    }

    /// Gives the body to whoever reads it from now on. The client is told to continue, if it waits for that, when the first part is asked
    /// for. Once only; later the body is empty.
    pub fn lend(&mut self) -> Body {
        each!(&mut self.0, reader => reader.lend())
    }

    /// Why the reading of a lent body failed, if it did.
    pub fn failure(&mut self) -> Option<BodyError> {
        each!(&mut self.0, reader => reader.failure())
    }

    /// Where interim responses for the client can be left; they are sent while [`RequestBody::client_gone`] waits. `None`: the client cannot
    /// take any.
    pub fn interim(&self) -> Option<Arc<Interim>> {
        each!(&self.0, reader => reader.interim())
    }

    /// Resolves when the client has gone (`proxy.md` 1.6): it reset the connection or the stream, or closed the connection; over HTTP/1.1,
    /// unless `half_close` is set, also when it only ended its sending direction. Meant to be selected against the handler's work; dropping
    /// it loses nothing.
    pub async fn client_gone(&mut self) {
        each!(&mut self.0, reader => reader.client_gone().await);
    }
}
