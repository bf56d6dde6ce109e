//! `qos::retry` in front of the balancer (spec/proxy.md 4.5), as its page shows it.

#![allow(clippy::unwrap_used)] // helpers of tests

use std::time::Duration;

use temblor_testkit::{Behaviour, Deployment, FaultyUpstream, Page, Response};

use crate::common::JSON;

struct Shops {
    upstreams: [FaultyUpstream; 2],
    gate: Deployment,
}

impl Shops {
    fn new() -> Self {
        let upstreams = [FaultyUpstream::echo().unwrap(), FaultyUpstream::echo().unwrap()];
        let page = Page::new(include_str!("../../../../docs/retries.md")).unwrap();
        let page = page.at(9000, upstreams[0].port()).at(9001, upstreams[1].port());
        let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));
        Self { upstreams, gate }
    }

    fn ask(&self, method: &str) -> Response {
        let answer = self.gate.client().unwrap().ask(method, "/", JSON, "{}");
        answer.unwrap_or_else(|error| panic!("{method}: {error}; the program wrote:\n{}", self.gate.stderr()))
    }

    fn counts(&self) -> [u64; 2] {
        [self.upstreams[0].count(), self.upstreams[1].count()]
    }
}

#[test]
fn a_dead_upstream_fails_no_request() {
    let mut shops = Shops::new();
    shops.upstreams[0].stop();
    for _ in 0..40 {
        assert_eq!(shops.ask("GET").status, 200);
        // Nothing of it was sent to the dead one.
        assert_eq!(shops.ask("POST").status, 200);
    }
    assert_eq!(shops.counts(), [0, 80]);
}

#[test]
fn an_upstream_that_breaks_connections_fails_no_idempotent_request() {
    let shops = Shops::new();
    shops.upstreams[1].set(Behaviour::ResetAfterRequest);
    for _ in 0..20 {
        assert_eq!(shops.ask("GET").status, 200);
    }
    assert!(shops.counts()[1] >= 1, "{:?}", shops.counts());
}

#[test]
fn what_must_not_happen_twice_is_asked_once() {
    let shops = Shops::new();
    for upstream in &shops.upstreams {
        upstream.set(Behaviour::ResetAfterRequest);
    }
    assert_eq!(shops.ask("POST").status, 503);
    assert_eq!(shops.counts().iter().sum::<u64>(), 1);
}

#[test]
fn statuses_may_be_worth_another_attempt_and_the_last_answer_counts() {
    let shops = Shops::new();
    shops.upstreams[0].set(Behaviour::answer(503, &[JSON[0]], r#"{"from":"a"}"#));
    for _ in 0..10 {
        assert_eq!(shops.ask("GET").status, 200);
    }
    std::thread::sleep(Duration::from_millis(1100));
    shops.upstreams[1].set(Behaviour::answer(503, &[JSON[0]], r#"{"from":"b"}"#));
    let before: u64 = shops.counts().iter().sum();
    let response = shops.ask("GET");
    assert_eq!(response.status, 503);
    assert!(response.json()["from"].is_string(), "{response:?}");
    assert_eq!(shops.counts().iter().sum::<u64>() - before, 2);
}

#[test]
fn an_attempt_that_takes_too_long_is_given_up_for_another() {
    let upstreams = [FaultyUpstream::echo().unwrap(), FaultyUpstream::echo().unwrap()];
    let text =
        include_str!("../../../../docs/retries.md").replace("on = [\"connect\",", "attempt_timeout = 300, on = [\"timeout\",");
    let page = Page::new(&text).unwrap();
    let page = page.at(9000, upstreams[0].port()).at(9001, upstreams[1].port());
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));
    upstreams[0].set(Behaviour::Hold);
    let begin = std::time::Instant::now();
    let response = gate.client().unwrap().ask("GET", "/", JSON, "{}").unwrap();
    assert_eq!(response.status, 200, "{response:?}");
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_eq!([upstreams[0].count(), upstreams[1].count()], [1, 1]);
}
