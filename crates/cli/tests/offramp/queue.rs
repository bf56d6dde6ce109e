//! Events that wait for a slot (spec/proxy.md 4.9).

use std::time::{Duration, Instant};

use temblor_testkit::{Behaviour, RawClient, request};

use crate::world::World;

/// A request that occupies the only slot, and its client.
fn occupy(world: &World<1>) -> RawClient {
    world.upstreams[0].set(Behaviour::Hold);
    let mut client = world.client();
    client.send(&request("GET", "/first", &[], "")).unwrap();
    world.await_requests(0, 1);
    client
}

fn send(world: &World<1>, targets: &[&str]) -> Vec<RawClient> {
    let send = |target: &&str| {
        let mut client = world.client();
        client.send(&request("GET", target, &[], "")).unwrap();
        client
    };
    targets.iter().map(send).collect()
}

#[test]
fn events_wait_in_order_and_are_refused_only_if_the_queue_is_full() {
    for (order, expected) in [
        ("fifo", ["/first", "/second", "/third"]),
        ("lifo", ["/first", "/third", "/second"]),
    ] {
        let world = World::with(
            "",
            &format!("concurrency: 1\n      queue: {{size: 2, timeout: 1h, order: {order}}}"),
        );
        let mut first = occupy(&world);
        let mut waiting = send(&world, &["/second", "/third"]);
        let refused = world.ask("GET", "/fourth", "");
        assert_eq!(refused.status, 429, "{refused:?}");
        assert_eq!(refused.json()["error"], "Dropped data due to overload");
        world.upstreams[0].set(Behaviour::Echo);
        assert_eq!(first.receive().unwrap().status, 200);
        for client in &mut waiting {
            assert_eq!(client.receive().unwrap().status, 200);
        }
        assert_eq!(world.targets(0), expected);
        assert_eq!(world.ask("GET", "/fifth", "").status, 200);
    }
}

#[test]
fn the_wait_ends_with_its_own_time() {
    let world = World::with("", "concurrency: 1\n      queue: {timeout: 300ms}");
    let mut first = occupy(&world);
    let begin = Instant::now();
    let late = world.ask("GET", "/second", "");
    assert_eq!(
        (late.status, &late.json()["error"]),
        (429, &"Dropped data due to overload".into())
    );
    assert!(begin.elapsed() >= Duration::from_millis(300), "{:?}", begin.elapsed());
    world.upstreams[0].set(Behaviour::Echo);
    assert_eq!(first.receive().unwrap().status, 200);
    assert_eq!(world.ask("GET", "/third", "").status, 200);
    assert_eq!(world.targets(0), ["/first", "/third"]);
}

#[test]
fn the_wait_ends_with_the_deadline_of_the_request() {
    let world: World<1> = World::with("timeouts: {reply: 500ms}", "concurrency: 1\n      queue: {timeout: 0}");
    world.upstreams[0].set(Behaviour::Hold);
    // What was sent and is not safe runs on without its client, beyond the deadline.
    let mut first = world.client();
    first.send(&request("POST", "/first", &[], "")).unwrap();
    world.await_requests(0, 1);
    first.reset().unwrap();
    let second = world.ask("GET", "/second", "");
    assert_eq!((second.status, &second.json()["reason"]), (504, &"timeout".into()));
    world.upstreams[0].set(Behaviour::Echo);
    assert_eq!(world.ask("GET", "/third", "").status, 200);
    assert_eq!(world.targets(0), ["/first", "/third"]);
}

#[test]
fn a_client_that_leaves_takes_its_event_out_of_the_queue() {
    for method in ["GET", "POST"] {
        let world = World::with("", "concurrency: 1\n      queue: {size: 1, timeout: 1h}");
        let mut first = occupy(&world);
        let mut leaving = world.client();
        leaving.send(&request(method, "/second", &[], "")).unwrap();
        assert_eq!(world.ask("GET", "/full", "").status, 429);
        leaving.reset().unwrap();
        // Served behind what the leaving client did.
        drop(world.client());
        let mut third = send(&world, &["/third"]);
        world.upstreams[0].set(Behaviour::Echo);
        assert_eq!(first.receive().unwrap().status, 200);
        assert_eq!(third[0].receive().unwrap().status, 200);
        assert_eq!(world.targets(0), ["/first", "/third"], "{method}");
    }
}

#[test]
fn everything_runs_on_where_that_is_asked_for() {
    let world = World::with("cancel: never", "concurrency: 1\n      queue: {timeout: 1h}");
    let mut first = occupy(&world);
    let mut leaving = world.client();
    leaving.send(&request("POST", "/second", &[], "")).unwrap();
    leaving.reset().unwrap();
    drop(world.client());
    world.upstreams[0].set(Behaviour::Echo);
    assert_eq!(first.receive().unwrap().status, 200);
    world.await_requests(0, 2);
    assert_eq!(world.targets(0), ["/first", "/second"]);
}

#[test]
fn a_crowd_many_times_as_large_as_the_slots_is_served_completely() {
    let world: World<1> = World::with("", "concurrency: 2\n      queue: {size: 200, timeout: 1h}");
    world.upstreams[0].set(Behaviour::Slow(Duration::from_millis(2), Box::new(Behaviour::Echo)));
    let targets: Vec<String> = (0..100).map(|number| format!("/{number}")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    for mut client in send(&world, &targets) {
        assert_eq!(client.receive().unwrap().status, 200);
    }
    assert_eq!(world.upstreams[0].count(), 100);
}
