//! Whom a request means (spec/runtime.md 12).
//!
//! A page that a browser shows can have its own name resolve to this machine (DNS rebinding) and then ask for changes as if from here. Such
//! requests carry that name, which no request meant for this machine does: it says `localhost` or an address in numbers.

use std::net::IpAddr;

use temblor_http::message::parse_authority;

/// Whether a `host` field has `localhost` or an address in numbers, with a port or without.
pub(crate) fn is_local_or_number(field: &[u8]) -> bool {
    let Some(authority) = std::str::from_utf8(field).ok().and_then(parse_authority) else {
        return false;
    };
    let host = authority.host;
    let number = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || number.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_other_than_localhost_are_told_from_numbers() {
        for good in [
            "localhost",
            "LocalHost:9898",
            "127.0.0.1",
            "127.0.0.1:9898",
            "10.1.2.3:80",
            "[::1]",
            "[::1]:9898",
        ] {
            assert!(is_local_or_number(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "evil.example",
            "evil.example:9898",
            "localhost.evil.example",
            "127.0.0.1.evil.example:9898",
            "localhost:99999",
            "a@localhost",
            "2130706433",
        ] {
            assert!(!is_local_or_number(bad.as_bytes()), "{bad}");
        }
        assert!(!is_local_or_number(b"\xff"));
    }
}
