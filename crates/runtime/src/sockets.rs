//! The listening sockets of the process: bound here, or inherited from the process whose place this one takes (spec/proxy.md 2.17).
//!
//! Knows no protocol, and not how sockets come from one process to another. Invariants: of the inherited sockets nothing is accepted before
//! [`Sockets::open`], so that a process that fails while it deploys has taken no connection from the one before it; a socket closes when
//! its last user drops it, for nothing here keeps it open.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::sync::watch;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 4096;

/// See the module's documentation. Clones share everything.
#[derive(Clone, Debug, Default)]
pub struct Sockets(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Of the process before, not used yet.
    inherited: Mutex<Vec<TcpListener>>,
    used: Mutex<Vec<Weak<TcpListener>>>,
    is_open: watch::Sender<bool>,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            inherited: Mutex::default(),
            used: Mutex::default(),
            is_open: watch::Sender::new(true),
        }
    }
}

impl Sockets {
    /// Uses these sockets where their addresses are asked for. They are closed to connections for now.
    pub fn inheriting(sockets: Vec<TcpListener>) -> Self {
        Self(Arc::new(Inner {
            inherited: Mutex::new(sockets),
            used: Mutex::default(),
            is_open: watch::Sender::new(false),
        }))
    }

    /// A socket that listens at an address of this host: an inherited one, or a new one. The first address that can be bound is taken.
    ///
    /// # Errors
    /// The name has no address, or none of them can be bound.
    pub fn listen(&self, host: &str, port: u16) -> io::Result<Arc<TcpListener>> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in (host, port).to_socket_addrs()? {
            let socket = match self.inherited(address) {
                Some(socket) => Ok(socket),
                None => bind(address),
            };
            match socket {
                Ok(socket) => return Ok(self.note(socket)),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn inherited(&self, address: SocketAddr) -> Option<TcpListener> {
        let mut inherited = self.0.inherited.lock();
        let at = inherited
            .iter()
            .position(|socket| socket.local_addr().is_ok_and(|bound| bound == address))?;
        Some(inherited.swap_remove(at))
    }

    fn note(&self, socket: TcpListener) -> Arc<TcpListener> {
        let socket = Arc::new(socket);
        let mut used = self.0.used.lock();
        used.retain(|other| other.strong_count() > 0);
        used.push(Arc::downgrade(&socket));
        socket
    }

    /// The sockets in use, to be handed on.
    pub fn in_use(&self) -> Vec<Arc<TcpListener>> {
        self.0.used.lock().iter().filter_map(Weak::upgrade).collect()
    }

    /// From now on connections are accepted. Inherited sockets that nobody asked for are closed.
    pub fn open(&self) {
        self.0.inherited.lock().clear();
        self.0.is_open.send_replace(true);
    }

    /// Waits until connections may be accepted.
    pub async fn opened(&self) {
        // An error would mean that the sender is gone; it lives as long as `self`.
        let _ = self.0.is_open.subscribe().wait_for(|is_open| *is_open).await;
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::net::{Ipv4Addr, TcpStream};

    use super::*;

    fn is_open(sockets: &Sockets) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            tokio::select! {
                biased;
                () = sockets.opened() => true,
                () = ready(()) => false,
            }
        })
    }

    #[test]
    fn sockets_are_bound_and_can_be_handed_on_while_they_are_used() {
        let sockets = Sockets::default();
        assert!(is_open(&sockets));
        let socket = sockets.listen("127.0.0.1", 0).unwrap();
        let address = socket.local_addr().unwrap();
        assert!(TcpStream::connect(address).is_ok());
        assert_eq!(sockets.in_use().len(), 1);
        assert!(sockets.listen("127.0.0.1", address.port()).is_err());
        drop(socket);
        assert!(sockets.in_use().is_empty());
        assert!(TcpStream::connect(address).is_err());
    }

    #[test]
    fn inherited_sockets_are_used_where_their_address_is_asked_for() {
        let [mine, unused] = [0, 0].map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap());
        let [address, other] = [&mine, &unused].map(|socket| socket.local_addr().unwrap());
        let sockets = Sockets::inheriting(vec![mine, unused]);
        assert!(!is_open(&sockets));
        let socket = sockets.listen("127.0.0.1", address.port()).unwrap();
        assert_eq!(socket.local_addr().unwrap(), address);
        // Somebody else's use of the same address is a mistake, as it is without inheritance.
        assert!(sockets.listen("127.0.0.1", address.port()).is_err());
        sockets.open();
        assert!(is_open(&sockets));
        assert!(TcpStream::connect(address).is_ok());
        assert!(TcpStream::connect(other).is_err());
    }

    #[test]
    fn names_without_an_address_cannot_be_listened_at() {
        assert!(Sockets::default().listen("", 0).is_err());
    }
}
