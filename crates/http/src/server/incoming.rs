//! A connection at the point where HTTP begins, and the choice of the protocol (`proxy.md` 2.12).

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::{Drain, Handler, ServerConfig};
use crate::connection::ConnectionInfo;
use crate::timeouts::{after, by};
use crate::transport::Transport;
use crate::{h1, h2};

/// The first bytes of every HTTP/2 connection (RFC 9113 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The name of HTTP/2 in handshakes (RFC 9113 3.2).
const ALPN: &str = "h2";

/// A connection, and what was read of it to see which protocol it speaks.
#[derive(Debug)]
pub struct Incoming {
    pub(crate) transport: Transport,
    pub(crate) arrived: BytesMut,
    is_http2: bool,
}

impl<T: Into<Transport>> From<T> for Incoming {
    /// A connection that speaks HTTP/1.
    fn from(transport: T) -> Self {
        Incoming {
            transport: transport.into(),
            arrived: BytesMut::new(),
            is_http2: false,
        }
    }
}

impl Incoming {
    /// Finds out which protocol the client speaks: what the handshake has agreed on; without TLS, where HTTP/2 is taken by prior knowledge,
    /// what the first bytes say. `None`: it went before that, or the time was over.
    pub async fn detect(transport: Transport, info: &ConnectionInfo, config: &ServerConfig, drain: Drain) -> Option<Incoming> {
        let mut incoming = Incoming::from(transport);
        incoming.is_http2 = match &info.tls {
            Some(tls) => tls.alpn.as_deref() == Some(ALPN),
            None if config.http2.cleartext => first_bytes(&mut incoming, config, drain).await?,
            None => false,
        };
        Some(incoming)
    }

    /// Does the client speak HTTP/2?
    pub fn is_http2(&self) -> bool {
        self.is_http2
    }

    /// The transport and what was read already.
    pub(crate) fn into_parts(self) -> (Transport, Bytes) {
        (self.transport, self.arrived.freeze())
    }

    /// Reads until it is clear whether the client speaks HTTP/2 by prior knowledge; `None`: it went, or said nothing in time.
    async fn begins_http2(&mut self) -> Option<bool> {
        loop {
            let seen = self.arrived.len().min(PREFACE.len());
            if self.arrived.get(..seen) != PREFACE.get(..seen) {
                return Some(false);
            }
            if seen == PREFACE.len() {
                return Some(true);
            }
            let count = self.transport.read_buf(&mut self.arrived).await.ok()?;
            if count == 0 {
                return None;
            }
        }
    }
}

/// Serves a connection until it ends, in the protocol that its client speaks.
pub fn serve<'c, H: Handler>(
    incoming: Incoming,
    info: &'c ConnectionInfo,
    config: &'c ServerConfig,
    drain: Drain,
    handler: &'c H,
) -> impl Future<Output = ()> + Send + 'c {
    if incoming.is_http2 {
        // Boxed: what HTTP/2 needs would otherwise be part of every connection's task.
        Box::pin(h2::serve(incoming, info, config, drain, handler)).left_future()
    } else {
        h1::serve(incoming, info, config, drain, handler).right_future()
    }
}

async fn first_bytes(incoming: &mut Incoming, config: &ServerConfig, drain: Drain) -> Option<bool> {
    tokio::select! {
        biased;
        begins = by(after(config.timeouts.head), incoming.begins_http2()) => begins?,
        () = drain.over_for(Instant::now()) => None,
    }
}
