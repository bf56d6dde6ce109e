//! Version 2: a binary header with typed extras.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;

use super::crc32c::Crc32c;
use super::header::{Header, HeaderError, Parsed, Stated, begins};
use crate::tls::is_pattern;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family and protocol, length.
const FIXED: usize = 16;
/// Longest `UNIQUE_ID`, as the protocol's text has it.
const LONGEST_ID: usize = 128;

mod extra {
    pub(super) const AUTHORITY: u8 = 0x02;
    pub(super) const CRC32C: u8 = 0x03;
    pub(super) const UNIQUE_ID: u8 = 0x05;
}

/// Reads a header.
pub(super) fn parse(bytes: &[u8]) -> Result<Parsed, HeaderError> {
    if !begins(bytes, SIGNATURE) {
        return Err(HeaderError("neither a version 1 nor a version 2 header"));
    }
    let command = bytes.get(12).map(|byte| command(*byte)).transpose()?;
    let family = bytes.get(13).copied();
    if let (Some(Command::Proxy), Some(family)) = (command, family)
        && (family >> 4 > 3 || family & 15 > 2)
    {
        return Err(HeaderError("unknown address family or transport"));
    }
    let (Some(command), Some(family), Some(length)) = (command, family, bytes.get(14..16)) else {
        return Ok(Parsed::Incomplete);
    };
    let end = FIXED + usize::from(u16::from_be_bytes([length[0], length[1]]));
    let Some(header) = bytes.get(..end) else {
        return Ok(Parsed::Incomplete);
    };
    let content = match command {
        // The whole block is to be dropped, whatever it says.
        Command::Local => Header::default(),
        Command::Proxy => proxied(header, family)?,
    };
    Ok(Parsed::Complete(content, end))
}

#[derive(Clone, Copy)]
enum Command {
    Local,
    Proxy,
}

fn command(byte: u8) -> Result<Command, HeaderError> {
    match byte {
        0x20 => Ok(Command::Local),
        0x21 => Ok(Command::Proxy),
        _ => Err(HeaderError("unknown version or command")),
    }
}

/// A complete header of a connection that is passed on.
fn proxied(header: &[u8], family: u8) -> Result<Header, HeaderError> {
    let block = &header[FIXED..];
    let length = match family >> 4 {
        // Where extras would begin is not said, so there are none.
        0 => return Ok(Header::default()),
        1 => 12,
        2 => 36,
        _ => 216,
    };
    let (addresses, extras) = block
        .split_at_checked(length)
        .ok_or(HeaderError("header too short for its addresses"))?;
    let stated = match family {
        0x11 => Some(ends::<4, Ipv4Addr>(addresses)),
        0x21 => Some(ends::<16, Ipv6Addr>(addresses)),
        _ => None,
    };
    let mut content = Header {
        stated: stated.flatten(),
        ..Header::default()
    };
    take_extras(header, extras, &mut content)?;
    Ok(content)
}

/// Two addresses of `N` bytes and two ports; there are as many bytes as that.
fn ends<const N: usize, A: From<[u8; N]> + Into<IpAddr>>(bytes: &[u8]) -> Option<Stated> {
    let (source, rest) = bytes.split_first_chunk::<N>()?;
    let (destination, rest) = rest.split_first_chunk::<N>()?;
    let (source_port, rest) = rest.split_first_chunk::<2>()?;
    let (destination_port, _) = rest.split_first_chunk::<2>()?;
    let end = |address: &[u8; N], port: &[u8; 2]| SocketAddr::new(A::from(*address).into(), u16::from_be_bytes(*port));
    Some(Stated {
        source: end(source, source_port),
        destination: end(destination, destination_port),
    })
}

fn take_extras(header: &[u8], mut extras: &[u8], content: &mut Header) -> Result<(), HeaderError> {
    let mut is_checked = false;
    while let Some((kind, rest)) = extras.split_first() {
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(HeaderError("an extra broken off"))?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (value, rest) = rest.split_at_checked(length).ok_or(HeaderError("an extra broken off"))?;
        let is_first = match *kind {
            extra::AUTHORITY => content.authority.replace(authority(value)?).is_none(),
            extra::UNIQUE_ID => content.unique_id.replace(unique_id(value)?).is_none(),
            extra::CRC32C => {
                let before = header.len() - rest.len() - value.len();
                check(header, before, value)?;
                !std::mem::replace(&mut is_checked, true)
            }
            _ => true,
        };
        if !is_first {
            return Err(HeaderError("an extra given twice"));
        }
        extras = rest;
    }
    Ok(())
}

fn authority(value: &[u8]) -> Result<Box<str>, HeaderError> {
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| is_pattern(text) && !text.starts_with('*'));
    text.map(|text| text.to_ascii_lowercase().into())
        .ok_or(HeaderError("the authority is no host name"))
}

fn unique_id(value: &[u8]) -> Result<Bytes, HeaderError> {
    if value.len() > LONGEST_ID {
        return Err(HeaderError("the unique id is too long"));
    }
    Ok(Bytes::copy_from_slice(value))
}

/// The checksum covers the whole header, its own four bytes at `at` taken as zero.
fn check(header: &[u8], at: usize, value: &[u8]) -> Result<(), HeaderError> {
    let given: [u8; 4] = value.try_into().map_err(|_| HeaderError("a checksum of a wrong size"))?;
    let mut checksum = Crc32c::default();
    checksum.update(&header[..at]);
    checksum.update(&[0; 4]);
    checksum.update(&header[at + given.len()..]);
    if checksum.finish() == u32::from_be_bytes(given) {
        Ok(())
    } else {
        Err(HeaderError("wrong checksum"))
    }
}
