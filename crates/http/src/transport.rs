//! The byte stream under HTTP: a plain socket, or one with TLS on it.
//!
//! Knows no HTTP. A plain socket is used directly, without a box or a buffer between; only TLS pays for TLS.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::tls::{Alpn, TlsSocket};

/// A connection's byte stream.
#[derive(Debug)]
pub enum Transport {
    /// The socket itself.
    Plain(TcpStream),
    /// TLS after its handshake; boxed, so that plain connections stay small.
    Tls(Box<TlsSocket>),
}

impl Transport {
    /// Are there neither input nor an end of the stream? Never blocks.
    pub(crate) fn is_quiet(&mut self) -> bool {
        match self {
            Transport::Plain(socket) => {
                let nothing = socket.try_read(&mut [0]);
                nothing.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            }
            // Tickets that the other side sends at its leisure are taken on the way and are no input.
            Transport::Tls(socket) => {
                let mut byte = [0];
                let mut cx = Context::from_waker(Waker::noop());
                Pin::new(&mut **socket)
                    .poll_read(&mut cx, &mut ReadBuf::new(&mut byte))
                    .is_pending()
            }
        }
    }

    /// Bytes that TLS has given to the system so far. They move on where a write waits for the other side to take what was
    /// written before; for a plain socket every byte shows in the result of its write, and this stays 0.
    pub(crate) fn sent(&self) -> u64 {
        match self {
            Transport::Plain(_) => 0,
            Transport::Tls(socket) => socket.sent(),
        }
    }

    /// The other side's address; `None` if the connection is gone.
    pub(crate) fn peer(&self) -> Option<SocketAddr> {
        self.socket().peer_addr().ok()
    }

    /// Was HTTP/2 agreed on in the handshake?
    pub(crate) fn agreed_on_http2(&self) -> bool {
        match self {
            Transport::Plain(_) => false,
            Transport::Tls(socket) => socket.alpn() == Some(Alpn::H2.name().as_bytes()),
        }
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Transport::Plain(socket) => socket,
            Transport::Tls(socket) => socket.socket(),
        }
    }

    /// Makes the close that follows a reset.
    pub(crate) fn reset_on_close(&self) {
        // If the option cannot be set the close is an orderly one, which ends the connection as well.
        let _ = socket2::SockRef::from(self.socket()).set_linger(Some(Duration::ZERO));
    }
}

impl From<TcpStream> for Transport {
    fn from(socket: TcpStream) -> Transport {
        Transport::Plain(socket)
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(socket) => Pin::new(socket).poll_read(cx, buffer),
            Transport::Tls(socket) => Pin::new(&mut **socket).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Transport::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Transport::Tls(socket) => Pin::new(&mut **socket).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Transport::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, parts),
            Transport::Tls(socket) => Pin::new(&mut **socket).poll_write_vectored(cx, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            // A socket has nothing of its own to keep back.
            Transport::Plain(_) => Poll::Ready(Ok(())),
            Transport::Tls(socket) => Pin::new(&mut **socket).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Transport::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Transport::Tls(socket) => Pin::new(&mut **socket).poll_shutdown(cx),
        }
    }
}
