//! Upstreams that speak HTTP/2.

use std::thread;
use std::time::Duration;

use temblor_testkit::{Http2Client, Http2Request, Http2Upstream, RawClient};

use crate::world::{CLEARTEXT, UNCHECKED, ask, client, gate, shown, wait_until};

const HTTP2: &str = "protocol: http2";

#[test]
fn clients_of_the_older_version_reach_them() {
    let upstream = Http2Upstream::start(100).unwrap();
    let gate = gate(upstream.port(), &[CLEARTEXT], &[HTTP2]);
    let mut client = RawClient::connect(gate.port()).unwrap();
    for _ in 0..3 {
        let headers = [
            ("Content-Type", "application/json"),
            ("Host", "shop.example"),
            ("Connection", "x-hop"),
            ("X-Hop", "1"),
        ];
        let response = client.ask("POST", "/a?b=1", &headers, "{\"a\":1}").unwrap();
        assert_eq!(response.status, 200, "{response:?}\n{}", gate.stderr());
        let told = response.json();
        assert_eq!(told["uri"], format!("http://127.0.0.1:{}/a", upstream.port()));
        assert_eq!(
            (&told["body"], &told["headers"]["content-length"]),
            (&"{\"a\":1}".into(), &"7".into())
        );
        assert_eq!(
            (&told["headers"]["host"], &told["headers"]["x-hop"]),
            (&().into(), &().into())
        );
    }
    assert_eq!(client.ask("HEAD", "/", &[], "").unwrap().status, 200);
}

#[test]
fn calls_stream_in_both_directions_and_end_with_trailers() {
    let upstream = Http2Upstream::start(100).unwrap();
    let gate = shown(upstream.port());
    let client = client(&gate);
    let mut call = Http2Request::post("/grpc/Service/Talk", "");
    call.headers = vec![("content-type", "application/grpc".to_owned()), ("te", "trailers".to_owned())];
    let mut stream = client.open(&call).unwrap();
    for number in 0..20 {
        let part = format!("message {number}");
        stream.send(part.as_bytes(), false).unwrap();
        assert_eq!(stream.head().unwrap(), 200);
        let mut received = Vec::new();
        while received.len() < part.len() {
            let some = stream.receive_some().unwrap();
            stream.release(some.len()).unwrap();
            received.extend_from_slice(&some);
        }
        assert_eq!(String::from_utf8(received).unwrap(), part);
    }
    stream.send(b"", true).unwrap();
    let response = stream.response().unwrap();
    assert_eq!(
        (response.trailer("grpc-status"), response.trailer("x-te")),
        (Some("0"), Some("trailers"))
    );
    // A call with one message, and one that says something behind it.
    call.body = "one".into();
    let response = ask(&gate, &client, &call);
    assert_eq!(
        (&response.body[..], response.trailer("grpc-status")),
        (&b"one"[..], Some("0"))
    );
    call.path = "/tell".to_owned();
    call.trailers = vec![("x-sum", "1".to_owned())];
    let told = ask(&gate, &client, &call).json();
    assert_eq!((&told["body"], &told["trailers"]["x-sum"]), (&"one".into(), &"1".into()));
}

#[test]
fn a_stalled_request_hinders_no_other() {
    let upstream = Http2Upstream::start(100).unwrap();
    let gate = gate(upstream.port(), &[CLEARTEXT], &[HTTP2, "concurrency: 10"]);
    let client = client(&gate);
    let mut stalled = client.open(&Http2Request::get("/stall")).unwrap();
    stalled.send(b"", true).unwrap();
    wait_until("the stalled request at the upstream", || upstream.requests() == 1);
    for _ in 0..20 {
        assert_eq!(ask(&gate, &client, &Http2Request::get("/other")).status, 200);
    }
    assert_eq!(upstream.connections(), 1);
    // The client gives up, and so does the gate: the method is safe.
    stalled.reset();
    wait_until("the reset at the upstream", || upstream.resets() == 1);
    assert_eq!(ask(&gate, &client, &Http2Request::get("/other")).status, 200);
}

#[test]
fn a_slow_reader_slows_the_upstream_and_costs_no_memory() {
    const SIZE: usize = 10 << 20;
    let upstream = Http2Upstream::start(100).unwrap();
    let gate = shown(upstream.port());
    let client = client(&gate);
    ask(&gate, &client, &Http2Request::get("/size/100000"));
    let before = gate.resident_kib().unwrap();
    let mut slow = client.open(&Http2Request::get(&format!("/size/{SIZE}"))).unwrap();
    slow.send(b"", true).unwrap();
    assert_eq!(slow.head().unwrap(), 200);
    for _ in 0..10 {
        assert_eq!(ask(&gate, &client, &Http2Request::get("/size/1000")).body.len(), 1000);
    }
    let grown = gate.resident_kib().unwrap().saturating_sub(before);
    assert!(grown < 4096, "grown by {grown} KiB");
    let response = slow.response().unwrap();
    assert_eq!(response.body.len(), SIZE);
}

#[test]
fn large_bodies_pass_upwards() {
    let upstream = Http2Upstream::start(100).unwrap();
    let gate = shown(upstream.port());
    let large = "0123456789".repeat(1 << 20);
    let response = ask(&gate, &client(&gate), &Http2Request::post("/tell", large.clone()));
    assert!(response.json()["body"] == large.as_str());
}

#[test]
fn failures_have_their_answers() {
    let upstream = Http2Upstream::start(100).unwrap();
    let gate = gate(
        upstream.port(),
        &[CLEARTEXT, UNCHECKED],
        &[HTTP2, UNCHECKED, "error_status: gateway", "timeouts: {first_byte: 300ms}"],
    );
    let client = client(&gate);
    for (path, status) in [("/refuse", 503), ("/reset", 502), ("/stall", 504)] {
        let response = ask(&gate, &client, &Http2Request::get(path));
        assert_eq!(response.status, status, "{path}: {response:?}");
    }
    wait_until("the reset of what took too long", || upstream.resets() == 1);
    // A body that breaks off is reset, and the connection goes on.
    client.ask(&Http2Request::get("/half")).unwrap_err();
    assert_eq!(ask(&gate, &client, &Http2Request::get("/tell")).status, 200);
}

#[test]
fn an_upstream_that_goes_away_loses_nothing() {
    let upstream = Http2Upstream::start(100).unwrap();
    let gate = gate(upstream.port(), &[CLEARTEXT], &[HTTP2, "concurrency: 100"]);
    let port = gate.port();
    thread::scope(|scope| {
        let asking: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(move || {
                    let client = Http2Client::connect(port).unwrap();
                    for _ in 0..100 {
                        let response = client.ask(&Http2Request::get("/tell")).unwrap();
                        assert_eq!(response.status, 200, "{response:?}");
                    }
                })
            })
            .collect();
        let mut served = 0;
        while asking.iter().any(|thread| !thread.is_finished()) {
            if upstream.requests() >= served + 40 {
                served = upstream.requests();
                upstream.go_away();
            }
            thread::sleep(Duration::from_millis(1));
        }
    });
    assert!(upstream.connections() > 1);
}
