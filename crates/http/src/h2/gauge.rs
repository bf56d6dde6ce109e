//! The transport under the library, which owns it: what is seen there of a connection's health reaches the server's loop by a [`Gauge`].

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::frames::FrameCounter;
use crate::timeouts::after;
use crate::timer::Timer;
use crate::transport::Transport;

/// How long a closing connection waits for the other side to stop sending (`proxy.md` 2.8).
const LINGER: Duration = Duration::from_secs(1);
/// Room for bytes that are read and dropped.
const DROPPED: usize = 4 << 10;

/// What is seen of a connection. Only its own task touches it, so the order of the accesses is that of the program.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    /// Bytes that the system has taken.
    sent: AtomicU64,
    is_blocked: AtomicBool,
    is_abused: AtomicBool,
}

impl Gauge {
    /// Bytes sent, if the other side takes none for the moment.
    pub(super) fn blocked_at(&self) -> Option<u64> {
        let is_blocked = self.is_blocked.load(Ordering::Relaxed);
        is_blocked.then(|| self.sent.load(Ordering::Relaxed))
    }

    /// Has the other side sent more control frames than anybody needs?
    pub(super) fn is_abused(&self) -> bool {
        self.is_abused.load(Ordering::Relaxed)
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Gauged {
    transport: Transport,
    /// What was read before.
    arrived: Bytes,
    frames: FrameCounter,
    gauge: Arc<Gauge>,
    /// Bytes written.
    written: u64,
    farewell: Timer,
    farewell_end: Option<Instant>,
}

impl Gauged {
    /// A connection of which something may have been read already. `frames`: what counts the frames that arrive.
    pub(super) fn new(transport: Transport, arrived: Bytes, frames: FrameCounter, gauge: Arc<Gauge>) -> Gauged {
        Gauged {
            transport,
            arrived,
            frames,
            gauge,
            written: 0,
            farewell: Timer::default(),
            farewell_end: None,
        }
    }

    fn poll_some(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.arrived.is_empty() {
            return Pin::new(&mut self.transport).poll_read(cx, buffer);
        }
        let count = self.arrived.len().min(buffer.remaining());
        buffer.put_slice(self.arrived.get(..count).unwrap_or_default());
        self.arrived.advance(count);
        Poll::Ready(Ok(()))
    }

    fn note_written(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(count)) = &written {
            self.written += *count as u64;
        }
        self.note(written)
    }

    /// Notes whether a step that writes, flushes or shuts down waits for the other side, and how far it has come. TLS takes what the system
    /// does not take yet, so only its own count tells what the other side has taken.
    fn note<T>(&self, step: Poll<T>) -> Poll<T> {
        let sent = match &self.transport {
            Transport::Plain(_) => self.written,
            Transport::Tls(_) => self.transport.sent(),
        };
        self.gauge.sent.store(sent, Ordering::Relaxed);
        self.gauge.is_blocked.store(step.is_pending(), Ordering::Relaxed);
        step
    }

    /// Waits until the other side has stopped sending: a socket closed before that is reset, and what it sent last is lost.
    fn poll_farewell(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; DROPPED];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.transport).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        self.farewell.poll(cx, self.farewell_end)
    }
}

impl AsyncRead for Gauged {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let gauged = self.get_mut();
        let before = buffer.filled().len();
        ready!(gauged.poll_some(cx, buffer))?;
        let arrived = buffer.filled().get(before..).unwrap_or_default();
        if gauged.frames.take(arrived).is_err() {
            gauged.gauge.is_abused.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Gauged {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let gauged = self.get_mut();
        let written = Pin::new(&mut gauged.transport).poll_write(cx, bytes);
        gauged.note_written(written)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let gauged = self.get_mut();
        let written = Pin::new(&mut gauged.transport).poll_write_vectored(cx, parts);
        gauged.note_written(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gauged = self.get_mut();
        let flushed = Pin::new(&mut gauged.transport).poll_flush(cx);
        gauged.note(flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gauged = self.get_mut();
        if gauged.farewell_end.is_none() {
            let shut = Pin::new(&mut gauged.transport).poll_shutdown(cx);
            ready!(gauged.note(shut))?;
            gauged.farewell_end = after(Some(LINGER));
        }
        gauged.poll_farewell(cx).map(Ok)
    }
}
