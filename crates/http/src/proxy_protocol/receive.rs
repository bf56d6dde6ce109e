//! Taking the header off a connection.

use std::io;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::header::{Header, Parsed, parse};

/// Bytes looked at in one go; more than any header without long extras has.
const LOOK: usize = 256;

/// Reads a header and not one byte more: what follows is looked at, but stays in the socket. The caller limits the time.
pub(crate) async fn receive(socket: &mut TcpStream) -> io::Result<Header> {
    let mut taken = Vec::new();
    loop {
        let before = taken.len();
        taken.resize(before + LOOK, 0);
        let seen = socket.peek(&mut taken[before..]).await?;
        taken.truncate(before + seen);
        if seen == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let parsed = parse(&taken).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let own = match &parsed {
            Parsed::Incomplete => taken.len(),
            Parsed::Complete(_, length) => *length,
        };
        socket.read_exact(&mut taken[before..own]).await?;
        if let Parsed::Complete(header, _) = parsed {
            return Ok(header);
        }
    }
}
