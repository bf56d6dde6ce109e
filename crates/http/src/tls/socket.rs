//! A socket with TLS on it, after the handshake.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsStream;

/// Bytes that are read at once while the other side sends much: two records of full size.
const AHEAD: usize = 32 << 10;
/// Bytes that the library takes at once. Where there are as many, there are likely to be more.
const MUCH: usize = 4 << 10;

/// TLS over a socket, for either role.
#[derive(Debug)]
pub struct TlsSocket(TlsStream<Counted>);

impl TlsSocket {
    pub(crate) fn new(stream: impl Into<TlsStream<Counted>>) -> TlsSocket {
        TlsSocket(stream.into())
    }

    /// Encrypted bytes that the system has taken.
    pub(crate) fn sent(&self) -> u64 {
        self.0.get_ref().0.sent
    }

    /// The application protocol agreed on.
    pub(crate) fn alpn(&self) -> Option<&[u8]> {
        self.0.get_ref().1.alpn_protocol()
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.0.get_ref().0.socket
    }
}

impl AsyncRead for TlsSocket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

impl AsyncWrite for TlsSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// A socket that counts what it took, so that a client that reads slowly is told from one that does not read at all: what
/// TLS has buffered does not show in the results of its writes. It reads ahead where much arrives, since the library takes little at a time.
#[derive(Debug)]
pub(crate) struct Counted {
    socket: TcpStream,
    sent: u64,
    /// What was read ahead and the library has not asked for yet; without memory while there is nothing.
    ahead: BytesMut,
    /// The last read brought much.
    is_much: bool,
}

impl Counted {
    pub(crate) fn new(socket: TcpStream) -> Counted {
        Counted {
            socket,
            sent: 0,
            ahead: BytesMut::new(),
            is_much: false,
        }
    }

    fn count(&mut self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        let count = ready!(written)?;
        self.sent += count as u64;
        Poll::Ready(Ok(count))
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.ahead.is_empty() && !this.is_much {
            let before = buffer.filled().len();
            ready!(Pin::new(&mut this.socket).poll_read(cx, buffer))?;
            this.is_much = buffer.filled().len() - before >= MUCH;
            return Poll::Ready(Ok(()));
        }
        if this.ahead.is_empty() {
            this.ahead.reserve(AHEAD);
            let read = pin!(this.socket.read_buf(&mut this.ahead)).poll(cx);
            if read.is_pending() {
                this.ahead = BytesMut::new();
            }
            this.is_much = ready!(read)? >= MUCH;
        }
        let count = this.ahead.len().min(buffer.remaining());
        let (now, _) = this.ahead.split_at(count);
        buffer.put_slice(now);
        this.ahead.advance(count);
        if this.ahead.is_empty() && !this.is_much {
            this.ahead = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.count(written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        // Mostly it is one record, and the call for one part is the cheaper one.
        let written = match parts {
            [part] => Pin::new(&mut self.socket).poll_write(cx, part),
            parts => Pin::new(&mut self.socket).poll_write_vectored(cx, parts),
        };
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;
    use crate::testing::pair;

    #[tokio::test]
    async fn what_is_read_ahead_arrives_whole_and_in_order() {
        let (mut client, accepted) = pair().await;
        let sent: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
        let expected = sent.clone();
        let writer = tokio::spawn(async move {
            client.write_all(&sent).await.unwrap();
            client.shutdown().await.unwrap();
            client
        });
        let mut counted = Counted::new(accepted);
        let (mut received, mut chunk) = (Vec::new(), [0; MUCH]);
        loop {
            let count = counted.read(&mut chunk).await.unwrap();
            received.extend_from_slice(&chunk[..count]);
            if count == 0 {
                break;
            }
        }
        assert_eq!(received, expected);
        assert_eq!(counted.ahead.capacity(), 0, "memory is kept although nothing is there");
        drop(writer.await.unwrap());
    }

    #[tokio::test]
    async fn who_sends_little_costs_no_memory() {
        let (mut client, accepted) = pair().await;
        let mut counted = Counted::new(accepted);
        let mut chunk = [0; MUCH];
        for _ in 0..3 {
            client.write_all(b"little").await.unwrap();
            assert_eq!(counted.read(&mut chunk).await.unwrap(), 6);
            assert_eq!(counted.ahead.capacity(), 0);
        }
    }
}
