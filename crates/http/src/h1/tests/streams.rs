//! Bodies that are passed on while they arrive, over real sockets: `proxy.md` 2.7, 2.8, 3.2 and the first remark of 1.3.

mod interim;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::cuts;
use crate::body::{Body, Broken, Content, ReadBody};
use crate::connection::{Addresses, ConnectionInfo};
use crate::error::BodyError;
use crate::h1::framing::Framing;
use crate::h1::request_body::{Channel, Intake, Place};
use crate::h1::{BodyReader, Wire, serve};
use crate::message::{Direction, HeaderBlock, Headers, ResponseHead, Status, Version};
use crate::server::{Answer, Handler, Request, Response, ServerConfig, Switch, drain};
use crate::testing::{Feed, PATIENCE, fed, give, pair, read_all, read_to};
use crate::timeouts::ServerTimeouts;
use crate::tunnel::{Tunnel, TunnelBounds};

/// Answers with what the test has prepared.
#[derive(Default)]
struct Prepared {
    bodies: Mutex<VecDeque<Body>>,
    tunnels: Mutex<VecDeque<TcpStream>>,
    release: Notify,
}

impl Handler for Prepared {
    type Notes = ();

    async fn handle(&self, mut request: Request<'_>, (): &mut ()) -> Answer {
        let mut response = Response::new(Status::OK);
        match request.head.target.path() {
            // The request's own body, while it arrives.
            "/echo" => response.body = Content::Stream(request.body.lend()),
            "/read" => {
                let mut body = request.body.lend();
                let mut received = Vec::new();
                let end = loop {
                    match poll_fn(|cx| body.poll_chunk(cx)).await {
                        Ok(Some(chunk)) => received.extend_from_slice(&chunk),
                        Ok(None) => break true,
                        Err(_) => break false,
                    }
                };
                let mut trailers = Vec::new();
                body.visit_trailers(&mut |name, value| trailers.push(format!("{name}={}", String::from_utf8_lossy(value))));
                response.body = match (end, request.body.failure()) {
                    (true, None) => Bytes::from(format!("{}|{}", String::from_utf8_lossy(&received), trailers.join(","))).into(),
                    (false, Some(BodyError::Refused(refusal))) => return Answer::Refuse(refusal),
                    _ => return Answer::Close,
                };
            }
            "/arrived" => {
                let body = request.body.take_arrived();
                response.body = body.unwrap_or(Bytes::from_static(b"not yet")).into();
            }
            "/status/304" => {
                response.status = Status::known(304);
                response.body = self.next();
            }
            "/hints" => {
                if let Some(interim) = request.body.interim() {
                    for (status, text) in [(103, "link: </a>; rel=preload"), (102, "x: y")] {
                        interim.send(interim_head(status, text));
                    }
                }
                tokio::select! {
                    () = request.body.client_gone() => return Answer::Close,
                    () = self.release.notified() => {}
                }
            }
            "/switch" => {
                let end = self.tunnels.lock().pop_front().unwrap();
                return Answer::Switch(Box::new(Switch {
                    headers: HeaderBlock::new(Direction::Response),
                    protocol: "chat".to_owned(),
                    tunnel: Tunnel {
                        end: Box::new(Wire::new(end.into())),
                        held: Box::new(()),
                    },
                    bounds: TunnelBounds {
                        idle: None,
                        stopped: Box::pin(std::future::pending()),
                        held: Box::new(()),
                    },
                }));
            }
            _ => response.body = self.next(),
        }
        Answer::Respond(response)
    }
}

impl Prepared {
    fn next(&self) -> Content {
        Content::Stream(self.bodies.lock().pop_front().unwrap())
    }
}

fn interim_head(status: u16, line: &'static str) -> ResponseHead {
    let parser = &mut crate::h1::ResponseParser::default();
    let mut text = bytes::BytesMut::from(format!("HTTP/1.1 {status} X\r\n{line}\r\n\r\n").as_bytes());
    let limits = crate::limits::ClientLimits::default();
    let message = parser
        .advance(&mut text, &limits, &crate::message::Method::Get)
        .unwrap()
        .unwrap();
    message.head
}

struct Server {
    stream: TcpStream,
    prepared: Arc<Prepared>,
    task: JoinHandle<()>,
}

async fn connect(config: ServerConfig) -> Server {
    let (stream, accepted) = pair().await;
    serve_on(stream, accepted, config)
}

fn serve_on(stream: TcpStream, accepted: TcpStream, config: ServerConfig) -> Server {
    let prepared = Arc::new(Prepared::default());
    let handler = Arc::clone(&prepared);
    let (trigger, signal) = drain();
    let task = tokio::spawn(async move {
        let info = ConnectionInfo::direct(Addresses::of(&accepted).unwrap());
        serve(accepted.into(), &info, &config, signal, &*handler).await;
        drop(trigger);
    });
    Server { stream, prepared, task }
}

impl Server {
    fn prepare(&self, left: Option<u64>, trailers: &'static [(&'static str, &'static str)]) -> Feed {
        let (feed, body) = fed(left, trailers);
        self.prepared.bodies.lock().push_back(body);
        feed
    }

    async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    /// Reads until the text ends so.
    async fn read_to(&mut self, end: &str) -> String {
        read_to(&mut self.stream, end).await
    }

    /// Reads until the connection ends; the flag says whether it was an orderly end.
    async fn read_all(&mut self) -> (String, bool) {
        let (text, end) = read_all(&mut self.stream).await;
        (text, end.is_ok())
    }
}

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn head_of(text: &str) -> &str {
    text.split("\r\n\r\n").next().unwrap()
}

#[tokio::test]
async fn parts_leave_when_they_come() {
    let mut server = connect(ServerConfig::default()).await;
    let feed = server.prepare(Some(10), &[]);
    server.send(GET).await;
    let head = server.read_to("\r\n\r\n").await;
    assert!(
        head.contains("\r\ncontent-length: 10\r\n") && !head.contains("transfer-encoding"),
        "{head}"
    );
    give(&feed, "hello");
    assert_eq!(server.read_to("hello").await, "hello");
    give(&feed, "world");
    assert_eq!(server.read_to("world").await, "world");
    drop(feed);
    // The connection goes on.
    let feed = server.prepare(None, &[]);
    server.send(GET).await;
    let head = server.read_to("\r\n\r\n").await;
    assert!(
        head.contains("\r\ntransfer-encoding: chunked\r\n") && !head.contains("content-length"),
        "{head}"
    );
    give(&feed, "0123456789abcdefg");
    assert_eq!(server.read_to("g\r\n").await, "11\r\n0123456789abcdefg\r\n");
    give(&feed, "h");
    drop(feed);
    assert_eq!(server.read_to("0\r\n\r\n").await, "1\r\nh\r\n0\r\n\r\n");
    let _feed = server.prepare(Some(1), &[]);
    server.send(GET).await;
    server.read_to("\r\n\r\n").await;
}

#[tokio::test]
async fn large_parts_go_through_both_framings_unchanged() {
    let text: Bytes = (0..300_000_u32).map(|at| b'a' + (at % 26) as u8).collect::<Vec<_>>().into();
    for left in [Some(600_001), None] {
        let mut server = connect(ServerConfig::default()).await;
        let feed = server.prepare(left, &[]);
        for part in [text.clone(), text.slice(..1), text.clone()] {
            feed.send(Ok(part)).unwrap();
        }
        drop(feed);
        server.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        let (answer, _) = server.read_all().await;
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        let text = std::str::from_utf8(&text).unwrap();
        let expected = match left {
            Some(_) => format!("{text}a{text}"),
            None => format!("493e0\r\n{text}\r\n1\r\na\r\n493e0\r\n{text}\r\n0\r\n\r\n"),
        };
        assert!(body == expected, "{} bytes", body.len());
    }
}

#[tokio::test]
async fn old_clients_find_the_end_by_the_close() {
    let mut server = connect(ServerConfig::default()).await;
    let feed = server.prepare(None, &[]);
    give(&feed, "text");
    drop(feed);
    server.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await;
    let (answer, is_orderly) = server.read_all().await;
    assert!(is_orderly && answer.ends_with("\r\n\r\ntext"), "{answer}");
    assert!(head_of(&answer).contains("\r\nconnection: close"), "{answer}");
    assert!(
        !answer.contains("content-length") && !answer.contains("transfer-encoding"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_is_not_ended() {
    let broken = || Err(Broken("test"));
    // Chunked: no last chunk.
    let mut server = connect(ServerConfig::default()).await;
    let feed = server.prepare(None, &[]);
    give(&feed, "abc");
    feed.send(broken()).unwrap();
    server.send(GET).await;
    let (answer, _) = server.read_all().await;
    assert!(
        answer.ends_with("\r\n\r\n3\r\nabc\r\n") || answer.ends_with("\r\n\r\n3\r\nabc"),
        "{answer}"
    );
    // Announced length: too few bytes, whether the body breaks or merely ends.
    for is_broken in [true, false] {
        let mut server = connect(ServerConfig::default()).await;
        let feed = server.prepare(Some(5), &[]);
        give(&feed, "abc");
        if is_broken {
            feed.send(broken()).unwrap();
        }
        drop(feed);
        server.send(GET).await;
        let (answer, _) = server.read_all().await;
        assert!(
            answer.contains("\r\ncontent-length: 5\r\n") && answer.ends_with("\r\n\r\nabc"),
            "{answer}"
        );
    }
    // More than announced: not a byte of it may look like the next response.
    let mut server = connect(ServerConfig::default()).await;
    let feed = server.prepare(Some(2), &[]);
    give(&feed, "abc");
    server.send(GET).await;
    let (answer, _) = server.read_all().await;
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    // Until close: an orderly close would be the end of the body.
    let mut server = connect(ServerConfig::default()).await;
    let feed = server.prepare(None, &[]);
    give(&feed, "abc");
    server.send("GET / HTTP/1.0\r\n\r\n").await;
    server.read_to("abc").await;
    feed.send(broken()).unwrap();
    let (_, is_orderly) = server.read_all().await;
    assert!(!is_orderly);
}

#[tokio::test]
async fn messages_without_body_drop_it_and_go_on() {
    let mut server = connect(ServerConfig::default()).await;
    for (request, left, length) in [
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", Some(7), "\r\ncontent-length: 7"),
        ("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", None, ""),
        ("GET /status/304 HTTP/1.1\r\nHost: a\r\n\r\n", Some(7), ""),
    ] {
        let feed = server.prepare(left, &[]);
        server.send(request).await;
        let head = server.read_to("\r\n\r\n").await;
        assert_eq!(head.contains("content-length"), !length.is_empty(), "{head}");
        assert!(head.contains(length) && !head.contains("transfer-encoding"), "{head}");
        timeout(PATIENCE, feed.closed()).await.expect("the body is kept");
    }
}

#[tokio::test]
async fn trailers_go_to_those_who_take_them() {
    for (te, expected) in [
        ("", "1\r\na\r\n0\r\n\r\n"),
        ("TE: gzip\r\n", "1\r\na\r\n0\r\n\r\n"),
        ("TE: gzip, trailers\r\n", "1\r\na\r\n0\r\nx-sum: 1\r\n\r\n"),
    ] {
        let mut server = connect(ServerConfig::default()).await;
        let feed = server.prepare(None, &[("x-sum", "1")]);
        give(&feed, "a");
        drop(feed);
        server
            .send(format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close, te\r\n{te}\r\n"))
            .await;
        let (answer, _) = server.read_all().await;
        assert_eq!(answer.split_once("\r\n\r\n").unwrap().1, expected, "{te}");
    }
}

#[tokio::test]
async fn a_client_that_goes_ends_the_body() {
    for is_reset in [true, false] {
        let mut server = connect(ServerConfig::default()).await;
        let feed = server.prepare(None, &[]);
        give(&feed, "a");
        server.send(GET).await;
        server.read_to("a\r\n").await;
        if is_reset {
            socket2::SockRef::from(&server.stream)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
        }
        drop(server.stream);
        timeout(PATIENCE, feed.closed()).await.expect("the body is kept");
    }
}

#[tokio::test]
async fn a_half_closed_client_stays_where_that_is_allowed() {
    let mut server = connect(ServerConfig {
        half_close: true,
        ..ServerConfig::default()
    })
    .await;
    let feed = server.prepare(None, &[]);
    server.send(GET).await;
    server.read_to("\r\n\r\n").await;
    server.stream.shutdown().await.unwrap();
    give(&feed, "a");
    assert_eq!(server.read_to("a\r\n").await, "1\r\na\r\n");
    drop(feed);
    assert_eq!(server.read_all().await.0, "0\r\n\r\n");
}

/// A body without end that counts what was taken.
struct Endless {
    taken: Arc<Mutex<u64>>,
}

impl ReadBody for Endless {
    fn poll_chunk(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        *self.taken.lock() += 32 << 10;
        Poll::Ready(Ok(Some(vec![0; 32 << 10].into())))
    }

    fn remaining(&self) -> Option<u64> {
        None
    }

    fn visit_trailers(&self, _visit: &mut dyn FnMut(&str, &[u8])) {}
}

#[tokio::test]
async fn a_slow_receiver_slows_the_sender_and_is_reset_in_the_end() {
    let mut server = connect(ServerConfig {
        timeouts: ServerTimeouts {
            write: Some(Duration::from_millis(60)),
            ..ServerTimeouts::default()
        },
        ..ServerConfig::default()
    })
    .await;
    let taken = Arc::default();
    server.prepared.bodies.lock().push_back(Box::new(Endless {
        taken: Arc::clone(&taken),
    }));
    server.send(GET).await;
    server.read_to("\r\n\r\n").await;
    timeout(PATIENCE, server.task).await.expect("the connection stays").unwrap();
    // No more than the sockets' own buffers hold.
    assert!(*taken.lock() < 16 << 20, "{} bytes were taken", taken.lock());
    let mut rest = Vec::new();
    assert!(server.stream.read_to_end(&mut rest).await.is_err(), "no reset");
}

#[tokio::test]
async fn a_lent_body_may_be_cut_anywhere() {
    let chunked =
        "POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n";
    let known = "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde";
    for (text, expected) in [(chunked, "abcde|x-sum=1"), (known, "abcde|")] {
        let body = text.find("\r\n\r\n").unwrap();
        let (head, body) = text.split_at(body);
        for parts in cuts(body.as_bytes()) {
            let mut server = connect(ServerConfig::default()).await;
            server.send(head).await;
            for part in parts {
                server.send(part).await;
                tokio::task::yield_now().await;
            }
            assert!(server.read_to(expected).await.starts_with("HTTP/1.1 200 "));
        }
    }
}

#[tokio::test]
async fn both_directions_go_on_at_the_same_time() {
    let mut server = connect(ServerConfig::default()).await;
    server
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let head = server.read_to("\r\n\r\n").await;
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    for _ in 0..3 {
        server.send("2\r\nhi\r\n").await;
        assert_eq!(server.read_to("hi\r\n").await, "2\r\nhi\r\n");
    }
    server.send("0\r\n\r\n").await;
    assert_eq!(server.read_to("0\r\n\r\n").await, "0\r\n\r\n");
    server
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok")
        .await;
    assert!(server.read_to("\r\n\r\nok").await.contains("\r\ncontent-length: 2\r\n"));
}

#[tokio::test]
async fn an_answer_that_waits_for_its_reader_is_sent_once_while_the_request_goes_on() {
    let (stream, accepted) = pair().await;
    // So little room that parts leave by halves.
    socket2::SockRef::from(&accepted).set_send_buffer_size(4096).unwrap();
    let mut server = serve_on(stream, accepted, ServerConfig::default());
    let text: Vec<u8> = (0..20_000_000_u32).map(|at| (at * 31 + at / 253) as u8).collect();
    server
        .send(format!(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
            text.len()
        ))
        .await;
    server.read_to("\r\n\r\n").await;
    // Parts small enough to be copied behind each other, so that one of them is written half when the sockets are full.
    let mut sent = 0;
    while let Ok(count) = timeout(
        Duration::from_millis(50),
        server.stream.write(&text[sent..text.len().min(sent + 3000)]),
    )
    .await
    {
        sent += count.unwrap();
        assert!(sent < text.len(), "the sockets take everything");
        tokio::task::yield_now().await;
    }
    let (mut read, mut write) = server.stream.split();
    let mut echoed = vec![0; text.len()];
    let both = async {
        tokio::join!(async { write.write_all(&text[sent..]).await.unwrap() }, async {
            read.read_exact(&mut echoed).await.unwrap();
        })
    };
    timeout(PATIENCE, both).await.expect("the echo hangs");
    assert!(echoed == text);
}

#[tokio::test]
async fn reading_the_request_leaves_an_answer_that_has_begun_alone() {
    let (_client, server) = pair().await;
    let config = ServerConfig::default();
    let mut channel = Channel::new(Wire::new(server.into()));
    channel.intake = Intake::new(Framing::Length(5), true, &config);
    channel.start_answer().extend_from_slice(b"answer");
    let mut place = Place::Here(Box::new(channel));
    let mut body = BodyReader {
        place: &mut place,
        config: &config,
        interim: None,
    };
    let mut lent = body.lend();
    let is_pending = poll_fn(|cx| Poll::Ready(lent.poll_chunk(cx).is_pending())).await;
    assert!(is_pending);
    let waiting = place.channel(|channel| channel.wire.write.clone());
    assert_eq!(waiting.as_deref(), Some(&b"answer"[..]));
}

#[tokio::test]
async fn what_has_arrived_with_the_head_can_be_had_at_once() {
    let mut server = connect(ServerConfig::default()).await;
    for (body, expected) in [
        ("Content-Length: 3\r\n\r\nabc", "abc"),
        ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "not yet"),
        ("Content-Length: 3\r\n\r\nab", "not yet"),
    ] {
        server.send(format!("POST /arrived HTTP/1.1\r\nHost: a\r\n{body}")).await;
        server.read_to(expected).await;
    }
}

#[tokio::test]
async fn a_client_is_told_to_continue_when_its_body_is_asked_for() {
    let mut server = connect(ServerConfig::default()).await;
    server
        .send("POST /read HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        .await;
    assert_eq!(server.read_to("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    server.send("abc").await;
    assert!(server.read_to("abc|").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn a_lent_body_that_breaks_the_rules_is_refused() {
    let config = ServerConfig {
        timeouts: ServerTimeouts {
            body: Some(Duration::from_millis(60)),
            ..ServerTimeouts::default()
        },
        limits: crate::limits::ServerLimits {
            body: Some(4),
            ..crate::limits::ServerLimits::default()
        },
        ..ServerConfig::default()
    };
    for (body, status) in [
        ("Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nx\r\n", 400),
        ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n", 413),
        ("Content-Length: 4\r\n\r\nabc", 408),
    ] {
        let mut server = connect(config.clone()).await;
        server.send(format!("POST /read HTTP/1.1\r\nHost: a\r\n{body}")).await;
        let (answer, _) = server.read_all().await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{body}: {answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    }
    // A client that goes in the middle gets nothing.
    let mut server = connect(config).await;
    server
        .send("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabc")
        .await;
    server.stream.shutdown().await.unwrap();
    assert_eq!(server.read_all().await.0, "");
}
