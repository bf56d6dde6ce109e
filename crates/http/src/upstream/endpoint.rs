//! Where an upstream listens.

use std::net::IpAddr;
use std::sync::Arc;

/// Scheme, host and port of an upstream: the key of pooled connections, whose TLS settings are one client's anyway. A clone is a
/// reference count.
#[derive(Clone, Debug)]
pub struct Endpoint {
    host: Arc<str>,
    port: u16,
    is_secure: bool,
}

impl Endpoint {
    /// The endpoint of a host name or address (IPv6 with or without brackets) and a port.
    pub fn new(host: &str, port: u16) -> Endpoint {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Endpoint {
            host: bare.into(),
            port,
            is_secure: false,
        }
    }

    /// The endpoint with TLS (`https`), or without.
    #[must_use]
    pub fn with_tls(self, is_secure: bool) -> Endpoint {
        Endpoint { is_secure, ..self }
    }

    /// Is TLS spoken there?
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// Name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address, if the host is one and needs no resolution.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        self.port == other.port
            && self.is_secure == other.is_secure
            && (Arc::ptr_eq(&self.host, &other.host) || self.host == other.host)
    }
}

impl Eq for Endpoint {}
