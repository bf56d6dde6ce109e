//! Opening connections (`proxy.md` 2.11, 2.13).

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use super::resolve::{Family, Resolver};
use super::{Endpoint, passage};
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::timeouts::{after, by, earlier};
use crate::tls::{Alpn, TlsClient};
use crate::transport::Transport;

/// How long an address is tried alone before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

type Attempt<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// When a connection has to be there.
#[derive(Clone, Copy)]
pub(crate) struct ConnectTime {
    /// Time for resolution and TCP, and again for TLS.
    pub(crate) each: Option<Duration>,
    /// End of the whole attempt.
    pub(crate) end: Option<Instant>,
}

/// Resolves names, connects, shakes hands.
#[derive(Debug)]
pub(crate) struct Connector {
    resolver: Resolver,
    tls: Arc<TlsClient>,
}

impl Connector {
    pub(crate) fn new(refresh: Duration, family: Family, tls: Arc<TlsClient>) -> Connector {
        Connector {
            resolver: Resolver::new(refresh, family),
            tls,
        }
    }

    /// A connection to the endpoint in time, over TLS with the offer of these protocols. `is_tunnel`: a proxy between is to open a tunnel, as it
    /// does for TLS in any case.
    pub(crate) async fn connect(
        &self,
        endpoint: &Endpoint,
        is_tunnel: bool,
        alpn: &[Alpn],
        time: ConnectTime,
    ) -> Result<Transport, UpstreamError> {
        let opening = self.open(endpoint, is_tunnel || endpoint.is_secure());
        let socket = in_time(opening, time, UpstreamErrorKind::ConnectTimeout).await?;
        if !endpoint.is_secure() {
            return Ok(Transport::Plain(socket));
        }
        let secured = in_time(self.secure(endpoint, socket, alpn), time, UpstreamErrorKind::Tls);
        secured.await
    }

    /// Whether the endpoint takes a TCP connection. Through a proxy: whether that opens a tunnel to it, if there would be one (`is_tunnel` as for
    /// [`connect`](Self::connect)); otherwise whether the proxy takes a connection.
    pub(crate) async fn reach(&self, endpoint: &Endpoint, is_tunnel: bool) -> Result<(), UpstreamError> {
        self.open(endpoint, is_tunnel || endpoint.is_secure()).await.map(drop)
    }

    /// A socket to the endpoint, or to the proxy before it.
    async fn open(&self, endpoint: &Endpoint, is_tunnel: bool) -> Result<TcpStream, UpstreamError> {
        let Some(proxy) = endpoint.proxy() else {
            return self.dial(endpoint).await;
        };
        let socket = self.dial(proxy.address()).await?;
        if is_tunnel {
            passage::open(socket, proxy, endpoint).await
        } else {
            Ok(socket)
        }
    }

    async fn dial(&self, endpoint: &Endpoint) -> Result<TcpStream, UpstreamError> {
        let connected = if let Some(address) = endpoint.address() {
            TcpStream::connect((address, endpoint.port())).await
        } else {
            let resolved = self.resolver.resolve(endpoint).await;
            let addresses =
                resolved.map_err(|error| UpstreamError::io(UpstreamErrorKind::Dns, "host name not resolved", error))?;
            connect_any(&addresses).await
        };
        let socket = connected.map_err(|error| UpstreamError::io(UpstreamErrorKind::Connect, "connection not taken", error))?;
        // A socket that cannot be set so still works, only later.
        let _ = socket.set_nodelay(true);
        Ok(socket)
    }

    async fn secure(&self, endpoint: &Endpoint, socket: TcpStream, alpn: &[Alpn]) -> Result<Transport, UpstreamError> {
        match self.tls.connect(endpoint.host(), socket, alpn).await {
            Ok(socket) => Ok(Transport::Tls(Box::new(socket))),
            Err(error) => Err(UpstreamError::io(UpstreamErrorKind::Tls, "handshake failed", error)),
        }
    }
}

/// Ends a step when its own time is over, with `late` as the kind of error, or with the whole attempt.
pub(crate) async fn in_time<T>(
    step: impl Future<Output = Result<T, UpstreamError>>,
    time: ConnectTime,
    late: UpstreamErrorKind,
) -> Result<T, UpstreamError> {
    let own = after(time.each);
    let is_overall = time.end.is_some_and(|end| own.is_none_or(|own| end < own));
    by(earlier(own, time.end), step).await.unwrap_or_else(|| {
        Err(if is_overall {
            UpstreamError::timeout("no connection before the end of the attempt")
        } else {
            UpstreamError::new(late, "connecting took too long")
        })
    })
}

/// A connection to one of the addresses.
pub(crate) async fn connect_any(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    race(addresses, |address| Box::pin(TcpStream::connect(address))).await
}

/// The first attempt that succeeds. Addresses are tried in order; the next one begins when one fails, or when the last
/// one begun has not answered for a while.
async fn race<T>(addresses: &[SocketAddr], attempt: impl Fn(SocketAddr) -> Attempt<T>) -> io::Result<T> {
    let mut waiting = addresses.iter().copied();
    let mut attempts: Vec<Attempt<T>> = Vec::with_capacity(1);
    let mut next_start = pin!(sleep(Duration::ZERO));
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut start_now = true;
    poll_fn(|cx| {
        loop {
            if start_now {
                start_now = false;
                if let Some(address) = waiting.next() {
                    attempts.push(attempt(address));
                    next_start.as_mut().reset(Instant::now() + HEAD_START);
                }
            }
            let mut index = 0;
            while let Some(running) = attempts.get_mut(index) {
                match running.as_mut().poll(cx) {
                    Poll::Ready(Ok(stream)) => return Poll::Ready(Ok(stream)),
                    Poll::Ready(Err(error)) => {
                        last_error = error;
                        drop(attempts.remove(index));
                        start_now = true;
                    }
                    Poll::Pending => index += 1,
                }
            }
            if waiting.len() == 0 {
                if attempts.is_empty() {
                    return Poll::Ready(Err(std::mem::replace(
                        &mut last_error,
                        io::ErrorKind::AddrNotAvailable.into(),
                    )));
                }
                return Poll::Pending;
            }
            if !start_now && next_start.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            start_now = true;
        }
    })
    .await
}

#[cfg(test)]
mod tests;
