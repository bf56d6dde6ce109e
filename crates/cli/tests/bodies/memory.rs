//! Memory for bodies that have to be held: `limits.buffer`, and the budget of the process (spec/proxy.md 2.2, 3.3 and 7).

use crate::world::{Peer, Setup, World};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn text(length: usize) -> String {
    format!("\"{}\"", "x".repeat(length - 2))
}

fn put(length: usize, body: &str) -> String {
    format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn world() -> World {
    World::new(Setup {
        codec: Some("json"),
        process: vec!["memory: {buffers: 100000}"],
        ..Setup::default()
    })
}

fn answer_ok(upstream: &mut Peer, client: &mut Peer) {
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\"ok\"");
    assert!(client.read_to("\"ok\"").starts_with("HTTP/1.1 200 OK\r\n"));
}

#[test]
fn a_request_for_which_no_memory_is_left_is_answered_503() {
    let world = world();
    let mut client = world.client(&put(150_000, &text(150_000)));
    let answer = client.read_to("}");
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nretry-after: 1\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("\r\nconnection: close\r\n") && answer.ends_with("\"reason\":\"buffer_full\"}"),
        "{answer}"
    );
    // Together: what one holds another cannot have, until it is through.
    let body = text(60_000);
    let mut first = world.client(&put(60_000, &body));
    let (mut upstream, _) = world.requested();
    let mut second = world.client(&put(60_000, &body));
    assert!(second.read_to("}").ends_with("\"buffer_full\"}"));
    upstream.read_to("x\"");
    answer_ok(&mut upstream, &mut first);
    let mut third = world.client(&put(60_000, &body));
    upstream.read_to("x\"");
    answer_ok(&mut upstream, &mut third);
}

#[test]
fn a_response_for_which_no_memory_is_left_is_too_large() {
    let world = world();
    let mut client = world.client(GET);
    let (mut upstream, _) = world.requested();
    let body = text(150_000);
    upstream.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 150000\r\n\r\n{body}"));
    let answer = client.read_to("}");
    assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("TooLarge"), "{answer}");
}

#[test]
fn streams_need_no_budget() {
    let world = World::new(Setup {
        process: vec!["memory: {buffers: 1000}"],
        onramp: vec!["limits: {buffer: 1000}"],
        offramp: vec!["limits: {buffer: 1000}"],
        ..Setup::default()
    });
    let body = text(100_000);
    let mut client = world.client(&put(100_000, &body));
    let (mut upstream, _) = world.requested();
    assert!(upstream.read_to("x\"") == body);
    upstream.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{body}"));
    assert!(client.read_to("x\"").ends_with(&body));
}

#[test]
fn the_limit_of_one_body_is_its_own() {
    let world = World::new(Setup {
        codec: Some("json"),
        onramp: vec!["limits: {buffer: 1000}"],
        offramp: vec!["limits: {buffer: 1000}"],
        ..Setup::default()
    });
    let mut client = world.client(&put(1001, "\"x"));
    assert!(client.read_to("}").starts_with("HTTP/1.1 413 "));
    assert!(world.is_untouched());
    let mut client = world.client(GET);
    let (mut upstream, _) = world.requested();
    upstream.send(format!("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n{}", text(1001)));
    assert!(client.read_to("}").starts_with("HTTP/1.1 502 "));
}
