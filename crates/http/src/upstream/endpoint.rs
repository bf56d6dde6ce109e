//! Where an upstream listens.

use std::net::IpAddr;
use std::sync::Arc;

/// Host and port of an upstream: the key of pooled connections. A clone is a reference count.
#[derive(Clone, Debug)]
pub struct Endpoint {
    host: Arc<str>,
    port: u16,
}

impl Endpoint {
    /// The endpoint of a host name or address (IPv6 with or without brackets) and a port.
    pub fn new(host: &str, port: u16) -> Endpoint {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Endpoint { host: bare.into(), port }
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
        self.port == other.port && (Arc::ptr_eq(&self.host, &other.host) || self.host == other.host)
    }
}

impl Eq for Endpoint {}
