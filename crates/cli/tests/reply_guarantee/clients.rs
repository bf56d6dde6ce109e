//! Clients that leave before their answer.

use std::time::Duration;

use temblor_testkit::{Behaviour, RawClient, request};

use crate::common::{JSON, PATIENCE, World};
use crate::{OVERLOAD, assert_error_event, wait_for_requests};

#[test]
fn a_client_that_goes_frees_its_slot() {
    let world = World::new(|recipe| recipe.concurrency(1));
    world.set(&Behaviour::Hold);
    let clients: Vec<RawClient> = (0..3)
        .map(|number| {
            let mut client = world.client();
            client.send(&request("GET", &format!("/{number}"), &[], "")).unwrap();
            wait_for_requests(&world, number + 1);
            client
        })
        .collect();
    assert_error_event(&world.ask("GET", "/", ""), 429, OVERLOAD, "all slots taken");
    for client in clients {
        client.reset().unwrap();
    }
    for upstream in &world.upstreams {
        assert!(
            upstream.wait(PATIENCE, |log| log.abandoned == 1),
            "the exchange for a gone client goes on"
        );
    }
    let gone = [("onramp", "http_in"), ("code", "499"), ("method", "GET")];
    let counted = world
        .proxy
        .wait_for_number("temblor_http_requests_total", &gone, |count| count == 3.0);
    counted.unwrap();
    let labels = [("reason", "client_gone")];
    assert_eq!(
        world.proxy.metrics().unwrap().value("temblor_http_answers_total", &labels),
        3.0
    );
    let labels = [("outcome", "cancelled")];
    assert_eq!(
        world
            .proxy
            .metrics()
            .unwrap()
            .value("temblor_upstream_outcomes_total", &labels),
        3.0
    );
    world.set(&Behaviour::Echo);
    for number in 0..9 {
        assert_eq!(world.ask("GET", &format!("/again{number}"), "").status, 200);
    }
}

#[test]
fn work_for_a_gone_client_that_is_not_safe_runs_to_its_end() {
    let world = World::new(|recipe| recipe.concurrency(1));
    world.set(&Behaviour::Hold);
    let mut client = world.client();
    client.send(&request("POST", "/", JSON, r#"{"order":1}"#)).unwrap();
    wait_for_requests(&world, 1);
    client.reset().unwrap();
    let told = world.upstreams[0].wait(Duration::from_millis(300), |log| log.abandoned > 0);
    assert!(!told, "an exchange that is not safe was cut off");
    world.set(&Behaviour::Echo);
    for _ in 0..6 {
        assert_eq!(world.ask("POST", "/", "{}").status, 200);
    }
    assert_eq!(world.counts().iter().sum::<u64>(), 7);
}

#[test]
fn a_half_closed_client_counts_as_gone_unless_told_otherwise() {
    let half_closed = |world: &World| {
        world.set(&Behaviour::Hold);
        let mut client = world.client();
        client.send(&request("GET", "/", &[], "")).unwrap();
        wait_for_requests(world, 1);
        client.half_close().unwrap();
        client
    };
    let world = World::new(|recipe| recipe);
    let mut client = half_closed(&world);
    assert_eq!(client.receive_end().unwrap_or_default(), b"");
    assert!(world.upstreams[0].wait(PATIENCE, |log| log.abandoned == 1));

    let world = World::new(|recipe| recipe.onramp("half_close: true"));
    let mut client = half_closed(&world);
    world.set(&Behaviour::Echo);
    assert_eq!(client.receive().unwrap().status, 200);
}

#[test]
fn a_client_that_goes_in_its_body_leaves_nothing_behind() {
    let world = World::new(|recipe| recipe);
    for _ in 0..20 {
        let mut client = world.client();
        client
            .send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"half\":")
            .unwrap();
        client.reset().unwrap();
    }
    for _ in 0..3 {
        assert_eq!(world.ask("POST", "/", "{}").status, 200);
    }
    assert_eq!(world.counts(), [1, 1, 1]);
}

#[test]
fn the_setting_says_what_becomes_of_work_for_a_gone_client() {
    for (cancel, method, is_abandoned) in [("always", "POST", true), ("never", "GET", false)] {
        let world = World::new(|recipe| recipe.onramp(&format!("cancel: {cancel}")));
        world.set(&Behaviour::Hold);
        let mut client = world.client();
        client.send(&request(method, "/", JSON, "{}")).unwrap();
        wait_for_requests(&world, 1);
        client.reset().unwrap();
        let patience = if is_abandoned { PATIENCE } else { Duration::from_millis(300) };
        let told = world.upstreams[0].wait(patience, |log| log.abandoned > 0);
        assert_eq!(told, is_abandoned, "cancel: {cancel}, {method}");
    }
}
