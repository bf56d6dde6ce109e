//! Proxies between us and upstreams, as the environment names them (`proxy.md` 2.11; 0.3 row 18).
//!
//! `http_proxy` is for `http` (in lower case only: what a CGI program sees as `HTTP_PROXY` a client has sent), `https_proxy` or `HTTPS_PROXY` for
//! `https`, `all_proxy` or `ALL_PROXY` for the scheme that has none of its own. `no_proxy` or `NO_PROXY` lists what is asked directly: `*`, a
//! domain (with everything below it), an address, a network; each but `*` and networks with a port, if it is for that only. Loopback addresses and
//! `localhost` are always asked directly.
//!
//! A value that cannot be used is no reason to go past the proxy: it is an error for those that would have to use it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use thiserror::Error;

use super::Endpoint;
use crate::message::parse_authority;

/// The port of a proxy that names none.
const DEFAULT_PORT: u16 = 80;

/// A proxy that forwards requests, or opens tunnels. It is shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    address: Endpoint,
    /// The value of `proxy-authorization`.
    authorization: Option<String>,
}

/// Why a proxy cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the environment's `{variable}` names a proxy that cannot be used: {detail}")]
pub struct ProxyError {
    variable: &'static str,
    detail: &'static str,
}

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    http: Option<Result<Arc<Proxy>, ProxyError>>,
    https: Option<Result<Arc<Proxy>, ProxyError>>,
    exempt: Vec<Exempt>,
}

/// What is asked directly.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Exempt {
    All,
    /// A domain in lower case.
    Domain(String, Option<u16>),
    Address(IpAddr, Option<u16>),
    Network(IpNet),
}

impl Proxy {
    /// Reads `[http://][user[:password]@]host[:port]`; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Proxy, &'static str> {
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return Err("only proxies at `http://` are spoken to"),
            None => text,
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = rest.get(..end).unwrap_or_default();
        let (userinfo, authority) = match authority.rsplit_once('@') {
            Some((userinfo, authority)) => (Some(userinfo), authority),
            None => (None, authority),
        };
        let address = parse_authority(authority).ok_or("no valid host")?;
        Ok(Proxy {
            address: Endpoint::new(address.host, address.port.unwrap_or(DEFAULT_PORT)),
            authorization: userinfo.map(authorization),
        })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> &Endpoint {
        &self.address
    }

    /// The value of `proxy-authorization`, if it wants one.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.authorization.as_deref()
    }
}

/// User and password in the scheme `Basic` (RFC 7617).
fn authorization(userinfo: &str) -> String {
    let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    let mut text: Vec<u8> = percent_decode_str(user).collect();
    text.push(b':');
    text.extend(percent_decode_str(password));
    format!("Basic {}", STANDARD.encode(text))
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}", self.address.authority())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Proxies {
    /// The proxies that these variables name. An empty one counts as not there.
    pub fn of<'v>(variable: impl Fn(&str) -> Option<&'v str>) -> Proxies {
        let first = |names: &[&'static str]| {
            names.iter().find_map(|&name| {
                let text = variable(name).map(str::trim).filter(|text| !text.is_empty())?;
                Some((name, text))
            })
        };
        let read = |(variable, text): (&'static str, &str)| {
            let proxy = Proxy::parse(text).map(Arc::new);
            proxy.map_err(|detail| ProxyError { variable, detail })
        };
        let all = || first(&["all_proxy", "ALL_PROXY"]);
        let exempt = first(&["no_proxy", "NO_PROXY"]).map_or("", |(_, text)| text);
        Proxies {
            http: first(&["http_proxy"]).or_else(all).map(read),
            https: first(&["https_proxy", "HTTPS_PROXY"]).or_else(all).map(read),
            exempt: exempt
                .split([',', ' '])
                .map(str::trim)
                .filter(|entry| !entry.is_empty())
                .filter_map(Exempt::parse)
                .collect(),
        }
    }

    /// The proxies that can be used.
    pub fn iter(&self) -> impl Iterator<Item = &Proxy> {
        let both = [&self.http, &self.https];
        both.into_iter().flatten().filter_map(|proxy| proxy.as_deref().ok())
    }

    /// The endpoint, behind the proxy by which it is reached if there is one.
    pub fn route(&self, endpoint: Endpoint) -> Result<Endpoint, ProxyError> {
        let proxy = if endpoint.is_secure() { &self.https } else { &self.http };
        match proxy {
            Some(proxy) if !self.is_direct(&endpoint) => Ok(endpoint.behind(Arc::clone(proxy.as_ref().map_err(Clone::clone)?))),
            _ => Ok(endpoint),
        }
    }

    fn is_direct(&self, endpoint: &Endpoint) -> bool {
        let host = endpoint.host().trim_end_matches('.');
        let is_loopback = match endpoint.address() {
            Some(address) => address.to_canonical().is_loopback(),
            None => is_below(host, "localhost"),
        };
        is_loopback || self.exempt.iter().any(|exempt| exempt.covers(host, endpoint))
    }
}

/// Is the name the domain, or one below it?
fn is_below(name: &str, domain: &str) -> bool {
    let Some(at) = name.len().checked_sub(domain.len()) else {
        return false;
    };
    let ends = name.get(at..).is_some_and(|end| end.eq_ignore_ascii_case(domain));
    ends && (at == 0 || name.get(..at).is_some_and(|start| start.ends_with('.')))
}

impl Exempt {
    /// Reads an entry; what is none exempts nothing.
    fn parse(text: &str) -> Option<Exempt> {
        if text == "*" {
            return Some(Exempt::All);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Exempt::Address(address.to_canonical(), None));
        }
        if text.contains('/') {
            return text.parse().ok().map(Exempt::Network);
        }
        let text = text.strip_prefix('*').unwrap_or(text);
        let authority = parse_authority(text.strip_prefix('.').unwrap_or(text))?;
        let host = authority.host.trim_start_matches('[').trim_end_matches(']');
        Some(match host.parse::<IpAddr>() {
            Ok(address) => Exempt::Address(address.to_canonical(), authority.port),
            Err(_) => Exempt::Domain(host.trim_end_matches('.').to_ascii_lowercase(), authority.port),
        })
    }

    fn covers(&self, host: &str, endpoint: &Endpoint) -> bool {
        let is_port = |port: &Option<u16>| port.is_none_or(|port| port == endpoint.port());
        let address = endpoint.address().map(|address| address.to_canonical());
        match self {
            Exempt::All => true,
            Exempt::Domain(domain, port) => is_port(port) && is_below(host, domain),
            Exempt::Address(wanted, port) => is_port(port) && address == Some(*wanted),
            Exempt::Network(network) => address.is_some_and(|address| network.contains(&address)),
        }
    }
}

#[cfg(test)]
mod tests;
