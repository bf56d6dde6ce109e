//! Ports for tests.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// First port given out; up to [`END`] systems do not use them for outgoing connections. A port from that other range could be taken
/// by an outgoing connection while a stopped server does not listen at it.
const START: u16 = 10_000;
const END: u16 = 32_000;

/// Ports tried by this process so far.
static NEXT: AtomicU16 = AtomicU16::new(0);

/// Listens at a free loopback port.
pub(crate) fn listen() -> io::Result<TcpListener> {
    let span = END - START;
    // Processes start at different places, so that those running at the same time seldom meet.
    let first = (std::process::id().wrapping_mul(193) % u32::from(span)) as u16;
    for _ in 0..span {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = START + (u32::from(first) + u32::from(step)).rem_euclid(u32::from(span)) as u16;
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            bound => return bound,
        }
    }
    Err(io::Error::new(io::ErrorKind::AddrInUse, "no loopback port is free"))
}

/// A loopback port at which nothing listens now, and which this process was not given before.
pub fn free_port() -> io::Result<u16> {
    Ok(listen()?.local_addr()?.port())
}
