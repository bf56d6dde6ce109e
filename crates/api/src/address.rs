//! Where to listen (spec/runtime.md 7.2, `--api-host`).

use std::net::ToSocketAddrs;

use thiserror::Error;

/// A listen address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    host: String,
    port: u16,
}

/// A form of address that this release does not take.
#[derive(Debug, Error)]
#[error("`{0}` is no address: write HOST:PORT")]
pub struct AddressError(String);

impl Address {
    /// Reads `host:port`, `http://host:port` or `tcp://host:port`.
    ///
    /// # Errors
    /// Other forms, Unix sockets among them.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let plain = ["http://", "tcp://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let plain = plain.unwrap_or(text).trim_end_matches('/');
        match plain.rsplit_once(':').map(|(host, port)| (host, port.parse::<u16>())) {
            Some((host, Ok(port))) if !host.is_empty() && !host.contains('/') => Ok(Self {
                text: plain.to_owned(),
                host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
                port,
            }),
            _ => Err(AddressError(text.to_owned())),
        }
    }

    /// The address, as messages show it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name or the number of the host; one of IPv6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether other machines cannot reach it. A name that cannot be resolved counts as reachable.
    pub fn is_local(&self) -> bool {
        (self.host.as_str(), self.port)
            .to_socket_addrs()
            .is_ok_and(|mut addresses| addresses.all(|address| address.ip().is_loopback()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_addresses() {
        for (text, plain) in [
            ("127.0.0.1:9898", "127.0.0.1:9898"),
            ("http://localhost:9898", "localhost:9898"),
            ("http://localhost:9898/", "localhost:9898"),
            ("tcp://[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(Address::parse(text).unwrap().as_str(), plain);
            assert_ne!(Address::parse(text).unwrap().port(), 0);
        }
        assert_eq!(Address::parse("tcp://[::1]:80").unwrap().host(), "::1");
        for bad in [
            "",
            "9898",
            ":9898",
            "localhost",
            "localhost:http",
            "http+unix:///run/x",
            "localhost:70000",
            "a/b:80",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_local() {
        assert!(Address::parse("127.0.0.1:1").unwrap().is_local());
        assert!(Address::parse("[::1]:1").unwrap().is_local());
        assert!(!Address::parse("0.0.0.0:1").unwrap().is_local());
    }
}
