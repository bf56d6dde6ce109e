//! A stream as the end of a tunnel (RFC 8441): what goes through is DATA, at the pace that the receivers give room for. An orderly end of a
//! direction is `END_STREAM`; an end that goes before both directions have ended resets the stream: with `CANCEL`, or as the library does where
//! everything was sent (a server with `NO_ERROR`, behind what it has sent).
//!
//! A reset takes back what the library has not written yet. Whether it has is seen by a last, empty frame, whose payload is dropped then.

use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ::h2::{Reason, RecvStream, SendStream};
use bytes::Bytes;
use tokio::sync::oneshot;

use crate::tunnel::TunnelEnd;
use crate::upstream::Lease;

/// See the module's documentation.
pub(crate) struct StreamEnd {
    send: SendStream<Bytes>,
    recv: RecvStream,
    /// Given, and the other side has not got room for as much again.
    unreleased: usize,
    has_received_all: bool,
    has_sent_all: bool,
    /// Resolves when everything was written; `None`: the last frame was not queued yet.
    written: Option<oneshot::Receiver<()>>,
    /// The place among the streams of a connection to an upstream.
    _held: Option<Lease>,
}

/// The payload of the last frame: empty, and dropped when the frame was written, or never will be.
struct Mark {
    _written: oneshot::Sender<()>,
}

impl AsRef<[u8]> for Mark {
    fn as_ref(&self) -> &[u8] {
        &[]
    }
}

impl StreamEnd {
    /// A stream whose both directions are open, as far as the other side has not ended its own.
    pub(super) fn new(send: SendStream<Bytes>, recv: RecvStream, held: Option<Lease>) -> StreamEnd {
        StreamEnd {
            send,
            recv,
            unreleased: 0,
            has_received_all: false,
            has_sent_all: false,
            written: None,
            _held: held,
        }
    }

    /// Nothing but DATA belongs into a tunnel (RFC 9113 8.5).
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        if ready!(self.recv.poll_trailers(cx)).map_err(io::Error::other)?.is_some() {
            self.send.send_reset(Reason::PROTOCOL_ERROR);
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        self.has_received_all = true;
        Poll::Ready(Ok(Bytes::new()))
    }

    /// Queues the last frame.
    fn send_mark(&mut self, is_end: bool) -> Result<(), ::h2::Error> {
        let (sender, written) = oneshot::channel();
        self.send.send_data(Bytes::from_owner(Mark { _written: sender }), is_end)?;
        self.written = Some(written);
        Ok(())
    }

    fn poll_room(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<io::Result<usize>> {
        self.send.reserve_capacity(wanted);
        loop {
            let room = self.send.capacity();
            if room > 0 {
                return Poll::Ready(Ok(room));
            }
            match ready!(self.send.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            }
        }
    }
}

impl TunnelEnd for StreamEnd {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        // What was given is on its way now. The stream may have ended meanwhile; then there is nothing to give room for.
        let _ = self.recv.flow_control().release_capacity(mem::take(&mut self.unreleased));
        while !self.has_received_all {
            match ready!(self.recv.poll_data(cx)) {
                Some(Ok(chunk)) if chunk.is_empty() => {}
                Some(Ok(chunk)) => {
                    self.unreleased = chunk.len();
                    return Poll::Ready(Ok(chunk));
                }
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                None => return self.poll_end(cx),
            }
        }
        Poll::Ready(Ok(Bytes::new()))
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &Bytes) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            // Nothing is kept back here; but who waits for something to send must hear that nobody will take it.
            return match self.send.poll_reset(cx) {
                Poll::Ready(_) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                Poll::Pending => Poll::Ready(Ok(0)),
            };
        }
        let count = ready!(self.poll_room(cx, bytes.len()))?.min(bytes.len());
        let part = bytes.slice(..count);
        Poll::Ready(self.send.send_data(part, false).map(|()| count).map_err(io::Error::other))
    }

    fn poll_finish(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !mem::replace(&mut self.has_sent_all, true) {
            self.send_mark(true).map_err(io::Error::other)?;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_delivered(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.written.is_none() && self.send_mark(false).is_err() {
            // The stream has ended, and takes nothing more.
            return Poll::Ready(());
        }
        self.written
            .as_mut()
            .map_or(Poll::Ready(()), |written| Pin::new(written).poll(cx).map(drop))
    }
}

impl Drop for StreamEnd {
    fn drop(&mut self) {
        if !self.has_sent_all {
            self.send.send_reset(Reason::CANCEL);
        }
    }
}
