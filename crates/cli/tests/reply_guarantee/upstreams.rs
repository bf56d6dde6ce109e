//! Upstreams that refuse, break off, keep silent or send what they should not.

use std::time::{Duration, Instant};

use temblor_testkit::{Behaviour, FaultyUpstream};

use crate::common::{JSON, PATIENCE, World};
use crate::{LATE, NO_RESPONSE, REFUSED, assert_error_event, assert_own};

/// A fault of upstreams and the answer it gives: status and text of the error event.
type Fault = (&'static str, Behaviour, u16, Option<&'static str>);

fn faults() -> Vec<Fault> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    vec![
        // Seen while connecting or afterwards, as the reset comes.
        ("reset on accept", Behaviour::ResetOnAccept, 503, None),
        ("reset after the request", Behaviour::ResetAfterRequest, 503, NO_RESPONSE),
        ("closed after the request", Behaviour::CloseAfterRequest, 503, NO_RESPONSE),
        ("reset in the head", Behaviour::HalfHead, 503, NO_RESPONSE),
        (
            "closed in the head",
            Behaviour::raw("HTTP/1.1 200 OK\r\nServer: x"),
            503,
            NO_RESPONSE,
        ),
        ("reset in the body", Behaviour::HalfBody, 500, None),
        (
            "closed in the body",
            Behaviour::raw(&format!("{head}Content-Length: 9\r\n\r\n{{}}")),
            500,
            None,
        ),
        (
            "closed in a chunk",
            Behaviour::raw(&format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{{}}")),
            500,
            None,
        ),
        (
            "closed before the last chunk",
            Behaviour::raw(&format!("{head}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n")),
            500,
            None,
        ),
        (
            "bad chunk",
            Behaviour::raw(&format!("{head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n{{}}\r\n")),
            503,
            None,
        ),
        ("garbage", Behaviour::raw("\u{7f}ELF not http at all\r\n\r\n"), 503, None),
        ("a long line of garbage", Behaviour::raw(&"x".repeat(100_000)), 503, None),
        ("bad status line", Behaviour::raw("HTTP/1.1 abc OK\r\n\r\n"), 503, None),
        (
            "framed twice",
            Behaviour::raw(&format!("{head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{{}}")),
            503,
            None,
        ),
        (
            "two lengths",
            Behaviour::raw(&format!("{head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}")),
            503,
            None,
        ),
        (
            "upgrade nobody asked for",
            Behaviour::raw("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"),
            503,
            None,
        ),
        (
            "body is not what it says",
            Behaviour::raw(&format!("{head}Content-Length: 8\r\n\r\nnot json")),
            500,
            None,
        ),
    ]
}

#[test]
fn overflow_without_reader_is_answered() {
    let mut world = World::new(|recipe| recipe.back_off("60000"));
    for upstream in &mut world.upstreams {
        upstream.stop();
    }
    for _ in 0..3 {
        assert_error_event(&world.ask("GET", "/", ""), 503, REFUSED, "refused");
    }
    let response = world.ask("GET", "/", "");
    assert_own(&response, 503, "overflow", "overflow");
    let wait: u64 = response.header("retry-after").and_then(|text| text.parse().ok()).unwrap_or(0);
    assert!((1..=60).contains(&wait), "retry-after {wait}");
}

#[test]
fn error_events_that_nothing_reads_are_the_answer() {
    let mut world = World::new(|recipe| recipe.without_links_from("/offramp/upstream01/{instance}/err"));
    world.upstreams[0].stop();
    assert_error_event(&world.ask("POST", "/", "{}"), 503, REFUSED, "refused");
}

#[test]
fn faults_of_upstreams_are_answered() {
    // Without steps nothing is kept away from an upstream.
    let world = World::new(|recipe| recipe.back_off(""));
    for (name, behaviour, status, text) in faults() {
        world.set(&behaviour);
        for method in ["POST", "GET"] {
            assert_error_event(
                &world.ask(method, "/", r#"{"a":1}"#),
                status,
                text,
                &format!("{name}, {method}"),
            );
        }
        // Nothing of the fault is left: all upstreams serve again, also over connections that are kept.
        world.set(&Behaviour::Echo);
        let mut client = world.client();
        for number in 0..6 {
            let response = client.ask("POST", "/", JSON, &format!(r#"{{"n":{number}}}"#)).unwrap();
            assert_eq!(
                (response.status, &response.json()["json"]["n"]),
                (200, &number.into()),
                "after {name}"
            );
        }
    }
    for upstream in &world.upstreams {
        assert_eq!(upstream.log().torn, Vec::<String>::new());
    }
}

#[test]
fn requests_that_may_have_arrived_are_sent_again_only_if_that_is_harmless() {
    let world = World::new(|recipe| recipe.back_off(""));
    // One connection, so that one worker serves all: idle connections to upstreams belong to workers.
    let mut client = world.client();
    for (method, sendings) in [("POST", 1), ("PATCH", 1), ("GET", 2), ("PUT", 2), ("DELETE", 2)] {
        world.set(&Behaviour::Echo);
        for _ in 0..3 {
            assert_eq!(client.ask("POST", "/", JSON, "{}").unwrap().status, 200);
        }
        world.upstreams.iter().for_each(FaultyUpstream::forget);
        world.set(&Behaviour::CloseAfterRequest);
        assert_error_event(&client.ask(method, "/", JSON, "{}").unwrap(), 503, NO_RESPONSE, method);
        assert_eq!(world.counts().iter().sum::<u64>(), sendings, "{method}");
    }
}

#[test]
fn connections_that_upstreams_close_between_requests_are_no_failure() {
    let world = World::new(|recipe| recipe);
    for upstream in &world.upstreams {
        upstream.close_after(Some(1));
    }
    let mut client = world.client();
    for number in 0..30 {
        let response = client.ask("GET", &format!("/{number}"), &[], "").unwrap();
        assert_eq!(response.status, 200, "{number}: {response:?}");
    }
}

#[test]
fn bytes_after_a_response_are_never_an_answer() {
    let world = World::new(|recipe| recipe);
    let response = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n";
    let smuggled = format!("{response}{{}}{response}[]");
    world.set(&Behaviour::Raw {
        bytes: smuggled.into_bytes(),
        close: false,
    });
    for _ in 0..9 {
        assert_eq!(world.ask("GET", "/", "").body(), b"{}");
    }
}

#[test]
fn responses_without_body_stay_what_they_are() {
    let world = World::new(|recipe| recipe.back_off(""));
    let table: &[(u16, &str, Option<&str>)] = &[
        (204, "GET", None),
        (304, "GET", None),
        (200, "HEAD", Some("18")),
        (200, "GET", Some("0")),
        (404, "GET", Some("0")),
        (500, "POST", Some("0")),
        (301, "POST", Some("0")),
        (999, "POST", Some("0")),
    ];
    for (status, method, length) in table {
        let body = if *method == "HEAD" { r#"{"some":"content"}"# } else { "" };
        world.set(&Behaviour::answer(
            *status,
            &[("Content-Type", "application/json"), ("ETag", "\"v1\"")],
            body,
        ));
        let mut client = world.client();
        let response = client
            .ask(method, "/", &[], "")
            .unwrap_or_else(|error| panic!("{status} {method}: {error}"));
        assert_eq!(response.status, *status, "{method}: {response:?}");
        assert_eq!(response.body(), b"", "{status} {method}");
        assert_eq!(response.header("content-length"), *length, "{status} {method}");
        assert_eq!(response.header("etag"), Some("\"v1\""), "{status} {method}");
        assert!(response.header("via").is_some(), "{status} {method}");
        // The connection is in step: the next answer is the next one.
        world.set(&Behaviour::Echo);
        assert_eq!(client.ask("POST", "/", JSON, r#"{"n":5}"#).unwrap().json()["json"]["n"], 5);
    }
}

#[test]
fn interim_responses_are_not_the_answer() {
    let world = World::new(|recipe| recipe);
    let bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n\
                 HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    world.set(&Behaviour::raw(bytes));
    let response = world.ask("GET", "/", "");
    assert_eq!((response.status, response.body()), (200, &b"{}"[..]));
}

#[test]
fn a_silent_upstream_ends_at_the_deadline() {
    let world = World::new(|recipe| recipe.onramp("timeouts: {reply: 1s}"));
    world.set(&Behaviour::Hold);
    let begin = Instant::now();
    let response = world.ask("POST", "/", "{}");
    assert_own(&response, 504, "timeout", "deadline");
    assert!(
        begin.elapsed() >= Duration::from_secs(1) && begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    // At the deadline the exchange ends too.
    assert!(world.upstreams[0].wait(PATIENCE, |log| log.abandoned == 1));
}

#[test]
fn a_silent_upstream_ends_at_the_offramps_time_limit() {
    for (name, setting) in [
        ("total", "timeouts: {total: 300ms}"),
        ("first byte", "timeouts: {first_byte: 300ms}"),
        ("timeout", "timeout: 300"),
    ] {
        let world = World::new(|recipe| recipe.offramps(setting).back_off("60000"));
        world.upstreams[0].set(Behaviour::Hold);
        assert_error_event(&world.ask("POST", "/", "{}"), 504, LATE, name);
        // A failure like any other: the upstream is left alone.
        for _ in 0..4 {
            assert_eq!(world.ask("POST", "/", "{}").status, 200, "{name}");
        }
        assert_eq!(world.counts(), [1, 2, 2], "{name}");
    }
}
