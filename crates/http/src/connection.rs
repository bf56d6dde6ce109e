//! What is known of a client's connection, the same for all its requests.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use tokio::net::TcpStream;

use crate::tls::TlsInfo;

/// Both ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The client's end.
    pub peer: SocketAddr,
    /// Our end.
    pub local: SocketAddr,
}

impl Addresses {
    /// The ends of a socket.
    pub fn of(stream: &TcpStream) -> io::Result<Addresses> {
        Ok(Addresses {
            peer: stream.peer_addr()?,
            local: stream.local_addr()?,
        })
    }
}

/// See the module's documentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// The peer of `proxy.md` 2.5: the source that a PROXY header states, else the socket's other end.
    pub peer: SocketAddr,
    /// The ends of the socket itself.
    pub socket: Addresses,
    /// What the TLS handshake has shown; `None` without TLS.
    pub tls: Option<TlsInfo>,
    /// What a PROXY header said beside the source.
    pub proxied: Proxied,
}

impl ConnectionInfo {
    /// A connection of which nothing but its ends is known.
    pub fn direct(socket: Addresses) -> ConnectionInfo {
        ConnectionInfo {
            peer: socket.peer,
            socket,
            tls: None,
            proxied: Proxied::default(),
        }
    }
}

/// What a PROXY header said beside the source (`proxy.md` 2.14).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxied {
    /// Where the client's connection to the proxy went.
    pub destination: Option<SocketAddr>,
    /// `AUTHORITY`: the server name that the client asked the proxy for.
    pub authority: Option<Box<str>>,
    /// `UNIQUE_ID`, for logs.
    pub unique_id: Option<Bytes>,
}
