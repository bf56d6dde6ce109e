//! Bodies that are on their way: parts, slots, breaks, clients and upstreams that go.

use std::time::Duration;

use crate::world::{PATIENCE, Setup, World};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const PUT: &str = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";

#[test]
fn parts_pass_when_they_come_in_both_directions_at_once() {
    // `binary`, and any codec that need not check.
    for (codec, validate) in [("binary", "validate: true"), ("json", "validate: false")] {
        let world = World::new(Setup {
            codec: Some(codec),
            onramp: vec![validate],
            offramp: vec![validate],
            ..Setup::default()
        });
        let mut client = world.client(PUT);
        let (mut upstream, head) = world.requested();
        assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
        assert_eq!(upstream.read_to("abc\r\n"), "3\r\nabc\r\n");
        upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
        let start = client.read_to("1\r\nx\r\n");
        assert!(start.contains("\r\ntransfer-encoding: chunked\r\n"), "{start}");
        client.send("1\r\nd\r\n");
        assert_eq!(upstream.read_to("d\r\n"), "1\r\nd\r\n");
        upstream.send("1\r\ny\r\n");
        assert_eq!(client.read_to("y\r\n"), "1\r\ny\r\n");
        client.send("0\r\n\r\n");
        assert_eq!(upstream.read_to("0\r\n\r\n"), "0\r\n\r\n");
        upstream.send("0\r\n\r\n");
        assert_eq!(client.read_to("0\r\n\r\n"), "0\r\n\r\n");
        // Both connections go on.
        client.send(GET);
        assert!(upstream.read_to("\r\n\r\n").starts_with("GET / HTTP/1.1\r\n"));
    }
}

#[test]
fn a_request_can_be_its_own_reply() {
    let world = World::new(Setup {
        script: Some("let $response = {\"status\": 200, \"headers\": {}}; event"),
        mirrors: true,
        ..Setup::default()
    });
    let mut client = world.client(PUT);
    let start = client.read_to("3\r\nabc\r\n");
    assert!(start.starts_with("HTTP/1.1 200 OK\r\n"), "{start}");
    client.send("2\r\nde\r\n");
    assert_eq!(client.read_to("de\r\n"), "2\r\nde\r\n");
    client.send("0\r\n\r\n");
    assert_eq!(client.read_to("0\r\n\r\n"), "0\r\n\r\n");
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert!(client.read_to("abc").contains("\r\ncontent-length: 3\r\n"));
}

#[test]
fn slot_and_connection_come_back_at_the_end_of_the_body() {
    let world = World::new(Setup {
        offramp: vec!["concurrency: 1"],
        ..Setup::default()
    });
    let mut client = world.client(GET);
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    client.read_to("ab");
    let mut other = world.client(GET);
    assert!(other.read_to("}").starts_with("HTTP/1.1 429 "));
    upstream.send("cd");
    assert_eq!(client.read_to("cd"), "cd");
    // The same connection to the upstream, and the slot.
    other.send(GET);
    upstream.read_to("\r\n\r\n");
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert!(other.read_to("ok").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_response_that_breaks_off_closes_the_client_without_an_end() {
    let world = World::new(Setup::default());
    for (head, is_chunked) in [("Content-Length: 9", false), ("Transfer-Encoding: chunked", true)] {
        let mut client = world.client(GET);
        let (mut upstream, _) = world.requested();
        upstream.send(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n3\r\nabc\r\n"));
        client.read_to("abc");
        drop(upstream);
        let rest = client.read_all();
        assert!(!rest.contains("0\r\n"), "{rest}");
        assert_eq!(rest.trim(), "", "{is_chunked}");
    }
    // Before its head was sent on, a broken chunked body is a broken body as well.
    let mut client = world.client(GET);
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    let answer = client.read_all();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}

#[test]
fn a_collected_response_that_breaks_off_is_an_error() {
    let world = World::new(Setup {
        codec: Some("json"),
        ..Setup::default()
    });
    let mut client = world.client(GET);
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    drop(upstream);
    assert!(client.read_to("}").starts_with("HTTP/1.1 500 "));
}

#[test]
fn a_client_that_goes_ends_the_exchange() {
    let world = World::new(Setup::default());
    // While the response comes.
    let mut client = world.client(GET);
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    client.read_to("abc\r\n");
    drop(client);
    assert_eq!(upstream.read_all(), "");
    // While the request goes, whatever its method.
    for is_orderly in [true, false] {
        let client = world.client(PUT);
        let (mut upstream, _) = world.requested();
        upstream.read_to("abc\r\n");
        if is_orderly {
            client.half_close();
        } else {
            drop(client);
        }
        assert_eq!(upstream.read_all(), "", "the upstream must not see an end of the body");
    }
}

#[test]
fn a_body_that_breaks_the_rules_is_refused_and_never_ended_upstream() {
    let world = World::new(Setup {
        onramp: vec!["limits: {body: 6}", "timeouts: {body: 300ms}"],
        ..Setup::default()
    });
    for (more, status) in [("x\r\n", 400), ("4\r\ndefg\r\n", 413), ("", 408)] {
        let mut client = world.client(PUT);
        let (mut upstream, _) = world.requested();
        client.send(more);
        let answer = client.read_all();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{more:?}: {answer}");
        assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
        let seen = upstream.read_all();
        assert!(!seen.contains("0\r\n\r\n"), "{seen}");
    }
    // An announced length above the limit is refused before anything is asked of anybody.
    let mut client = world.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n");
    assert!(client.read_all().starts_with("HTTP/1.1 413 "));
    assert!(world.is_untouched());
}

#[test]
fn an_answer_before_the_end_of_the_request_counts() {
    let world = World::new(Setup::default());
    let mut client = world.client("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nabc");
    let (mut upstream, _) = world.requested();
    upstream.read_to("abc");
    upstream.send("HTTP/1.1 413 Too Much\r\nContent-Length: 2\r\n\r\nno");
    assert!(client.read_to("no").starts_with("HTTP/1.1 413 "));
    // The rest goes nowhere: neither to this upstream nor into another request.
    assert_eq!(upstream.read_all(), "");
    client.half_close();
    client.read_all();
}

#[test]
fn an_idle_upstream_breaks_off() {
    let world = World::new(Setup {
        offramp: vec!["timeouts: {idle: 200ms, total: 400ms}"],
        ..Setup::default()
    });
    let mut client = world.client(GET);
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n0");
    client.read_to("\r\n\r\n0");
    // Longer than `total` in all, but never idle.
    for part in 1..6 {
        std::thread::sleep(Duration::from_millis(100));
        upstream.send(part.to_string());
        client.read_to(&part.to_string());
    }
    assert_eq!(client.read_all(), "");
    assert_eq!(upstream.read_all(), "");
}

#[test]
fn a_drain_lets_streams_finish() {
    let mut world = World::new(Setup::default());
    let mut client = world.client(GET);
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    client.read_to("abc\r\n");
    world.proxy.terminate().unwrap();
    assert!(
        world.proxy.wait(Duration::from_millis(300)).is_err(),
        "the program ended with a stream open"
    );
    upstream.send("1\r\nd\r\n0\r\n\r\n");
    assert_eq!(client.read_to("0\r\n\r\n"), "1\r\nd\r\n0\r\n\r\n");
    assert_eq!(client.read_all(), "");
    assert!(world.proxy.wait(PATIENCE).unwrap().success());
}

#[test]
fn a_body_that_has_begun_is_not_sent_again() {
    let world = World::new(Setup::default());
    let mut client = world.client(GET);
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    client.read_to("ok");
    // Over the kept connection, which then dies with the first part of the body.
    client.send(PUT);
    upstream.read_to("abc\r\n");
    drop(upstream);
    assert!(client.read_to("}").starts_with("HTTP/1.1 503 "));
    assert!(world.is_untouched());
}
