//! Version 1: one line of text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use super::header::{Header, HeaderError, Parsed, Stated, begins};

const START: &[u8] = b"PROXY ";
/// Longest line, its end included.
const LONGEST: usize = 107;

/// Reads a line.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, HeaderError> {
    if !begins(bytes, START) {
        return Err(HeaderError("neither a version 1 nor a version 2 header"));
    }
    let window = &bytes[..bytes.len().min(LONGEST)];
    let Some(end) = window.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
        return incomplete(window, "line too long");
    };
    if window[end] == b'\n' {
        return Err(HeaderError("line ends with a bare line feed"));
    }
    match window.get(end + 1) {
        None => incomplete(window, "line too long"),
        Some(b'\n') => Ok(Parsed::Complete(line(&window[START.len()..end])?, end + 2)),
        Some(_) => Err(HeaderError("carriage return within the line")),
    }
}

fn incomplete(window: &[u8], at_end: &'static str) -> Result<Parsed, HeaderError> {
    if window.len() < LONGEST {
        Ok(Parsed::Incomplete)
    } else {
        Err(HeaderError(at_end))
    }
}

/// What stands between the start and the end of a line.
fn line(text: &[u8]) -> Result<Header, HeaderError> {
    let mut words = text.split(|byte| *byte == b' ');
    let addresses = match words.next() {
        // What follows says nothing that could be relied on.
        Some(b"UNKNOWN") => return Ok(Header::default()),
        Some(b"TCP4") => (address::<Ipv4Addr>(words.next())?, address::<Ipv4Addr>(words.next())?),
        Some(b"TCP6") => (address::<Ipv6Addr>(words.next())?, address::<Ipv6Addr>(words.next())?),
        _ => return Err(HeaderError("unknown protocol")),
    };
    let ports = (port(words.next())?, port(words.next())?);
    if words.next().is_some() {
        return Err(HeaderError("more than four fields behind the protocol"));
    }
    Ok(Header {
        stated: Some(Stated {
            source: SocketAddr::new(addresses.0, ports.0),
            destination: SocketAddr::new(addresses.1, ports.1),
        }),
        ..Header::default()
    })
}

fn address<A: FromStr + Into<IpAddr>>(word: Option<&[u8]>) -> Result<IpAddr, HeaderError> {
    let address = word.and_then(|word| std::str::from_utf8(word).ok()?.parse::<A>().ok());
    address.map(Into::into).ok_or(HeaderError("no address of the protocol"))
}

fn port(word: Option<&[u8]>) -> Result<u16, HeaderError> {
    let is_plain = |word: &&[u8]| word.iter().all(u8::is_ascii_digit) && (*word == b"0" || !word.starts_with(b"0"));
    let port = word
        .filter(is_plain)
        .and_then(|word| std::str::from_utf8(word).ok()?.parse().ok());
    port.ok_or(HeaderError("no port"))
}
