//! Connections with TLS (`proxy.md` 2.3, 2.13).

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::h1::Wire;
use crate::testing::trusted;
use crate::tls::{TlsServer, TlsSocket};

const SHORT: Duration = Duration::from_millis(60);
const LONG: Duration = Duration::from_secs(10);

/// A listener that shows a certificate of `127.0.0.1`, and a connector that trusts it.
struct Peer {
    listener: TcpListener,
    server: TlsServer,
    connector: Connector,
    endpoint: Endpoint,
}

async fn peer(names: &[&str]) -> Peer {
    let (server, client) = trusted(names, vec![Alpn::Http11]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Peer {
        endpoint: Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port()).with_tls(true),
        listener,
        server,
        connector: Connector::new(Duration::from_secs(30), Family::Any, Arc::new(client)),
    }
}

fn time(each: Option<Duration>, all: Option<Duration>) -> ConnectTime {
    ConnectTime { each, end: after(all) }
}

impl Peer {
    async fn accept(&self) -> TcpStream {
        self.listener.accept().await.unwrap().0
    }

    async fn meet(&self) -> (Transport, TlsSocket) {
        let accepting = async { self.server.accept(self.accept().await).await.unwrap().0 };
        let (connected, accepted) = tokio::join!(
            self.connector
                .connect(&self.endpoint, false, &[Alpn::Http11], time(Some(LONG), None)),
            accepting
        );
        (connected.unwrap(), accepted)
    }

    async fn kind(&self, time: ConnectTime, server: impl Future<Output = ()>) -> UpstreamErrorKind {
        let (connected, ()) = tokio::join!(self.connector.connect(&self.endpoint, false, &[Alpn::Http11], time), server);
        connected.unwrap_err().kind
    }
}

/// Whether the other side is noticed within a second.
async fn stirs(wire: &mut Wire) -> bool {
    for _ in 0..1000 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        if !wire.is_quiet() {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn bytes_travel_both_ways() {
    let peer = peer(&["127.0.0.1"]).await;
    let (mut transport, mut server) = peer.meet().await;
    transport.write_all(b"ping").await.unwrap();
    transport.flush().await.unwrap();
    let mut bytes = [0; 4];
    server.read_exact(&mut bytes).await.unwrap();
    server.write_all(&bytes).await.unwrap();
    server.flush().await.unwrap();
    transport.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"ping");
}

#[tokio::test]
async fn tickets_that_arrive_later_leave_a_connection_usable() {
    let peer = peer(&["127.0.0.1"]).await;
    let (transport, mut server) = peer.meet().await;
    let Transport::Tls(socket) = &transport else {
        panic!("no TLS")
    };
    // The tickets of TLS 1.3, which the client has not looked at yet.
    socket.socket().readable().await.unwrap();
    let mut wire = Wire::new(transport);
    assert!(wire.is_quiet());
    assert!(wire.is_quiet());
    server.write_all(b"x").await.unwrap();
    server.flush().await.unwrap();
    assert!(stirs(&mut wire).await, "input was not noticed");
}

#[tokio::test]
async fn a_closed_connection_is_not_quiet() {
    let peer = peer(&["127.0.0.1"]).await;
    for is_orderly in [true, false] {
        let (transport, mut server) = peer.meet().await;
        let mut wire = Wire::new(transport);
        assert!(wire.is_quiet());
        if is_orderly {
            server.shutdown().await.unwrap();
        } else {
            drop(server);
        }
        assert!(stirs(&mut wire).await, "orderly: {is_orderly}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_who_it_should_be_is_outcome_tls() {
    let peer = peer(&["other.example"]).await;
    let server = async {
        let _ = peer.server.accept(peer.accept().await).await;
    };
    assert_eq!(peer.kind(time(Some(LONG), None), server).await, UpstreamErrorKind::Tls);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_outcome_tls() {
    let peer = peer(&["127.0.0.1"]).await;
    let plain = async {
        peer.accept()
            .await
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
    };
    assert_eq!(peer.kind(time(Some(LONG), None), plain).await, UpstreamErrorKind::Tls);
    let closing = async { drop(peer.accept().await) };
    assert_eq!(peer.kind(time(Some(LONG), None), closing).await, UpstreamErrorKind::Tls);
}

#[tokio::test]
async fn a_handshake_has_the_time_of_connecting_again() {
    let peer = peer(&["127.0.0.1"]).await;
    // Nobody accepts: the system completes the connection, and then nothing comes.
    let begun = Instant::now();
    assert_eq!(peer.kind(time(Some(SHORT), None), async {}).await, UpstreamErrorKind::Tls);
    assert!(begun.elapsed() >= SHORT);
    assert_eq!(
        peer.kind(time(Some(LONG), Some(SHORT)), async {}).await,
        UpstreamErrorKind::Timeout
    );
    assert_eq!(peer.kind(time(None, Some(SHORT)), async {}).await, UpstreamErrorKind::Timeout);
}

/// How an address behaves: it answers after so many milliseconds, with success or without; never, if there is no time.
type Manner = (Option<u64>, bool);

/// Which of them is connected, after how many milliseconds; `None`: none.
async fn winner(manners: &[Manner]) -> (Option<u16>, u128) {
    let begun = Instant::now();
    let addresses: Vec<SocketAddr> = (0..manners.len()).map(|port| ([127, 0, 0, 1], port as u16).into()).collect();
    let won = race(&addresses, |address| {
        let (after, succeeds) = manners[usize::from(address.port())];
        Box::pin(async move {
            match after {
                Some(after) => sleep(Duration::from_millis(after)).await,
                None => std::future::pending().await,
            }
            if succeeds {
                Ok(address.port())
            } else {
                Err(io::ErrorKind::ConnectionRefused.into())
            }
        })
    });
    (won.await.ok(), begun.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn the_next_address_is_tried_beside_one_that_does_not_answer() {
    let (yes, no, silent) = (true, false, (None, false));
    for (manners, expected) in [
        (vec![(Some(10), yes), (Some(0), yes)], (Some(0), 10)),
        (vec![(Some(10), no), (Some(5), yes)], (Some(1), 15)),
        (vec![silent, (Some(5), yes)], (Some(1), 255)),
        (vec![silent, silent, (Some(5), yes)], (Some(2), 505)),
        // The first may still win.
        (vec![(Some(300), yes), (Some(100), yes)], (Some(0), 300)),
        // One that fails makes room for the next at once, and the wait begins anew.
        (vec![silent, (Some(10), no), silent, (Some(5), yes)], (Some(3), 515)),
        (vec![(Some(300), no), (Some(400), no)], (None, 650)),
    ] {
        assert_eq!(winner(&manners).await, expected, "{manners:?}");
    }
}
