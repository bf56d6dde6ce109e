//! Host and port (RFC 3986 3.2, RFC 9110 7.2).

use std::net::Ipv6Addr;

use super::class;

/// The parts of `host[:port]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// Name or address as written; IPv6 addresses with their brackets.
    pub host: &'a str,
    /// The port, if one is given; an empty one (`host:`) counts as not given.
    pub port: Option<u16>,
}

/// Reads `host[:port]`. None: empty host, bytes that no host has, bad brackets, a port that is no number up to 65535.
pub fn parse_authority(text: &str) -> Option<Authority<'_>> {
    let (host, port) = if text.starts_with('[') {
        let end = text.find(']')? + 1;
        let (host, rest) = text.split_at(end);
        host.get(1..end - 1)?.parse::<Ipv6Addr>().ok()?;
        (host, if rest.is_empty() { "" } else { rest.strip_prefix(':')? })
    } else {
        // Shorter than the way into a search with vector code.
        let colon = text.bytes().position(|byte| byte == b':');
        let (host, port) = colon.map_or((text, ""), |at| (&text[..at], &text[at + 1..]));
        if host.is_empty() || !class::is_reg_name(host.as_bytes()) {
            return None;
        }
        (host, port)
    };
    if port.is_empty() {
        return Some(Authority { host, port: None });
    }
    // `parse` alone would take a sign.
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    port.parse().ok().map(|port| Authority { host, port: Some(port) })
}

/// The host of a text that [`parse_authority`] has taken.
pub(crate) fn host_of(authority: &str) -> &str {
    match authority.rfind(':') {
        // Colons of an IPv6 address stand in brackets.
        Some(colon) if !authority.ends_with(']') => &authority[..colon],
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_what_was_read_is_found_without_reading_it_again() {
        for text in [
            "a",
            "shop.example:80",
            "shop.example:",
            "10.0.0.1:8080",
            "[::1]",
            "[2001:db8::7]:443",
            "[::1]:",
        ] {
            assert_eq!(
                parse_authority(text).map(|authority| authority.host),
                Some(host_of(text)),
                "{text}"
            );
        }
    }
}
