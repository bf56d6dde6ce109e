//! A connection's transport with its buffers and timer: one read and one write per message in the common case.
//!
//! Knows no HTTP. A read is tried before it is waited for, and the runtime's cached readiness saves the read that would
//! only say "nothing there".

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::time::Instant;

use crate::timeouts::after;
use crate::timer::Timer;
use crate::transport::Transport;

/// First size of the read buffer.
const READ_SIZE: usize = 8 << 10;
/// Largest room made for one read.
const MAX_READ_SIZE: usize = 64 << 10;
/// Memory for writing that a connection without work keeps.
const KEPT_WRITE: usize = 2 << 10;
/// Least room a read is started with.
const MIN_ROOM: usize = 2 << 10;
/// Bodies up to this size are copied behind their head, so that they leave in one plain write.
pub(crate) const COPY_BODY: usize = 16 << 10;

/// Why waiting for the socket failed.
#[derive(Debug)]
pub(crate) enum WireError {
    /// The deadline passed.
    Timeout,
    /// The connection broke.
    Io(io::Error),
}

impl From<io::Error> for WireError {
    fn from(error: io::Error) -> Self {
        WireError::Io(error)
    }
}

/// Transport, buffers and timer.
#[derive(Debug)]
pub(crate) struct Wire {
    transport: Transport,
    timer: Timer,
    read_size: usize,
    /// Bytes received and not yet taken.
    pub(crate) read: BytesMut,
    /// The head being sent, possibly with its body.
    pub(crate) write: Vec<u8>,
}

/// What is still to be written: the write buffer from a position on, then the body.
pub(crate) struct Outgoing<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) written: usize,
}

impl Wire {
    pub(crate) fn new(transport: Transport) -> Wire {
        Wire {
            transport,
            timer: Timer::default(),
            read_size: READ_SIZE,
            read: BytesMut::new(),
            write: Vec::new(),
        }
    }

    /// Is there neither input nor an end of the stream? Never blocks.
    pub(crate) fn is_quiet(&mut self) -> bool {
        self.read.is_empty() && self.transport.is_quiet()
    }

    pub(crate) fn poll_timer(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        self.timer.poll(cx, deadline)
    }

    /// Gives memory back that one large message needed.
    pub(crate) fn shrink(&mut self) {
        if self.read.is_empty() && self.read_size > READ_SIZE {
            self.read = BytesMut::new();
            self.read_size = READ_SIZE;
        }
        if self.write.capacity() > 2 * COPY_BODY {
            self.write = Vec::new();
        }
    }

    /// Gives all memory back that is not in use; for connections that have nothing to do.
    pub(crate) fn rest(&mut self) {
        if self.read.is_empty() {
            self.read = BytesMut::new();
        }
        if self.write.capacity() > KEPT_WRITE {
            self.write = Vec::new();
        }
    }

    /// Reads into the read buffer; 0 bytes are the end of the stream.
    pub(crate) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.read.capacity() - self.read.len() < MIN_ROOM {
            self.read.reserve(self.read_size);
        }
        let room = self.read.capacity() - self.read.len();
        let count = ready!(pin!(self.transport.read_buf(&mut self.read)).poll(cx))?;
        if count == room {
            self.read_size = (self.read_size * 2).min(MAX_READ_SIZE);
        }
        Poll::Ready(Ok(count))
    }

    /// Reads into the read buffer before the deadline; 0 bytes are the end of the stream.
    pub(crate) async fn fill(&mut self, deadline: Option<Instant>) -> Result<usize, WireError> {
        poll_fn(|cx| match self.poll_fill(cx) {
            Poll::Ready(result) => Poll::Ready(result.map_err(WireError::Io)),
            Poll::Pending => self.timer.poll(cx, deadline).map(|()| Err(WireError::Timeout)),
        })
        .await
    }

    /// Reads at most `limit` bytes into a buffer that has room, before the deadline.
    pub(crate) async fn fill_into(
        &mut self,
        buffer: &mut BytesMut,
        limit: usize,
        deadline: Option<Instant>,
    ) -> Result<usize, WireError> {
        poll_fn(|cx| {
            let mut target = (&mut *buffer).limit(limit);
            match pin!(self.transport.read_buf(&mut target)).poll(cx) {
                Poll::Ready(result) => Poll::Ready(result.map_err(WireError::Io)),
                Poll::Pending => self.timer.poll(cx, deadline).map(|()| Err(WireError::Timeout)),
            }
        })
        .await
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, out: &Outgoing<'_>) -> Poll<io::Result<usize>> {
        let transport = Pin::new(&mut self.transport);
        let count = match self.write.get(out.written..) {
            Some(head) if !head.is_empty() && out.body.is_empty() => ready!(transport.poll_write(cx, head))?,
            Some(head) if !head.is_empty() => {
                ready!(transport.poll_write_vectored(cx, &[IoSlice::new(head), IoSlice::new(out.body)]))?
            }
            _ => {
                let sent = out.written - self.write.len();
                ready!(transport.poll_write(cx, out.body.get(sent..).unwrap_or_default()))?
            }
        };
        Poll::Ready(if count == 0 {
            Err(io::ErrorKind::WriteZero.into())
        } else {
            Ok(count)
        })
    }

    fn is_written(&self, out: &Outgoing<'_>) -> bool {
        out.written >= self.write.len() + out.body.len()
    }

    /// Writes what is left and sees that it leaves; ready when nothing is kept back.
    pub(crate) fn poll_send(&mut self, cx: &mut Context<'_>, out: &mut Outgoing<'_>) -> Poll<io::Result<()>> {
        while !self.is_written(out) {
            out.written += ready!(self.poll_write(cx, out))?;
        }
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    /// Writes the write buffer and then the body. At least one byte must go out within `idle`, again and again.
    pub(crate) async fn send(&mut self, body: &[u8], idle: Option<Duration>) -> Result<(), WireError> {
        let mut out = Outgoing { body, written: 0 };
        let mut patience = Patience::default();
        poll_fn(|cx| {
            if let Poll::Ready(sent) = self.poll_send(cx, &mut out) {
                return Poll::Ready(sent.map_err(WireError::Io));
            }
            let deadline = patience.deadline(self.progress(&out), || after(idle));
            self.timer.poll(cx, deadline).map(|()| Err(WireError::Timeout))
        })
        .await
    }

    /// A number that grows with every byte that went out.
    pub(crate) fn progress(&self, out: &Outgoing<'_>) -> u64 {
        out.written as u64 + self.transport.sent()
    }

    /// Ends the sending direction.
    pub(crate) fn poll_shut(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }

    /// Ends the sending direction; false if that failed or took too long.
    async fn shut(&mut self, deadline: Option<Instant>) -> bool {
        poll_fn(|cx| match self.poll_shut(cx) {
            Poll::Ready(result) => Poll::Ready(result.is_ok()),
            Poll::Pending => self.timer.poll(cx, deadline).map(|()| false),
        })
        .await
    }

    /// Ends the sending direction, then reads and drops until the other side ends too or the time is over. Without this a
    /// close with unread input would reset the connection and could destroy the answer on its way (RFC 9112 9.6).
    pub(crate) async fn linger(&mut self, time: Duration) {
        let deadline = after(Some(time));
        if !self.shut(deadline).await {
            return;
        }
        loop {
            self.read.clear();
            match self.fill(deadline).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }

    /// Ends the sending direction; lingers only if the other side has sent something.
    pub(crate) async fn finish(&mut self, time: Duration) {
        if !self.read.is_empty() {
            return self.linger(time).await;
        }
        if !self.shut(after(Some(time))).await {
            return;
        }
        let arrived = poll_fn(|cx| Poll::Ready(self.poll_fill(cx))).await;
        if matches!(arrived, Poll::Ready(Ok(count)) if count > 0) {
            self.linger(time).await;
        }
    }

    /// Makes the close that follows a reset.
    pub(crate) fn reset_on_close(&self) {
        self.transport.reset_on_close();
    }
}

/// The deadline of a write, which begins anew with every byte that goes out.
#[derive(Default)]
pub(crate) struct Patience {
    waiting: Option<(u64, Option<Instant>)>,
}

impl Patience {
    pub(crate) fn deadline(&mut self, progress: u64, make: impl FnOnce() -> Option<Instant>) -> Option<Instant> {
        match self.waiting {
            Some((seen, deadline)) if seen == progress => deadline,
            _ => {
                let deadline = make();
                self.waiting = Some((progress, deadline));
                deadline
            }
        }
    }
}
