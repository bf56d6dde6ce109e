//! Ports for tests.
//!
//! Nothing holds a port between its choice and the moment when a program listens there, and tests run in several processes at a time. So a
//! process claims whole blocks: it listens at the first port of a block until it ends, and others keep away from the rest of it.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

use parking_lot::Mutex;

/// First port of the first block; systems do not use those up to the end of the last one for outgoing connections. A port from that other
/// range could be taken by an outgoing connection while a stopped server does not listen at it.
const START: u16 = 10_000;
const BLOCKS: u16 = 220;
/// Ports of a block, the first one included.
const BLOCK: u16 = 100;

/// What this process has claimed.
static CLAIMS: Mutex<Claims> = Mutex::new(Claims::new());

/// The blocks of a process.
#[derive(Debug)]
struct Claims {
    /// Listen at the first ports.
    held: Vec<TcpListener>,
    /// Ports of the last block that were not given out yet.
    left: Range<u16>,
}

impl Claims {
    const fn new() -> Self {
        Self {
            held: Vec::new(),
            left: 0..0,
        }
    }

    fn listen(&mut self) -> io::Result<TcpListener> {
        loop {
            let Some(port) = self.left.next() else {
                self.claim()?;
                continue;
            };
            if let Some(listener) = bind(port)? {
                return Ok(listener);
            }
        }
    }

    /// Claims a further block.
    fn claim(&mut self) -> io::Result<()> {
        // Processes begin at different places, so that a block seldom passes from one to the next at once.
        let begin = (std::process::id() % u32::from(BLOCKS)) as u16;
        for step in 0..BLOCKS {
            let first = START + (begin + step) % BLOCKS * BLOCK;
            if let Some(listener) = bind(first)? {
                self.held.push(listener);
                self.left = first + 1..first + BLOCK;
                return Ok(());
            }
        }
        Err(io::Error::new(io::ErrorKind::AddrInUse, "no loopback ports are free"))
    }
}

/// Listens at a port, unless something does already.
fn bind(port: u16) -> io::Result<Option<TcpListener>> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(None),
        bound => bound.map(Some),
    }
}

/// Listens at a free loopback port.
pub(crate) fn listen() -> io::Result<TcpListener> {
    CLAIMS.lock().listen()
}

/// A loopback port at which nothing listens now, and which neither this process nor another one that runs now was given before.
pub fn free_port() -> io::Result<u16> {
    Ok(listen()?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_port_is_given_out_twice() {
        // As two processes would, beginning at the same place.
        let mut claims = [Claims::new(), Claims::new()];
        let mut given = HashSet::new();
        for _ in 0..BLOCK + 10 {
            for claims in &mut claims {
                let port = claims.listen().unwrap().local_addr().unwrap().port();
                assert!(given.insert(port), "{port}");
            }
        }
    }
}
