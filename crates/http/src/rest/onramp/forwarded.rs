//! Where a request came from, as the proxies before this one tell it, and what this one adds (RFC 7239, spec/proxy.md 2.5).
//!
//! Lists that are continued become one field: many readers look at the first one only.

use std::net::{IpAddr, SocketAddr};

use temblor_runtime::config::Addresses;

use crate::connection::ConnectionInfo;
use crate::message::class::{is_token, trim};
use crate::message::{Field, Headers, Name};

/// Where a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ClientAddress {
    /// Its address, an IPv4 address in IPv4 form.
    pub ip: IpAddr,
    /// Its port, if that is known.
    pub port: Option<u16>,
}

impl From<SocketAddr> for ClientAddress {
    fn from(address: SocketAddr) -> Self {
        Self {
            ip: address.ip().to_canonical(),
            port: Some(address.port()),
        }
    }
}

/// The client: the first address, seen from here, that is not trusted to tell of another one. `headers` are those received.
pub(super) fn client(headers: &Headers, peer: SocketAddr, trusted: &Addresses) -> ClientAddress {
    let mut client = ClientAddress::from(peer);
    let name = if headers.contains(Name::Forwarded) {
        Name::Forwarded
    } else {
        Name::XForwardedFor
    };
    for value in headers.get_all(name).rev() {
        for element in split_list(value, b',').into_iter().rev() {
            if !trusted.contains(client.ip) {
                return client;
            }
            let node = match name {
                Name::Forwarded => stated_for(element),
                _ => Some(trim(element).to_vec()),
            };
            match node.and_then(|node| parse_node(&node)) {
                Some(before) => client = before,
                None => return client,
            }
        }
    }
    client
}

/// Is the field a statement about the request's way that only trusted peers may make?
pub(super) fn is_statement(field: Field<'_>) -> bool {
    field.known() == Some(Name::Forwarded) || field.name().starts_with("x-forwarded-")
}

/// All values of a list field and one more element.
pub(super) fn continued(headers: &Headers, name: Name, element: &str) -> Vec<u8> {
    let mut list = Vec::new();
    for value in headers.get_all(name).filter(|value| !value.is_empty()) {
        list.extend_from_slice(value);
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(element.as_bytes());
    list
}

/// Continues `x-forwarded-for`; sets the other three unless they are there.
pub(super) fn add_x_forwarded(headers: &mut Headers, connection: &ConnectionInfo, added: &mut Vec<(Name, Vec<u8>)>) {
    let peer = connection.peer.ip().to_canonical().to_string();
    added.push((Name::XForwardedFor, continued(headers, Name::XForwardedFor, &peer)));
    headers.remove(Name::XForwardedFor);
    let facts = [
        (Name::XForwardedProto, Some(scheme(connection).as_bytes().to_vec())),
        (Name::XForwardedHost, headers.get(Name::Host).map(<[u8]>::to_vec)),
        (
            Name::XForwardedPort,
            Some(connection.socket.local.port().to_string().into_bytes()),
        ),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact
            && !headers.contains(name)
        {
            added.push((name, fact));
        }
    }
}

/// Continues `forwarded`.
pub(super) fn add_forwarded(headers: &mut Headers, connection: &ConnectionInfo, by: &str, added: &mut Vec<(Name, Vec<u8>)>) {
    let mut element = match connection.peer.ip().to_canonical() {
        IpAddr::V4(address) => format!("for={address}"),
        IpAddr::V6(address) => format!("for=\"[{address}]\""),
    };
    element.push_str(";by=");
    element.push_str(by);
    if let Some(host) = headers.get(Name::Host).and_then(|host| std::str::from_utf8(host).ok()) {
        element.push_str(";host=");
        element.push_str(&token_or_quoted(host));
    }
    element.push_str(";proto=");
    element.push_str(scheme(connection));
    added.push((Name::Forwarded, continued(headers, Name::Forwarded, &element)));
    headers.remove(Name::Forwarded);
}

fn scheme(connection: &ConnectionInfo) -> &'static str {
    if connection.tls.is_some() { "https" } else { "http" }
}

fn token_or_quoted(text: &str) -> String {
    if is_token(text.as_bytes()) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// Parts between separators that stand outside quoted strings.
fn split_list(text: &[u8], separator: u8) -> Vec<&[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    text.split(|&byte| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\\' if is_quoted => is_escaped = true,
            _ => {}
        }
        byte == separator && !is_quoted
    })
    .collect()
}

/// `for` of an element of `Forwarded`, without quotes.
fn stated_for(element: &[u8]) -> Option<Vec<u8>> {
    let pairs = split_list(element, b';').into_iter();
    let mut values = pairs.filter_map(|pair| {
        let pair = trim(pair);
        let at = pair.iter().position(|&byte| byte == b'=')?;
        let (name, value) = pair.split_at(at);
        name.eq_ignore_ascii_case(b"for")
            .then(|| unquoted(value.get(1..).unwrap_or_default()))
    });
    values.next()
}

fn unquoted(value: &[u8]) -> Vec<u8> {
    let Some(inner) = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) else {
        return value.to_vec();
    };
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        plain.extend(if byte == b'\\' { bytes.next().copied() } else { Some(byte) });
    }
    plain
}

/// An address with or without port; IPv6 in brackets, or bare without port.
fn parse_node(node: &[u8]) -> Option<ClientAddress> {
    let text = std::str::from_utf8(node).ok()?;
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(address.into());
    }
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let ip: IpAddr = bare.parse().ok()?;
    let is_bracketed_v4 = bare.len() != text.len() && ip.is_ipv4();
    (!is_bracketed_v4).then(|| ClientAddress {
        ip: ip.to_canonical(),
        port: None,
    })
}

#[cfg(test)]
mod tests;
