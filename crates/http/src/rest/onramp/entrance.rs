//! What stands between an accepted socket and HTTP: PROXY header, then TLS (spec/proxy.md 2.13 and 2.14).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use temblor_runtime::config::Addresses as Networks;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::connection::{Addresses, ConnectionInfo, Proxied};
use crate::proxy_protocol::{Header, receive};
use crate::tls::{HandshakeError, TlsServer};
use crate::transport::Transport;

/// Settings of all connections of an onramp before their first request.
#[derive(Debug)]
pub(super) struct Entrance {
    /// Whose connections begin with a PROXY header.
    pub(super) proxies: Option<Networks>,
    /// Certificates; `None`: no TLS.
    pub(super) tls: Option<Arc<TlsServer>>,
    /// Time for all that stands here; `None`: no limit.
    pub(super) time: Option<Duration>,
}

/// Why a connection ended before HTTP.
#[derive(Debug, thiserror::Error)]
pub(super) enum Rejected {
    /// The header is missing or bad, or the connection broke.
    #[error("no PROXY header: {0}")]
    Proxy(io::Error),
    /// The handshake failed.
    #[error("no TLS: {0}")]
    Tls(#[from] HandshakeError),
    /// The client took too long.
    #[error("the handshake took too long")]
    Late,
    /// The connection ended at once.
    #[error("{0}")]
    Gone(#[from] io::Error),
}

impl Entrance {
    /// Brings a connection to where HTTP begins.
    pub(super) async fn open(&self, socket: TcpStream) -> Result<(Transport, ConnectionInfo), Rejected> {
        // A socket that cannot be set so still works, only later.
        let _ = socket.set_nodelay(true);
        let info = ConnectionInfo::direct(Addresses::of(&socket)?);
        let has_header = self.proxies.as_ref().is_some_and(|proxies| proxies.contains(info.peer.ip()));
        if !has_header && self.tls.is_none() {
            return Ok((Transport::Plain(socket), info));
        }
        // Boxed: what a handshake needs would otherwise stay part of the connection's task.
        let passing = Box::pin(self.pass(socket, info, has_header));
        match self.time {
            Some(time) => timeout(time, passing).await.map_err(|_| Rejected::Late)?,
            None => passing.await,
        }
    }

    async fn pass(
        &self,
        mut socket: TcpStream,
        mut info: ConnectionInfo,
        has_header: bool,
    ) -> Result<(Transport, ConnectionInfo), Rejected> {
        if has_header {
            let header = receive(&mut socket).await.map_err(Rejected::Proxy)?;
            take_header(&mut info, header);
        }
        let Some(tls) = &self.tls else {
            return Ok((Transport::Plain(socket), info));
        };
        let (socket, shown) = tls.accept(socket).await?;
        info.tls = Some(shown);
        Ok((Transport::Tls(Box::new(socket)), info))
    }
}

fn take_header(info: &mut ConnectionInfo, header: Header) {
    let Header {
        stated,
        authority,
        unique_id,
    } = header;
    if let Some(stated) = stated {
        info.peer = stated.source;
    }
    info.proxied = Proxied {
        destination: stated.map(|stated| stated.destination),
        authority,
        unique_id,
    };
}

#[cfg(test)]
mod tests;
