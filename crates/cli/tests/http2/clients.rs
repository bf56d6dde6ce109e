//! Clients that speak HTTP/2, in front of upstreams that speak HTTP/1.1.

use temblor_testkit::{Behaviour, FaultyUpstream, Http2Client, Http2Request, RawClient};

use crate::world::{CLEARTEXT, ask, client, gate};

#[test]
fn requests_reach_an_upstream_of_the_older_version() {
    let upstream = FaultyUpstream::echo().unwrap();
    let gate = gate(upstream.port(), &[CLEARTEXT, "proxy: {name: gate}"], &["host_header: client"]);
    let client = client(&gate);
    let mut request = Http2Request::post("/anything/a?b=1", "{\"a\":1}");
    request.authority = "shop.example".to_owned();
    request.headers.push(("cookie", "a=1".to_owned()));
    request.headers.push(("cookie", "b=2".to_owned()));
    let response = ask(&gate, &client, &request);
    assert_eq!(response.status, 200, "{response:?}\n{}", gate.stderr());
    assert_eq!(response.json()["data"], "{\"a\":1}");
    assert_eq!(
        (response.header("connection"), response.header("via")),
        (None, Some("2 gate"))
    );
    let log = upstream.log();
    let seen = &log.requests[0].request;
    assert_eq!(
        (seen.header("host"), seen.header("via")),
        (Some("shop.example"), Some("2 gate"))
    );
    assert_eq!(
        (seen.header("cookie"), seen.header("x-forwarded-host")),
        (Some("a=1; b=2"), Some("shop.example"))
    );
    assert_eq!(seen.header("content-length"), Some("7"));
}

#[test]
fn one_port_serves_both_versions() {
    let upstream = FaultyUpstream::echo().unwrap();
    let gate = gate(upstream.port(), &[CLEARTEXT], &[]);
    let new = client(&gate);
    let mut old = RawClient::connect(gate.port()).unwrap();
    for _ in 0..3 {
        assert_eq!(ask(&gate, &new, &Http2Request::get("/anything")).status, 200);
        assert_eq!(old.ask("GET", "/anything", &[], "").unwrap().status, 200);
    }
}

#[test]
fn a_proxy_header_stands_before_the_preface() {
    let upstream = FaultyUpstream::echo().unwrap();
    let settings = [CLEARTEXT, "proxy_protocol: {from: [127.0.0.1]}", "proxy: {name: gate}"];
    let gate = gate(upstream.port(), &settings, &[]);
    let client = Http2Client::connect_behind(gate.port(), b"PROXY TCP4 203.0.113.9 10.0.0.9 51820 443\r\n").unwrap();
    assert_eq!(ask(&gate, &client, &Http2Request::get("/anything")).status, 200);
    let log = upstream.log();
    assert_eq!(log.requests[0].request.header("x-forwarded-for"), Some("203.0.113.9"));
}

#[test]
fn many_requests_share_a_connection() {
    let upstream = FaultyUpstream::echo().unwrap();
    let gate = gate(upstream.port(), &[CLEARTEXT], &["concurrency: 200"]);
    let client = client(&gate);
    upstream.set(Behaviour::Hold);
    let mut streams: Vec<_> = (0..100)
        .map(|number| {
            let mut stream = client.open(&Http2Request::get(&format!("/anything/{number}"))).unwrap();
            stream.send(b"", true).unwrap();
            stream
        })
        .collect();
    crate::world::wait_until("100 requests at the upstream", || upstream.log().count == 100);
    upstream.set(Behaviour::Echo);
    streams.reverse();
    for (stream, number) in streams.into_iter().zip((0..100).rev()) {
        let response = stream.response().unwrap();
        assert_eq!(response.status, 200, "{}", gate.stderr());
        let url = response.json()["url"].to_string();
        assert!(url.ends_with(&format!("/anything/{number}\"")), "{url}");
    }
}

#[test]
fn own_answers_and_refusals_have_no_fields_of_connections() {
    let gate = gate(1, &[CLEARTEXT, "limits: {target: 20}"], &[]);
    let client = client(&gate);
    let response = ask(&gate, &client, &Http2Request::get("/anything/that/is/too/long"));
    assert_eq!((response.status, response.header("connection")), (414, None));
    assert_eq!(response.json()["reason"], "uri_too_long");
    // Nothing listens at port 1.
    let response = ask(&gate, &client, &Http2Request::get("/anything"));
    assert_eq!(response.status, 503, "{response:?}");
}
