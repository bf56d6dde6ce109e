//! `docs/timeouts.md` and `docs/limits.md`.
#![allow(clippy::unwrap_used)] // helpers of tests

use temblor_testkit::{Behaviour, Deployment, FaultyUpstream, Page};

/// Target, fields, length of the body, status.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, usize, u16);

/// Runs a page in front of an upstream that echoes.
fn run(text: &str) -> (FaultyUpstream, Deployment) {
    let upstream = FaultyUpstream::echo().unwrap();
    let page = Page::new(text).unwrap().at(9000, upstream.port());
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));
    (upstream, gate)
}

#[test]
fn the_page_about_timeouts_answers_for_an_upstream_that_hangs() {
    let (upstream, gate) = run(include_str!("../../../../docs/timeouts.md"));
    let mut client = gate.client().unwrap();
    assert_eq!(client.ask("GET", "/a?b", &[], "").unwrap().status, 200);
    upstream.set(Behaviour::Hold);
    assert_eq!(client.ask("GET", "/", &[], "").unwrap().status, 504);
}

#[test]
fn the_page_about_limits_refuses_what_is_too_large() {
    let (upstream, gate) = run(include_str!("../../../../docs/limits.md"));
    let long = |size: usize| "x".repeat(size);
    let (target, value) = (format!("/{}", long(2048)), long(8192));
    let many: Vec<String> = (0..50).map(|number| format!("x-{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "")).collect();
    let cases: [Case<'_>; 5] = [
        ("/", vec![], 100, 200),
        (&target, vec![], 0, 414),
        ("/", vec![("X", &value)], 0, 431),
        ("/", many, 0, 431),
        ("/", vec![], (1 << 20) + 1, 413),
    ];
    for (target, headers, body, status) in cases {
        let body = format!("\"{}\"", long(body.saturating_sub(2)));
        let mut client = gate.client().unwrap();
        let answer = client.ask("POST", target, &headers, &body).unwrap();
        assert_eq!(answer.status, status, "{}", String::from_utf8_lossy(answer.body()));
    }
    assert_eq!(upstream.count(), 1);
}
