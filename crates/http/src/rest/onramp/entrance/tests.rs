use std::future::Future;

use temblor_runtime::config::{Field, FromConfig, KeyPath};
use temblor_testkit::{Authority, TlsOptions};
use temblor_value::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;

use super::*;
use crate::testing::{certificate, tls_settings};

const SHORT: Option<Duration> = Some(Duration::from_millis(60));
const LONG: Option<Duration> = Some(Duration::from_secs(10));

fn networks(texts: &[&str]) -> Networks {
    let list = Value::from(texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>());
    Networks::from_config(Field::new(&list, KeyPath::root())).unwrap()
}

fn entrance(proxies: Option<&[&str]>, tls: Option<Arc<TlsServer>>, time: Option<Duration>) -> Entrance {
    Entrance {
        proxies: proxies.map(networks),
        tls,
        time,
    }
}

/// A server with a certificate of `shop.example`, and a client's options.
fn tls() -> (Arc<TlsServer>, TlsOptions) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Test Authority").unwrap();
    let files = authority
        .server(&["shop.example"])
        .unwrap()
        .write(folder.path(), "one")
        .unwrap();
    let server = TlsServer::new(tls_settings(vec![certificate(files)]));
    (Arc::new(server.unwrap()), TlsOptions::trusting(&authority).unwrap())
}

/// What becomes of a connection whose client does this.
async fn open<F: Future<Output = ()>>(
    entrance: &Entrance,
    client: impl FnOnce(TcpStream) -> F,
) -> Result<(Transport, ConnectionInfo), Rejected> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (accepted, _) = listener.accept().await.unwrap();
    tokio::join!(entrance.open(accepted), client(socket)).0
}

/// A client that sends this and then waits for the end.
async fn sending(mut socket: TcpStream, bytes: &[u8]) {
    socket.write_all(bytes).await.unwrap();
    let _ = socket.read(&mut [0]).await;
}

#[tokio::test]
async fn a_stated_source_becomes_the_peer() {
    let entrance = entrance(Some(&["127.0.0.0/8", "::1"]), None, LONG);
    let line = b"PROXY TCP4 192.0.2.7 198.51.100.9 51820 443\r\nGET";
    let (mut transport, info) = open(&entrance, |mut socket| async move { socket.write_all(line).await.unwrap() })
        .await
        .unwrap();
    assert_eq!(info.peer.to_string(), "192.0.2.7:51820");
    assert!(info.socket.peer.ip().is_loopback());
    assert_eq!(
        info.proxied.destination.map(|end| end.to_string()).as_deref(),
        Some("198.51.100.9:443")
    );
    let mut rest = [0; 3];
    transport.read_exact(&mut rest).await.unwrap();
    assert_eq!(&rest, b"GET");
}

#[tokio::test]
async fn a_header_without_addresses_leaves_the_real_ones() {
    let entrance = entrance(Some(&["127.0.0.1"]), None, LONG);
    let opened = open(&entrance, |mut socket| async move {
        socket.write_all(b"PROXY UNKNOWN\r\n").await.unwrap();
    });
    let (_, info) = opened.await.unwrap();
    assert_eq!(info.peer, info.socket.peer);
}

#[tokio::test]
async fn who_must_send_a_header_and_sends_none_is_turned_away() {
    let entrance = entrance(Some(&["127.0.0.1"]), None, LONG);
    for bytes in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"PROXY TCP4 nonsense\r\n"] {
        let result = open(&entrance, |socket| sending(socket, bytes));
        // The client waits for the end, so that the connection must have been closed.
        assert!(matches!(result.await, Err(Rejected::Proxy(_))));
    }
}

#[tokio::test]
async fn a_header_from_others_is_no_header() {
    let entrance = entrance(Some(&["192.0.2.0/24"]), None, LONG);
    let line = b"PROXY TCP4 192.0.2.7 198.51.100.9 51820 443\r\n";
    let (mut transport, info) = open(&entrance, |mut socket| async move { socket.write_all(line).await.unwrap() })
        .await
        .unwrap();
    assert_eq!(info.peer, info.socket.peer);
    let mut first = [0; 5];
    transport.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"PROXY");
}

#[tokio::test]
async fn tls_begins_behind_the_header() {
    let (server, options) = tls();
    let entrance = entrance(Some(&["127.0.0.1"]), Some(server), LONG);
    let connector = TlsConnector::from(Arc::new(options.config().unwrap()));
    let client = |mut socket: TcpStream| async move {
        socket
            .write_all(b"PROXY TCP4 192.0.2.7 198.51.100.9 51820 443\r\n")
            .await
            .unwrap();
        connector.connect("shop.example".try_into().unwrap(), socket).await.unwrap();
    };
    let (transport, info) = open(&entrance, client).await.unwrap();
    assert!(matches!(transport, Transport::Tls(_)));
    assert_eq!(info.peer.to_string(), "192.0.2.7:51820");
    assert_eq!(info.tls.unwrap().sni.as_deref(), Some("shop.example"));
}

#[tokio::test]
async fn header_and_handshake_together_have_limited_time() {
    let silent = |mut socket: TcpStream| async move {
        let _ = socket.read(&mut [0]).await;
    };
    let slow = |mut socket: TcpStream| async move {
        // A byte now and then does not help.
        for byte in b"PROXY TCP4 192.0.2.7 198.51.100.9 51820 443\r\n" {
            if socket.write_all(&[*byte]).await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let header = entrance(Some(&["127.0.0.1"]), None, SHORT);
    assert!(matches!(open(&header, silent).await, Err(Rejected::Late)));
    assert!(matches!(open(&header, slow).await, Err(Rejected::Late)));
    let handshake = entrance(None, Some(tls().0), SHORT);
    assert!(matches!(open(&handshake, silent).await, Err(Rejected::Late)));
    let hello_only = |socket| sending(socket, b"\x16\x03\x01\x00\xff");
    assert!(matches!(open(&handshake, hello_only).await, Err(Rejected::Late)));
}
