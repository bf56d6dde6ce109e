//! Where an upstream listens.

use std::net::IpAddr;
use std::sync::Arc;

use super::Proxy;

/// Scheme, host and port of an upstream, and the proxy by which it is reached: the key of pooled connections, whose TLS settings are one client's
/// anyway. A clone is a reference count or two.
#[derive(Clone, Debug)]
pub struct Endpoint {
    host: Arc<str>,
    port: u16,
    is_secure: bool,
    proxy: Option<Arc<Proxy>>,
}

impl Endpoint {
    /// The endpoint of a host name or address (IPv6 with or without brackets) and a port.
    pub fn new(host: &str, port: u16) -> Endpoint {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Endpoint {
            host: bare.into(),
            port,
            is_secure: false,
            proxy: None,
        }
    }

    /// The endpoint with TLS (`https`), or without.
    #[must_use]
    pub fn with_tls(self, is_secure: bool) -> Endpoint {
        Endpoint { is_secure, ..self }
    }

    /// The same endpoint, reached by this proxy.
    #[must_use]
    pub fn behind(self, proxy: Arc<Proxy>) -> Endpoint {
        Endpoint {
            proxy: Some(proxy),
            ..self
        }
    }

    /// The proxy by which it is reached; `None`: directly.
    pub fn proxy(&self) -> Option<&Arc<Proxy>> {
        self.proxy.as_ref()
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

    /// `host:port`.
    pub(crate) fn host_and_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// `host[:port]`, the port unless it is the scheme's own.
    pub(crate) fn authority(&self) -> String {
        let mut text = self.host_and_port();
        if self.port == if self.is_secure { 443 } else { 80 } {
            text.truncate(text.rfind(':').unwrap_or(text.len()));
        }
        text
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
            && self.proxy == other.proxy
    }
}

impl Eq for Endpoint {}
