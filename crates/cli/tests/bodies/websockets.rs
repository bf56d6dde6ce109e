//! WebSockets between clients and upstreams of either version (spec/proxy.md 2.9, RFC 8441).
#![allow(clippy::unwrap_used)] // helpers of tests

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use temblor_testkit::{Http2Client, Http2Request, Http2Stream, Http2Upstream, Reason, wait_until, websocket_accept};

use crate::world::{PATIENCE, Peer, Setup, World};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const HTTP2: &str = "http2: {cleartext: true}";
const WEBSOCKET: &str = "upgrade: [websocket]";

fn setup(is_http2: bool) -> Setup {
    Setup {
        onramp: vec![WEBSOCKET, HTTP2],
        offramp: if is_http2 {
            vec![WEBSOCKET, "protocol: http2"]
        } else {
            vec![WEBSOCKET]
        },
        counts: true,
        ..Setup::default()
    }
}

/// A proxy before an upstream that gives back what comes, until a part `bye`; see [`Http2Upstream`].
struct Echo {
    world: World,
    http2: Option<Http2Upstream>,
    /// Tunnels over HTTP/1.1 that broke.
    broken: Arc<AtomicUsize>,
}

impl Echo {
    fn new(is_http2: bool) -> Self {
        Self::of(setup(is_http2), is_http2)
    }

    fn of(setup: Setup, is_http2: bool) -> Self {
        let broken = Arc::new(AtomicUsize::new(0));
        if is_http2 {
            let upstream = Http2Upstream::start_taking_switches().unwrap();
            return Self {
                world: World::before(setup, upstream.port()),
                http2: Some(upstream),
                broken,
            };
        }
        let world = World::new(setup);
        let (listener, count) = (world.listener.try_clone().unwrap(), Arc::clone(&broken));
        thread::spawn(move || serve(&listener, &count));
        Self {
            world,
            http2: None,
            broken,
        }
    }

    /// Tunnels that the upstream has seen break.
    fn broken(&self) -> usize {
        match &self.http2 {
            Some(upstream) => upstream.resets(),
            None => self.broken.load(Ordering::Relaxed),
        }
    }

    fn tunnels(&self) -> f64 {
        self.world.proxy.metrics().unwrap().value("temblor_http_tunnels", &[])
    }

    fn client(&self, is_http2: bool, path: &str) -> (u16, Client) {
        if !is_http2 {
            let mut peer = self.world.client(&format!(
                "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {KEY}\r\n\
                 Sec-WebSocket-Version: 13\r\n\r\n"
            ));
            let head = peer.read_to("\r\n\r\n");
            return (head[9..12].parse().unwrap(), Client::Http1 { peer, head });
        }
        let client = Http2Client::connect(self.world.proxy.port()).unwrap();
        let mut request = Http2Request::switch(path, "websocket");
        request.headers.push(("sec-websocket-version", "13".to_owned()));
        let mut stream = client.open(&request).unwrap();
        let status = stream
            .head()
            .unwrap_or_else(|error| panic!("{error}\n{}", self.world.proxy.stderr()));
        (
            status,
            Client::Http2 {
                client,
                stream: Box::new(stream),
            },
        )
    }

    /// A client with an open tunnel.
    fn open(&self, is_http2: bool) -> Client {
        let (status, mut client) = self.client(is_http2, "/chat");
        if is_http2 {
            assert_eq!(status, 200);
            assert_eq!(client.header("sec-websocket-accept"), None);
        } else {
            assert_eq!(status, 101);
            assert_eq!(client.header("sec-websocket-accept"), Some(websocket_accept(KEY)));
            assert_eq!(client.header("upgrade").as_deref(), Some("websocket"));
        }
        let expected = match &self.http2 {
            Some(_) => "CONNECT /|websocket|false",
            None => "GET /|websocket|true",
        };
        assert_eq!(client.header("x-told").as_deref(), Some(expected));
        client
    }
}

/// Answers clients of HTTP/1.1 for ever, one thread each.
fn serve(listener: &TcpListener, broken: &Arc<AtomicUsize>) {
    while let Ok((socket, _)) = listener.accept() {
        let broken = Arc::clone(broken);
        thread::spawn(move || {
            if tunnel(socket).is_err() {
                broken.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
}

fn tunnel(mut socket: TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        socket.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let (upgrade, key) = (field("upgrade:").unwrap_or_default(), field("sec-websocket-key:"));
    let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
    let accept = websocket_accept(key.unwrap_or_default());
    write!(
        socket,
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\
         x-told: {line}|{upgrade}|{}\r\n\r\n",
        key.is_some()
    )?;
    let mut is_over = false;
    let mut space = vec![0; 1 << 16];
    loop {
        let count = socket.read(&mut space)?;
        if count == 0 {
            return Ok(());
        }
        if !is_over {
            socket.write_all(&space[..count])?;
            is_over = &space[..count] == b"bye";
            if is_over {
                socket.shutdown(Shutdown::Write)?;
            }
        }
    }
}

/// A client that has asked for a WebSocket.
enum Client {
    Http1 { peer: Peer, head: String },
    Http2 { client: Http2Client, stream: Box<Http2Stream> },
}

impl Client {
    fn header(&mut self, name: &str) -> Option<String> {
        match self {
            Client::Http1 { head, .. } => {
                let value = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                value.map(str::to_owned)
            }
            Client::Http2 { stream, .. } => stream.header(name).unwrap(),
        }
    }

    /// Sends a text and reads what comes back, both at the same time.
    fn talk(&mut self, text: &[u8]) -> Vec<u8> {
        match self {
            Client::Http1 { peer, .. } => {
                let (mut writing, mut reading) = (peer.stream(), peer.stream());
                let mut back = vec![0; text.len()];
                thread::scope(|scope| {
                    scope.spawn(move || writing.write_all(text).unwrap());
                    reading.read_exact(&mut back).unwrap();
                });
                back
            }
            Client::Http2 { stream, .. } => stream.talk(text).unwrap(),
        }
    }

    /// Ends the sending direction.
    fn finish(&mut self) {
        match self {
            Client::Http1 { peer, .. } => peer.half_close(),
            Client::Http2 { stream, .. } => stream.send(b"", true).unwrap(),
        }
    }

    /// Waits for the orderly end of what comes.
    fn end(&mut self) {
        match self {
            Client::Http1 { peer, .. } => assert_eq!(peer.stream().read(&mut [0]).unwrap(), 0),
            Client::Http2 { stream, .. } => assert_eq!(stream.read(1).unwrap(), b""),
        }
    }

    /// Breaks the tunnel off.
    fn leave(self) {
        match self {
            Client::Http1 { peer, .. } => drop(peer),
            Client::Http2 { mut stream, .. } => stream.reset(),
        }
    }
}

/// Every version of a client before every version of an upstream.
fn each(test: impl Fn(&Echo, bool)) {
    for is_http2 in [false, true] {
        let echo = Echo::new(is_http2);
        for client in [false, true] {
            test(&echo, client);
        }
    }
}

#[test]
fn all_versions_talk_to_each_other() {
    each(|echo, version| {
        let mut client = echo.open(version);
        assert_eq!(client.talk(b"ping"), b"ping");
        assert_eq!(client.talk(b"and again"), b"and again");
        assert_eq!(echo.tunnels(), 1.0);
        client.finish();
        client.end();
        assert!(wait_until(PATIENCE, || echo.tunnels() == 0.0));
        assert_eq!(echo.broken(), 0);
    });
}

#[test]
fn more_than_the_windows_goes_through_unchanged() {
    let text: Vec<u8> = (0..2_000_000_u32).map(|at| (at * 7 + at / 251) as u8).collect();
    each(|echo, version| {
        let mut client = echo.open(version);
        assert!(client.talk(&text) == text);
        client.finish();
        client.end();
    });
}

#[test]
fn the_upstream_may_end_first() {
    each(|echo, version| {
        let mut client = echo.open(version);
        assert_eq!(client.talk(b"bye"), b"bye");
        client.end();
        client.finish();
        assert!(wait_until(PATIENCE, || echo.tunnels() == 0.0));
    });
}

#[test]
fn a_client_that_breaks_off_ends_the_other_side() {
    each(|echo, version| {
        let before = echo.broken();
        let mut client = echo.open(version);
        assert_eq!(client.talk(b"ping"), b"ping");
        client.leave();
        assert!(
            wait_until(PATIENCE, || echo.tunnels() == 0.0),
            "{}",
            echo.world.proxy.stderr()
        );
        // A connection that is closed looks like an orderly end; a stream that is reset does not.
        if version && echo.http2.is_some() {
            assert!(wait_until(PATIENCE, || echo.broken() == before + 1));
        }
    });
}

#[test]
fn tunnels_share_a_connection_with_other_requests() {
    let echo = Echo::new(true);
    let Client::Http2 { client, mut stream } = echo.open(true) else {
        panic!("not over HTTP/2");
    };
    for _ in 0..3 {
        assert_eq!(stream.talk(b"ping").unwrap(), b"ping");
        let response = client.ask(&Http2Request::get("/tell")).unwrap();
        assert_eq!(response.status, 200);
    }
    let mut second = client.open(&Http2Request::switch("/chat", "websocket")).unwrap();
    assert_eq!(second.talk(b"pong").unwrap(), b"pong");
    assert_eq!(echo.http2.as_ref().unwrap().connections(), 1);
}

#[test]
fn a_refused_switch_is_an_ordinary_answer() {
    let refusing = |is_http2: bool| Setup {
        script: Some("let $endpoint.path = $request.url.path; event"),
        ..setup(is_http2)
    };
    // By an upstream with HTTP/2.
    let echo = Echo::of(refusing(true), true);
    for version in [false, true] {
        let (status, mut client) = echo.client(version, "/no");
        assert_eq!(status, 403);
        assert_eq!(client.header("x-told").as_deref(), Some("CONNECT /no|websocket|false"));
        match client {
            Client::Http1 { mut peer, .. } => assert_eq!(peer.read_to("no"), "no"),
            Client::Http2 { stream, .. } => assert_eq!(stream.response().unwrap().body, b"no"),
        }
    }
    // By one with HTTP/1.1. What tells of success would open a tunnel, so that is no answer for a client with HTTP/2.
    let world = World::new(refusing(false));
    let client = Http2Client::connect(world.proxy.port()).unwrap();
    for (answer, status) in [
        ("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno", 401),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", 500),
        ("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n", 503),
    ] {
        let mut stream = client.open(&Http2Request::switch("/", "websocket")).unwrap();
        let (mut upstream, head) = world.requested();
        assert!(head.contains("\r\nsec-websocket-key: "), "{head}");
        upstream.send(answer);
        assert_eq!(stream.head().unwrap(), status, "{answer}\n{}", world.proxy.stderr());
    }
}

#[test]
fn an_upstream_that_does_not_allow_it_gets_an_ordinary_request() {
    let upstream = Http2Upstream::start(100).unwrap();
    let world = World::before(setup(true), upstream.port());
    let mut client = world.client("GET /tell HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    let head = client.read_to("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    client.read_to("\"method\":\"GET\"");
}

#[test]
fn what_is_not_listed_is_not_taken() {
    let echo = Echo::new(true);
    let client = Http2Client::connect(echo.world.proxy.port()).unwrap();
    let mut stream = client.open(&Http2Request::switch("/", "chat")).unwrap();
    assert_eq!(stream.head().unwrap(), 501);
    assert_eq!(stream.response().unwrap().json()["reason"], "not_implemented");
    assert!(client.allows_switch());
    // Without a list it is not announced.
    let upstream = Http2Upstream::start_taking_switches().unwrap();
    let without = Setup {
        onramp: vec![HTTP2],
        ..setup(true)
    };
    let world = World::before(without, upstream.port());
    let client = Http2Client::connect(world.proxy.port()).unwrap();
    assert_eq!(client.ask(&Http2Request::get("/tell")).unwrap().status, 200);
    assert!(!client.allows_switch());
    let mut stream = client.open(&Http2Request::switch("/", "websocket")).unwrap();
    stream.head().unwrap_err();
    assert_eq!(stream.reset_reason().unwrap(), Reason::PROTOCOL_ERROR);
    // And one that only the offramp does not list is asked as usual: success cannot be told then.
    let without = Setup {
        onramp: vec![WEBSOCKET, HTTP2],
        offramp: vec!["protocol: http2"],
        ..Setup::default()
    };
    let world = World::before(without, upstream.port());
    let client = Http2Client::connect(world.proxy.port()).unwrap();
    let mut stream = client.open(&Http2Request::switch("/tell", "websocket")).unwrap();
    assert_eq!(stream.head().unwrap(), 500);
    assert_eq!(upstream.requests(), 2);
}

#[test]
fn programs_see_the_request_of_the_older_version() {
    let script = "match $request of \
                  case %{ method == \"GET\", headers ~= %{ upgrade == [\"websocket\"], connection == [\"upgrade\"] } } => event \
                  default => drop end";
    for is_http2 in [false, true] {
        let echo = Echo::of(
            Setup {
                script: Some(script),
                ..setup(is_http2)
            },
            is_http2,
        );
        assert_eq!(echo.open(true).talk(b"ping"), b"ping");
    }
}

#[test]
fn tunnels_are_counted_for_both_versions() {
    let mut limited = setup(true);
    limited.onramp.push("limits: {tunnels: 1}");
    let echo = Echo::of(limited, true);
    let first = echo.open(true);
    let (status, _) = echo.client(true, "/chat");
    assert_eq!(status, 503);
    first.leave();
    assert!(wait_until(PATIENCE, || echo.tunnels() == 0.0));
    echo.open(true);
}

#[test]
fn silence_and_the_end_of_the_drain_end_streams_as_well() {
    let mut quiet = setup(true);
    quiet.onramp.push("timeouts: {tunnel: 200ms}");
    let echo = Echo::of(quiet, true);
    let Client::Http2 { mut stream, .. } = echo.open(true) else {
        panic!("not over HTTP/2");
    };
    assert_eq!(stream.reset_reason().unwrap(), Reason::CANCEL);
    assert!(wait_until(PATIENCE, || echo.broken() == 1));

    let mut draining = setup(true);
    draining.process.push("drain: 500ms");
    let mut echo = Echo::of(draining, true);
    let Client::Http2 { client, mut stream } = echo.open(true) else {
        panic!("not over HTTP/2");
    };
    echo.world.proxy.terminate().unwrap();
    // Not at the beginning of the drain.
    assert_eq!(stream.talk(b"still").unwrap(), b"still");
    assert_eq!(stream.reset_reason().unwrap(), Reason::CANCEL);
    drop(stream);
    assert_eq!(client.ended().unwrap(), Reason::NO_ERROR);
    assert!(echo.world.proxy.wait(PATIENCE + Duration::from_secs(1)).is_ok());
}

#[test]
fn a_tunnel_is_logged_at_its_end_with_what_went_through() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    let setting = format!(
        "access_log: {{to: {}, format: \"%{{method}} %{{status}} %{{in}} %{{out}} %{{complete}}\"}}",
        log.display()
    );
    let mut logging = setup(true);
    logging.onramp.push(setting.leak());
    let echo = Echo::of(logging, true);
    let mut client = echo.open(true);
    client.talk(b"ping");
    client.talk(b"pong");
    let text = || std::fs::read_to_string(&log).unwrap();
    assert_eq!(text(), "", "it is not over");
    client.finish();
    client.end();
    assert!(wait_until(PATIENCE, || text() == "GET 200 8 8 true\n"), "{}", text());
}
