//! The PROXY protocol, incoming (`proxy.md` 2.14): a proxy in front says whose connection it passes on.
//!
//! A header is taken only from connections that must have one; nothing here looks whether there is one. Whatever is not a
//! header by the protocol's text ends the connection.

mod crc32c;
mod header;
mod receive;
mod v1;
mod v2;

pub use header::{Header, HeaderError, Parsed, Stated, parse};
pub(crate) use receive::receive;

#[cfg(test)]
mod tests;
