//! What stands around a body: lengths, trailers, interim responses, `Expect`, codecs.

use crate::world::{Setup, World};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn answers_without_body_keep_the_length_they_came_with() {
    let world = World::new(Setup::default());
    let mut client = world.client("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
    let head = client.read_to("\r\n\r\n");
    assert_eq!(head.matches("content-length: 1234\r\n").count(), 1, "{head}");
    client.send(GET);
    upstream.read_to("\r\n\r\n");
    upstream.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n");
    assert!(client.read_to("\r\n\r\n").contains("\r\ncontent-length: 77\r\n"));
    client.send(GET);
    upstream.read_to("\r\n\r\n");
    upstream.send("HTTP/1.1 204 No Content\r\n\r\n");
    assert!(!client.read_to("\r\n\r\n").contains("content-length"));
    // A program that replaces the value replaces the length.
    let world = World::new(Setup {
        codec: Some("json"),
        ..Setup::default()
    });
    let mut client = world.client("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
    assert!(client.read_to("\r\n\r\n").contains("\r\ncontent-length: 9\r\n"));
}

#[test]
fn requests_without_body_stay_without_one() {
    let world = World::new(Setup::default());
    let mut client = world.client(GET);
    let (mut upstream, head) = world.requested();
    assert!(
        !head.contains("content-length") && !head.contains("transfer-encoding"),
        "{head}"
    );
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    client.read_to("ok");
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert!(upstream.read_to("\r\n\r\n").contains("\r\ncontent-length: 0\r\n"));
}

#[test]
fn trailers_go_both_ways() {
    // Streamed, and collected without a program that reads.
    for (codec, validate) in [
        ("binary", "validate: true"),
        ("json", "validate: true"),
        ("json", "validate: false"),
    ] {
        let world = World::new(Setup {
            codec: Some(codec),
            onramp: vec![validate],
            offramp: vec![validate],
            ..Setup::default()
        });
        let mut client = world.client(
            "POST / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: te\r\nContent-Type: application/x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n",
        );
        let (mut upstream, head) = world.requested();
        let is_streamed = codec == "binary" || validate.ends_with("false");
        assert_eq!(head.contains("\r\nte: trailers\r\n"), is_streamed, "{head}");
        assert_eq!(
            upstream.read_to("x-sum: 1\r\n\r\n"),
            "2\r\n{}\r\n0\r\nx-sum: 1\r\n\r\n",
            "{codec} {validate}"
        );
        upstream
            .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Back: 2\r\nContent-Type: x\r\n\r\n");
        assert!(
            client
                .read_to("x-back: 2\r\n\r\n")
                .ends_with("\r\n\r\n2\r\n{}\r\n0\r\nx-back: 2\r\n\r\n")
        );
        // A client that did not ask gets none.
        client.send(GET);
        let head = upstream.read_to("\r\n\r\n");
        assert!(!head.contains("te: trailers"), "{head}");
        upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Back: 2\r\n\r\n");
        let answer = client.read_to("0\r\n\r\n");
        assert!(!answer.contains("x-back"), "{answer}");
    }
}

#[test]
fn a_body_that_a_program_changed_loses_its_trailers() {
    let world = World::new(Setup {
        codec: Some("json"),
        script: Some("let event.a = 1; event"),
        ..Setup::default()
    });
    let _client =
        world.client("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Sum: 1\r\n\r\n");
    let (mut upstream, head) = world.requested();
    assert!(head.contains("\r\ncontent-length: 7\r\n"), "{head}");
    assert_eq!(upstream.read_to("}"), "{\"a\":1}");
}

#[test]
fn interim_responses_pass_at_once_unless_switched_off() {
    for (line, passes) in [("early_hints: true", true), ("early_hints: false", false)] {
        // Whether bodies are read or not.
        for codec in ["binary", "json"] {
            let world = World::new(Setup {
                codec: Some(codec),
                onramp: vec![line],
                ..Setup::default()
            });
            let mut client = world.client(GET);
            let (mut upstream, _) = world.requested();
            upstream.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
            if passes {
                assert_eq!(
                    client.read_to("\r\n\r\n"),
                    "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n"
                );
            } else {
                assert!(client.is_silent());
            }
            upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            assert!(client.read_to("{}").starts_with("HTTP/1.1 200 OK\r\n"));
        }
    }
}

#[test]
fn old_clients_get_no_interim_responses() {
    let world = World::new(Setup::default());
    let mut client = world.client("GET / HTTP/1.0\r\n\r\n");
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
    assert!(client.is_silent());
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    let answer = client.read_all();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nok"),
        "{answer}"
    );
    assert!(!answer.contains("transfer-encoding"), "{answer}");
}

#[test]
fn continue_comes_when_an_upstream_is_ready() {
    let world = World::new(Setup::default());
    let mut client = world.client("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    let (mut upstream, head) = world.requested();
    assert!(!head.contains("expect"), "{head}");
    assert_eq!(client.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    assert_eq!(upstream.read_to("abc"), "abc");
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    client.read_to("ok");
    drop(upstream);
    // No upstream: the answer comes instead, and whether the body follows cannot be known.
    let World { proxy, listener } = world;
    drop(listener);
    let mut client = crate::world::connect(proxy.port());
    client.send("PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    let answer = client.read_all();
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nconnection: close\r\n"),
        "{answer}"
    );
}

#[test]
fn a_body_nobody_wants_is_dropped() {
    let world = World::new(Setup {
        codec: Some("\"null\""),
        ..Setup::default()
    });
    let mut client = world.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc");
    assert!(world.is_untouched(), "the request went on before its body was read");
    client.send("de");
    let (mut upstream, head) = world.requested();
    assert!(head.contains("\r\ncontent-length: 0\r\n"), "{head}");
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfghij");
    let answer = client.read_to("\r\n\r\n");
    assert!(answer.contains("\r\ncontent-length: 0\r\n"), "{answer}");
    client.send(GET);
    upstream.read_to("\r\n\r\n");
}

#[test]
fn a_stream_that_meets_another_codec_or_processors_is_read_first() {
    let world = World::new(Setup {
        offramp_entry: vec!["postprocessors: [base64]"],
        ..Setup::default()
    });
    let mut client = world.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    assert!(world.is_untouched());
    client.send("cd");
    let (mut upstream, head) = world.requested();
    assert!(head.contains("\r\ncontent-length: 8\r\n"), "{head}");
    assert_eq!(upstream.read_to("YWJjZA=="), "YWJjZA==");

    let world = World::new(Setup {
        codec: Some("json"),
        onramp: vec!["validate: false"],
        offramp: vec!["encode: always"],
        ..Setup::default()
    });
    let mut client = world.client("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{ \"a\" :");
    assert!(world.is_untouched());
    client.send("1}");
    let (mut upstream, head) = world.requested();
    assert!(head.contains("\r\ncontent-length: 7\r\n"), "{head}");
    assert_eq!(upstream.read_to("}"), "{\"a\":1}");
}

#[test]
fn coded_responses_pass_as_they_came_where_nobody_reads_them() {
    let world = World::new(Setup {
        codec: Some("json"),
        onramp: vec!["validate: false"],
        offramp: vec!["validate: false"],
        ..Setup::default()
    });
    let mut client = world.client("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br, gzip\r\n\r\n");
    let (mut upstream, head) = world.requested();
    assert!(head.contains("\r\naccept-encoding: br, gzip\r\n"), "{head}");
    upstream.send("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 6\r\n\r\nnot");
    let start = client.read_to("not");
    assert!(
        start.contains("\r\ncontent-encoding: br\r\n") && start.contains("\r\ncontent-length: 6\r\n"),
        "{start}"
    );
    upstream.send(" br");
    assert_eq!(client.read_to(" br"), " br");
    client.send(GET);
    assert!(!upstream.read_to("\r\n\r\n").contains("accept-encoding"));
}

#[test]
fn an_early_answer_of_a_program_leaves_the_body_alone() {
    let world = World::new(Setup {
        script: Some("match $request.url.path of case \"/no\" => drop default => event end"),
        ..Setup::default()
    });
    // A small rest is read and dropped.
    let mut client = world.client("PUT /no HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    assert!(client.read_to("\"dropped\"}").starts_with("HTTP/1.1 500 "));
    client.send("cdGET /no HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(client.read_to("\"dropped\"}").starts_with("HTTP/1.1 500 "));
    // A large one closes the connection after the answer.
    let mut client = world.client("PUT /no HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\nab");
    let answer = client.read_to("\"dropped\"}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
    client.half_close();
    assert_eq!(client.read_all(), "");
    assert!(world.is_untouched());
}
