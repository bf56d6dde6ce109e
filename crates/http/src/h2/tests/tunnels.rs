//! Extended CONNECT (RFC 8441) and the tunnels that it opens.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use ::h2::ext::Protocol;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::h1::Wire;
use crate::testing::read_all;
use crate::tunnel::TunnelEnd;

fn allowing() -> ServerConfig {
    let mut config = config();
    config.http2.extended_connect = true;
    config
}

fn asking(path: &str, protocol: &str) -> HttpRequest<()> {
    let mut request = HttpRequest::connect(format!("http://a.example{path}")).body(()).unwrap();
    request.extensions_mut().insert(Protocol::from(protocol));
    request
}

/// A client with an open tunnel, the other end of that, and the server.
struct Open {
    client: Client,
    server: Server,
    send: SendStream<Bytes>,
    recv: RecvStream,
    upstream: TcpStream,
}

async fn open() -> Open {
    let (near, upstream) = pair().await;
    open_to(Box::new(Wire::new(near.into())), upstream).await
}

async fn open_to(end: Box<dyn TunnelEnd>, upstream: TcpStream) -> Open {
    let (mut client, server) = connect(allowing()).await;
    // The client may only ask when it has seen the server's settings.
    assert_eq!(client.ask(get("/status/200")).await.0.status(), 200);
    *server.script.tunnel.lock() = Some(Tunnel { end, held: Box::new(()) });
    let (response, send) = client.open(asking("/tunnel", "websocket"), false).await;
    let response = timeout(PATIENCE, response).await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    let fields = response.headers();
    assert!(
        fields.get("sec-websocket-accept").is_none() && fields.get("content-length").is_none(),
        "{fields:?}"
    );
    assert_eq!(fields["x-kept"], "1");
    Open {
        client,
        server,
        send,
        recv: response.into_body(),
        upstream,
    }
}

impl Open {
    fn send(&mut self, text: &'static str, is_last: bool) {
        self.send.send_data(Bytes::from_static(text.as_bytes()), is_last).unwrap();
    }

    async fn receive(&mut self) -> Option<Result<Bytes, ::h2::Error>> {
        timeout(PATIENCE, self.recv.data()).await.expect("nothing comes")
    }

    /// Waits for the end of what comes.
    async fn end(&mut self) {
        assert_eq!(self.receive().await.unwrap().unwrap(), "");
        assert!(self.receive().await.is_none());
    }

    async fn reset(&mut self) -> Reason {
        let reset = timeout(PATIENCE, poll_fn(|cx| self.send.poll_reset(cx))).await;
        reset.expect("no reset").unwrap()
    }
}

async fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    timeout(PATIENCE, stream.read_exact(&mut bytes))
        .await
        .expect("nothing comes")
        .unwrap();
    bytes
}

#[tokio::test]
async fn it_shows_as_the_request_of_the_older_version() {
    let (mut client, _server) = connect(allowing()).await;
    client.ask(get("/status/200")).await;
    let (response, _send) = client.open(asking("/head/403", "chat"), false).await;
    let (response, text) = super::read(response).await;
    assert_eq!(response.status(), 403);
    let expected = "GET /head/403 HTTP/2.0\nhost: a.example\nconnection: upgrade\nupgrade: chat\n";
    assert_eq!(text, expected);
}

#[tokio::test]
async fn success_without_a_tunnel_cannot_be_sent() {
    let (mut client, _server) = connect(allowing()).await;
    client.ask(get("/status/200")).await;
    for path in ["/status/200", "/status/204", "/status/299"] {
        let (response, _send) = client.open(asking(path, "chat"), false).await;
        assert_eq!(reset_of(response).await, Some(Reason::INTERNAL_ERROR), "{path}");
    }
}

#[tokio::test]
async fn what_is_no_orderly_request_is_refused() {
    let (mut client, mut server) = connect(allowing()).await;
    client.ask(get("/status/200")).await;
    for (protocol, length) in [("a b", None), ("a,b", None), ("websocket", Some("0"))] {
        let mut request = asking("/x", protocol);
        if let Some(length) = length {
            request.headers_mut().insert("content-length", length.parse().unwrap());
        }
        let (response, _send) = client.open(request, false).await;
        let (response, _) = super::read(response).await;
        assert_eq!(response.status(), 400, "{protocol}");
        assert_eq!(server.logged().await, "bad_request");
    }
    // Without protocol it is the method that nobody takes.
    let plain = HttpRequest::connect("a.example:443").body(()).unwrap();
    let (response, _send) = client.open(plain, false).await;
    assert_eq!(super::read(response).await.0.status(), 501);
}

#[tokio::test]
async fn without_the_setting_it_is_malformed() {
    let (mut client, _server) = connect(config()).await;
    client.ask(get("/status/200")).await;
    assert!(!client.requests.is_extended_connect_protocol_enabled());
    let (response, _send) = client.open(asking("/x", "websocket"), false).await;
    assert_eq!(reset_of(response).await, Some(Reason::PROTOCOL_ERROR));
}

#[tokio::test]
async fn both_sides_talk_and_end_on_their_own() {
    let mut open = open().await;
    assert!(open.client.requests.is_extended_connect_protocol_enabled());
    open.send("ping", false);
    assert_eq!(read(&mut open.upstream, 4).await, b"ping");
    open.upstream.write_all(b"pong").await.unwrap();
    assert_eq!(open.receive().await.unwrap().unwrap(), "pong");
    open.send("", true);
    assert_eq!(open.upstream.read(&mut [0]).await.unwrap(), 0);
    open.upstream.write_all(b"last").await.unwrap();
    assert_eq!(open.receive().await.unwrap().unwrap(), "last");
    open.upstream.shutdown().await.unwrap();
    open.end().await;
    assert!(open.recv.is_end_stream());
    let finished = open.server.script.finished.lock().unwrap();
    assert_eq!(
        (finished.body_received, finished.body_sent, finished.is_complete),
        (4, 8, true)
    );
    assert_eq!(finished.status, Some(Status::OK));
    // The connection goes on.
    assert_eq!(open.client.ask(get("/status/204")).await.0.status(), 204);
}

#[tokio::test]
async fn more_than_the_windows_goes_through_unchanged_in_both_directions() {
    let Open {
        client: _client,
        server: _server,
        mut send,
        mut recv,
        upstream,
    } = open().await;
    let text: Vec<u8> = (0..3_000_000_u32).map(|at| (at * 7 + at / 251) as u8).collect();
    let (mut upstream_read, mut upstream_write) = upstream.into_split();
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let all = async {
        tokio::join!(
            async {
                for part in text.chunks(100_000) {
                    let mut part = Bytes::copy_from_slice(part);
                    while !part.is_empty() {
                        send.reserve_capacity(part.len());
                        let room = poll_fn(|cx| send.poll_capacity(cx)).await.unwrap().unwrap();
                        send.send_data(part.split_to(room.min(part.len())), false).unwrap();
                    }
                }
                send.send_data(Bytes::new(), true).unwrap();
            },
            async {
                upstream_write.write_all(&text).await.unwrap();
                upstream_write.shutdown().await.unwrap();
            },
            async { upstream_read.read_to_end(&mut up).await.unwrap() },
            async {
                while let Some(part) = recv.data().await {
                    let part = part.unwrap();
                    recv.flow_control().release_capacity(part.len()).unwrap();
                    down.extend_from_slice(&part);
                }
            },
        );
    };
    timeout(PATIENCE, all).await.expect("the tunnel hangs");
    assert!(up == text && down == text);
}

#[tokio::test]
async fn a_reset_by_the_client_ends_the_other_side() {
    let mut open = open().await;
    open.send.send_reset(Reason::CANCEL);
    assert_eq!(read_all(&mut open.upstream).await.0, "");
    assert_eq!(open.client.ask(get("/status/204")).await.0.status(), 204);
}

#[tokio::test]
async fn a_client_that_goes_ends_the_other_side() {
    let mut open = open().await;
    open.client.driver.abort();
    drop((open.send, open.recv));
    assert_eq!(read_all(&mut open.upstream).await.0, "");
    open.server.ended().await;
}

#[tokio::test]
async fn a_broken_upstream_resets_the_stream() {
    let mut open = open().await;
    socket2::SockRef::from(&open.upstream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    let (_, unused) = pair().await;
    drop(std::mem::replace(&mut open.upstream, unused));
    assert_eq!(open.reset().await, Reason::CANCEL);
}

#[tokio::test]
async fn the_last_words_of_an_upstream_that_resets_its_connection_arrive() {
    let (unused, _) = pair().await;
    let mut open = open_to(Box::new(Leaving(vec![Bytes::from_static(b"last")], true)), unused).await;
    assert_eq!(open.receive().await.unwrap().unwrap(), "last");
    assert_eq!(open.reset().await, Reason::CANCEL);
}

/// An upstream that takes nothing more, and what it has said; then it ends, or is reset.
struct Leaving(Vec<Bytes>, bool);

impl TunnelEnd for Leaving {
    fn poll_receive(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        Poll::Ready(match self.0.pop() {
            Some(part) => Ok(part),
            None if self.1 => Err(io::ErrorKind::ConnectionReset.into()),
            None => Ok(Bytes::new()),
        })
    }

    fn poll_send(&mut self, _cx: &mut Context<'_>, _bytes: &Bytes) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_finish(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }
}

#[tokio::test]
async fn an_upstream_that_has_ended_and_takes_no_more_ends_the_tunnel_in_order() {
    // More than the client gives room for at once, and less.
    for size in [200_000, 2] {
        end_in_order(size).await;
    }
}

async fn end_in_order(wanted: usize) {
    let (unused, _) = pair().await;
    let part = Bytes::from(vec![b'x'; wanted / 2]);
    let mut open = open_to(Box::new(Leaving(vec![part.clone(), part], false)), unused).await;
    let mut size = 0;
    while let Some(received) = open.receive().await {
        let received = received.unwrap();
        open.recv.flow_control().release_capacity(received.len()).unwrap();
        size += received.len();
    }
    assert_eq!(size, wanted);
    assert_eq!(open.reset().await, Reason::NO_ERROR);
}

#[tokio::test]
async fn nothing_but_data_belongs_into_a_tunnel() {
    let mut open = open().await;
    open.send.send_trailers(HeaderMap::new()).unwrap();
    assert_eq!(open.reset().await, Reason::PROTOCOL_ERROR);
    assert_eq!(read_all(&mut open.upstream).await.0, "");
}

#[tokio::test]
async fn a_drain_leaves_a_tunnel_alone() {
    let mut open = open().await;
    open.server.drain.start();
    open.send("still", false);
    assert_eq!(read(&mut open.upstream, 5).await, b"still");
    open.send("", true);
    open.upstream.shutdown().await.unwrap();
    open.end().await;
    drop((open.send, open.recv, open.client.requests));
    open.server.ended().await;
}
