//! How connections of clients end.

use std::time::Duration;

use temblor_testkit::{Http2Request, Http2Upstream, Reason};

use crate::world::{CLEARTEXT, PATIENCE, ask, client, gate, wait_until};

#[test]
fn a_drain_answers_what_was_asked() {
    let upstream = Http2Upstream::start(100).unwrap();
    let mut gate = gate(upstream.port(), &[CLEARTEXT], &["protocol: http2"]);
    let client = client(&gate);
    let mut running = client.open(&Http2Request::post("/tell", "")).unwrap();
    running.send(b"{\"a\":", false).unwrap();
    ask(&gate, &client, &Http2Request::get("/tell"));
    gate.terminate().unwrap();
    // No new connection is taken once the drain has begun.
    wait_until("the drain", || gate.client().is_err());
    running.send(b"1}", true).unwrap();
    let response = running.response().unwrap();
    assert_eq!((response.status, &response.json()["body"]), (200, &"{\"a\":1}".into()));
    assert_eq!(client.ended().unwrap(), Reason::NO_ERROR);
    assert!(gate.wait(PATIENCE).unwrap().success());
}

#[test]
fn idle_connections_end_with_a_drain() {
    let mut gate = gate(1, &[CLEARTEXT], &[]);
    let client = client(&gate);
    ask(&gate, &client, &Http2Request::get("/tell"));
    gate.terminate().unwrap();
    assert!(gate.wait(PATIENCE).unwrap().success());
    assert_eq!(client.ended().unwrap(), Reason::NO_ERROR);
}

#[test]
fn idle_connections_end_in_time() {
    let gate = gate(1, &[CLEARTEXT, "timeouts: {keep_alive: 100ms}"], &[]);
    let client = client(&gate);
    ask(&gate, &client, &Http2Request::get("/tell"));
    assert_eq!(client.ended().unwrap(), Reason::NO_ERROR);
}

#[test]
fn requests_that_are_reset_at_once_end_the_connection() {
    let upstream = Http2Upstream::start(1000).unwrap();
    let gate = gate(upstream.port(), &[CLEARTEXT], &["protocol: http2", "concurrency: 1000"]);
    let client = client(&gate);
    for _ in 0..1000 {
        let Ok(mut stream) = client.open(&Http2Request::get("/stall")) else {
            break;
        };
        stream.reset();
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(client.ended().unwrap(), Reason::ENHANCE_YOUR_CALM);
}
