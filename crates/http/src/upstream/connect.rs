//! Opening connections (`proxy.md` 2.11).

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until};

use super::Endpoint;
use super::resolve::{Family, Resolver};
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::transport::Transport;

/// How long an address is tried alone before the next one is tried beside it.
const HEAD_START: Duration = Duration::from_millis(250);

type Attempt = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// Resolves names and connects.
#[derive(Debug)]
pub(crate) struct Connector {
    resolver: Resolver,
}

impl Connector {
    pub(crate) fn new(refresh: Duration, family: Family) -> Connector {
        Connector {
            resolver: Resolver::new(refresh, family),
        }
    }

    /// A connection to the endpoint before the deadline, which belongs to the attempt to connect alone.
    pub(crate) async fn connect(&self, endpoint: &Endpoint, deadline: Option<Instant>) -> Result<Transport, UpstreamError> {
        let connected = match deadline {
            None => self.open(endpoint).await,
            Some(deadline) => {
                let mut open = pin!(self.open(endpoint));
                let mut late = pin!(sleep_until(deadline));
                poll_fn(|cx| match open.as_mut().poll(cx) {
                    Poll::Ready(result) => Poll::Ready(result),
                    Poll::Pending => late.as_mut().poll(cx).map(|()| Err(timed_out())),
                })
                .await
            }
        };
        let stream = connected?;
        // A socket that cannot be set so still works, only later.
        let _ = stream.set_nodelay(true);
        Ok(Transport::Plain(stream))
    }

    async fn open(&self, endpoint: &Endpoint) -> Result<TcpStream, UpstreamError> {
        let connected = if let Some(address) = endpoint.address() {
            TcpStream::connect((address, endpoint.port())).await
        } else {
            let resolved = self.resolver.resolve(endpoint).await;
            let addresses =
                resolved.map_err(|error| UpstreamError::io(UpstreamErrorKind::Dns, "host name not resolved", error))?;
            connect_any(&addresses).await
        };
        connected.map_err(|error| UpstreamError::io(UpstreamErrorKind::Connect, "connection not taken", error))
    }
}

fn timed_out() -> UpstreamError {
    UpstreamError::new(UpstreamErrorKind::ConnectTimeout, "connecting took too long")
}

/// The first connection that succeeds. Addresses are tried in order; the next one begins when one fails, or when the last
/// one begun has not answered for a while.
pub(crate) async fn connect_any(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut waiting = addresses.iter().copied();
    let mut attempts: Vec<Attempt> = Vec::with_capacity(1);
    let mut next_start = pin!(sleep(Duration::ZERO));
    let mut last_error = io::Error::from(io::ErrorKind::AddrNotAvailable);
    let mut start_now = true;
    poll_fn(|cx| {
        loop {
            if start_now {
                start_now = false;
                if let Some(address) = waiting.next() {
                    attempts.push(Box::pin(TcpStream::connect(address)));
                    next_start.as_mut().reset(Instant::now() + HEAD_START);
                }
            }
            let mut index = 0;
            while let Some(attempt) = attempts.get_mut(index) {
                match attempt.as_mut().poll(cx) {
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
