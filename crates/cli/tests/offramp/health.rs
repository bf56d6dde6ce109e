//! Health checks (spec/proxy.md 4.10) and who reads them (4.1, 4.2).

use std::thread::sleep;
use std::time::Duration;

use temblor_testkit::{Behaviour, request, wait_until};

use crate::world::{PATIENCE, World};

const PAGE: &str = include_str!("../../../../docs/health.md");

/// The page with other settings of `health`.
fn with_health(settings: &str) -> String {
    PAGE.replace("{path: /healthz, interval: 1s, timeout: 500ms, unhealthy: 2}", settings)
}

impl<const N: usize> World<N> {
    /// Waits until the log has a text so many times.
    fn await_log(&self, text: &str, count: usize) {
        let is_there = wait_until(PATIENCE, || self.proxy.stderr().matches(text).count() >= count);
        assert!(is_there, "no {text:?} in the log:\n{}", self.proxy.stderr());
    }

    /// How many of the requests, which are not probes, each upstream gets.
    fn shares(&self, requests: usize) -> Vec<usize> {
        self.upstreams.iter().for_each(temblor_testkit::FaultyUpstream::forget);
        for _ in 0..requests {
            let response = self.ask("GET", "/", "");
            assert_eq!(response.status, 200, "{response:?}");
        }
        let requests = |at| self.targets(at).iter().filter(|target| *target != "/healthz").count();
        (0..N).map(requests).collect()
    }
}

#[test]
fn the_page_about_health_keeps_requests_away_from_an_ill_upstream() {
    let world: World<2> = World::of_page(PAGE);
    assert_eq!(world.shares(10), [5, 5]);
    world.upstreams[0].set(Behaviour::answer(503, &[], ""));
    world.await_log("offramp/shop_a/01/out] unhealthy: status 503", 1);
    assert_eq!(world.shares(10), [0, 10]);
    world.upstreams[0].set(Behaviour::Echo);
    world.await_log("offramp/shop_a/01/out] healthy", 1);
    assert_eq!(world.shares(10), [5, 5]);
}

#[test]
fn one_that_keeps_silent_or_is_gone_is_ill_as_well() {
    let mut world: World<2> = World::of_page(&with_health(
        "{path: /healthz, interval: 50ms, timeout: 50ms, unhealthy: 1, healthy: 1}",
    ));
    world.upstreams[1].set(Behaviour::Hold);
    world.await_log("unhealthy: no answer within 50 ms", 1);
    assert_eq!(world.shares(4), [4, 0]);
    world.upstreams[1].set(Behaviour::Echo);
    world.await_log("] healthy", 1);
    assert_eq!(world.shares(4), [2, 2]);
    world.upstreams[1].stop();
    world.await_log("unhealthy: connect: ", 1);
    assert_eq!(world.shares(4), [4, 0]);
    world.upstreams[1].restart().unwrap();
    world.await_log("] healthy", 2);
    assert_eq!(world.shares(4), [2, 2]);
}

#[test]
fn a_connection_is_enough_where_no_path_is_given() {
    let mut world: World<2> = World::of_page(&with_health("{interval: 50ms, unhealthy: 1, healthy: 1}"));
    // A connection is taken, whatever is said over it.
    world.upstreams[0].set(Behaviour::answer(503, &[], ""));
    world.upstreams[0].forget();
    assert!(world.upstreams[0].wait(PATIENCE, |log| log.connections > 3));
    assert!(!world.proxy.stderr().contains("unhealthy"));
    world.upstreams[0].stop();
    world.await_log("unhealthy: connect: ", 1);
    assert_eq!(world.shares(4), [0, 4]);
}

#[test]
fn one_that_is_unhealthy_until_seen_gets_nothing_before() {
    let settings = "{path: /healthz, initial: unhealthy, interval: 50ms, unhealthy: 1, healthy: 3}";
    let world: World<2> = World::of_page(&with_health(settings));
    world.await_log("] healthy", 2);
    assert!(world.upstreams.iter().all(|upstream| upstream.count() >= 3));
    assert_eq!(world.shares(4), [2, 2]);
}

#[test]
fn an_ill_upstream_is_tried_if_there_is_no_other() {
    let world: World<2> = World::of_page(&with_health("{path: /healthz, status: [204], interval: 50ms, unhealthy: 1}"));
    world.await_log("unhealthy: status 200", 2);
    // In turn, as if both were healthy.
    assert_eq!(world.shares(6), [3, 3]);
}

#[test]
fn a_change_pauses_and_resumes_where_that_is_asked_for() {
    // Without looking at what is available, so that only the pause keeps requests away.
    let page = with_health("{path: /healthz, interval: 50ms, unhealthy: 1, healthy: 1, insight: true}");
    let page = page.replace(
        "outputs = [\"a\", \"b\"]",
        "outputs = [\"a\", \"b\"], skip_unavailable = false",
    );
    let world: World<2> = World::of_page(&page);
    assert_eq!(world.shares(4), [2, 2]);
    world.upstreams[0].set(Behaviour::answer(503, &[], ""));
    world.await_log("unhealthy: status 503", 1);
    assert!(wait_until(PATIENCE, || world.shares(4) == [0, 4]), "the output stays open");
    // With the last output the onramp pauses: the client waits, and is served when one is back.
    world.upstreams[1].set(Behaviour::answer(503, &[], ""));
    world.await_log("unhealthy: status 503", 2);
    sleep(Duration::from_millis(300));
    let mut client = world.proxy.client().unwrap();
    client.send(&request("GET", "/late", &[], "")).unwrap();
    world.upstreams[1].set(Behaviour::Echo);
    assert_eq!(client.receive().unwrap().status, 200);
    assert!(!world.targets(0).contains(&"/late".to_owned()));
}

#[test]
fn a_probe_without_answer_does_not_delay_the_end() {
    let mut world: World<2> = World::of_page(&with_health("{path: /healthz, interval: 50ms, timeout: 1h}"));
    for upstream in &world.upstreams {
        upstream.set(Behaviour::Hold);
        upstream.forget();
    }
    for upstream in &world.upstreams {
        assert!(upstream.wait(PATIENCE, |log| log.count > 0));
    }
    world.proxy.terminate().unwrap();
    // Less than the time of a drain.
    let status = world.proxy.wait(Duration::from_secs(15)).unwrap();
    assert!(status.success(), "{status}");
}

#[test]
fn a_second_attempt_goes_to_the_same_upstream_if_no_other_is_there() {
    // A connection is health enough, so the one that answers 503 stays healthy.
    let mut world: World<2> = World::of_page(&with_health("{interval: 50ms, unhealthy: 1}"));
    world.upstreams[1].stop();
    world.await_log("unhealthy: connect: ", 1);
    world.upstreams[0].set(Behaviour::answer(503, &[], ""));
    assert_eq!(world.ask("GET", "/", "").status, 503);
    assert_eq!(world.upstreams[0].count(), 2);
    // Neither is available: the second attempt goes on in turn.
    world.upstreams[0].stop();
    world.await_log("unhealthy: connect: ", 2);
    assert_eq!(world.ask("GET", "/", "").status, 503);
    world.upstreams[1].restart().unwrap();
    world.await_log("] healthy", 1);
    assert_eq!(world.ask("GET", "/", "").status, 200);
}
