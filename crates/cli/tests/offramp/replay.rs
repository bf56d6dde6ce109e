//! Bodies on their way that are sent again (spec/proxy.md 4.5, `body_limit`): an upstream dies over part of a body, the next one gets all of it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use socket2::SockRef;
use temblor_testkit::{Deployment, Page};

use crate::world::{BACK, PATIENCE, gate};

const LIMIT: usize = 100_000;

/// A proxy that streams bodies, in front of two upstreams that the test speaks for.
struct World {
    proxy: Deployment,
    upstreams: [TcpListener; 2],
}

impl World {
    fn new(retry: &str) -> Self {
        let upstreams = [0, 1].map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
        let port = |at: usize| upstreams[at].local_addr().unwrap().port();
        let page = Page::new(&page(retry)).unwrap().at(9000, port(0)).at(9001, port(1));
        let proxy = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));
        Self { proxy, upstreams }
    }

    fn client(&self, head: &str) -> Peer {
        let mut client = Peer(TcpStream::connect((Ipv4Addr::LOCALHOST, self.proxy.port())).unwrap());
        client.0.set_read_timeout(Some(PATIENCE)).unwrap();
        client.send(head.as_bytes());
        client
    }

    /// The next connection to an upstream, behind the head of its request.
    fn accept(&self, at: usize) -> Peer {
        self.upstreams[at].set_nonblocking(true).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.upstreams[at].accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).unwrap();
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    let mut peer = Peer(stream);
                    peer.head();
                    return peer;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(error) => panic!("no connection: {error}\n{}", self.proxy.stderr()),
            }
        }
    }

    fn is_untouched(&self, at: usize) -> bool {
        self.upstreams[at].set_nonblocking(true).unwrap();
        self.upstreams[at].accept().is_err()
    }
}

struct Peer(TcpStream);

impl Peer {
    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    fn head(&mut self) -> String {
        let mut text = Vec::new();
        while !text.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).unwrap();
            text.push(byte[0]);
        }
        String::from_utf8(text).unwrap()
    }

    fn exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.read_exact(&mut bytes).unwrap();
        bytes
    }

    /// Reads the content of chunks to the last one.
    fn chunks(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                line.extend(self.exactly(1));
            }
            let size = usize::from_str_radix(std::str::from_utf8(&line).unwrap().trim(), 16).unwrap();
            all.extend(self.exactly(size));
            assert_eq!(self.exactly(2), b"\r\n");
            if size == 0 {
                return all;
            }
        }
    }

    fn die(self) {
        SockRef::from(&self.0).set_linger(Some(Duration::ZERO)).unwrap();
    }

    fn answer(&mut self) {
        self.send(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n");
    }
}

fn page(retry: &str) -> String {
    let gate = gate("", &["a", "b"], "", &["out"]);
    format!(
        "```trickle route.trickle
define qos::retry operator again with backoff = 0, {retry} end;
define qos::roundrobin operator turn with outputs = [\"a\", \"b\"] end;
create operator again;
create operator turn;
select event from in into again;
select event from again into turn;
select event from turn/a into out/a;
select event from turn/b into out/b;
```
{gate}{BACK}"
    )
}

/// Bytes that differ everywhere.
fn content(count: usize) -> Vec<u8> {
    (0..count).map(|at| ((at * at) >> 3) as u8 ^ (at >> 11) as u8).collect()
}

#[test]
fn the_next_upstream_gets_the_whole_body() {
    let world = World::new(&format!("body_limit = {LIMIT}"));
    let body = content(LIMIT);
    let (begin, end) = body.split_at(60_000);
    let mut client = world.client(&format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {LIMIT}\r\n\r\n"));
    client.send(begin);
    let mut first = world.accept(0);
    assert_eq!(first.exactly(begin.len()), begin);
    first.die();
    let mut second = world.accept(1);
    assert_eq!(second.exactly(begin.len()), begin);
    client.send(end);
    assert_eq!(second.exactly(end.len()), end);
    second.answer();
    assert!(client.head().starts_with("HTTP/1.1 201 "));
}

#[test]
fn chunked_bodies_and_bodies_that_were_sent_completely_are_repeated_too() {
    let world = World::new(&format!("body_limit = {LIMIT}, attempts = 3, on = [\"reset\", \"503\"]"));
    let body = content(50_000);
    let mut client = world.client("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for part in body.chunks(7_000) {
        client.send(format!("{:x}\r\n", part.len()).as_bytes());
        client.send(part);
        client.send(b"\r\n");
    }
    client.send(b"0\r\n\r\n");
    let mut first = world.accept(0);
    assert_eq!(first.chunks(), body);
    first.die();
    let mut second = world.accept(1);
    assert_eq!(second.chunks(), body);
    second.send(b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n");
    let mut third = world.accept(0);
    assert_eq!(third.chunks(), body);
    third.answer();
    assert!(client.head().starts_with("HTTP/1.1 201 "));
}

#[test]
fn an_answer_before_the_end_of_the_body_is_repeated_too() {
    let world = World::new(&format!("body_limit = {LIMIT}, on = [\"503\"]"));
    let body = content(LIMIT);
    let (begin, end) = body.split_at(30_000);
    let mut client = world.client(&format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {LIMIT}\r\n\r\n"));
    client.send(begin);
    let mut first = world.accept(0);
    assert_eq!(first.exactly(begin.len()), begin);
    first.send(b"HTTP/1.1 503 Busy\r\ncontent-length: 5\r\n\r\n");
    let mut second = world.accept(1);
    client.send(end);
    assert_eq!(second.exactly(body.len()), body);
    second.answer();
    assert!(client.head().starts_with("HTTP/1.1 201 "));
}

#[test]
fn beyond_the_limit_a_body_is_sent_once() {
    let world = World::new(&format!("body_limit = {LIMIT}"));
    let body = content(LIMIT + 1);
    for framing in [
        format!("Content-Length: {}", body.len()),
        "Transfer-Encoding: chunked".to_owned(),
    ] {
        let mut client = world.client(&format!("PUT / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n"));
        let mut upstream = if framing.starts_with("Content-Length") {
            client.send(&body);
            let mut upstream = world.accept(0);
            assert_eq!(upstream.exactly(body.len()), body);
            upstream
        } else {
            client.send(format!("{:x}\r\n", body.len()).as_bytes());
            client.send(&body);
            client.send(b"\r\n0\r\n\r\n");
            let mut upstream = world.accept(1);
            assert_eq!(upstream.chunks(), body);
            upstream
        };
        upstream.0.flush().unwrap();
        upstream.die();
        assert!(client.head().starts_with("HTTP/1.1 503 "));
    }
    assert!(world.is_untouched(0) && world.is_untouched(1));
}

#[test]
fn nothing_of_the_body_is_lost_where_nothing_was_sent() {
    // One of the two is not there at all; the limit does not matter.
    let mut world = World::new("body_limit = 1");
    world.upstreams[0] = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let body = content(LIMIT);
    let mut client = world.client(&format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {LIMIT}\r\n\r\n"));
    client.send(&body);
    let mut second = world.accept(1);
    assert_eq!(second.exactly(body.len()), body);
    second.answer();
    assert!(client.head().starts_with("HTTP/1.1 201 "));
}

#[test]
fn what_must_not_happen_twice_is_sent_once() {
    let world = World::new(&format!("body_limit = {LIMIT}"));
    let mut client = world.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
    client.send(b"12345");
    let mut first = world.accept(0);
    assert_eq!(first.exactly(5), b"12345");
    first.die();
    assert!(client.head().starts_with("HTTP/1.1 503 "));
    assert!(world.is_untouched(1));
}
