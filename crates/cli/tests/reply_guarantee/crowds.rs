//! Many clients at once.

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::scope;
use std::time::Duration;

use temblor_testkit::{Behaviour, FaultyUpstream, Load, RawClient, request};

use crate::common::{JSON, PATIENCE, World};
use crate::{OVERLOAD, assert_error_event, wait_for_requests};

#[test]
fn eighteen_clients_fill_seventeen_slots() {
    let world = World::new(|recipe| recipe);
    world.set(&Behaviour::Hold);
    let ask = |number: u64| {
        let mut client = world.client();
        client
            .send(&request("POST", "/", JSON, &format!(r#"{{"token":{number}}}"#)))
            .unwrap();
        client
    };
    let mut clients: Vec<RawClient> = Vec::new();
    for number in 0..17 {
        clients.push(ask(number));
        wait_for_requests(&world, number + 1);
    }
    assert_eq!(world.counts(), [9, 4, 4]);
    assert_error_event(&ask(17).receive().unwrap(), 429, OVERLOAD, "the eighteenth");
    world.set(&Behaviour::Echo);
    for (token, client) in clients.iter_mut().enumerate() {
        let response = client.receive().unwrap();
        assert_eq!((response.status, &response.json()["json"]["token"]), (200, &token.into()));
    }
    // A refusal for want of slots is no judgement on an upstream.
    for _ in 0..3 {
        assert_eq!(world.ask("POST", "/", "{}").status, 200);
    }
    assert_eq!(world.counts(), [10, 5, 5]);
}

fn load(world: &World, clients: usize, requests: usize, time: Duration) -> Load {
    Load {
        port: world.proxy.port(),
        clients,
        time,
        requests,
    }
}

/// How often each `POST` arrived, by its target.
fn arrivals(world: &World) -> BTreeMap<String, u32> {
    let mut arrivals = BTreeMap::new();
    for upstream in &world.upstreams {
        let log = upstream.log();
        assert_eq!(log.torn, Vec::<String>::new(), "an upstream got half a request");
        for recorded in log.requests.iter().filter(|recorded| recorded.request.word(0) == "POST") {
            *arrivals.entry(recorded.request.word(1).to_owned()).or_default() += 1;
        }
    }
    arrivals
}

#[test]
fn everyone_of_many_clients_gets_the_own_answer() {
    for clients in [18, 200] {
        let world = World::new(|recipe| recipe.concurrency(clients));
        let summary = load(&world, clients, 10, PATIENCE).run().unwrap();
        assert!(summary.is_clean(), "{clients} clients\n{summary}\n{}", world.proxy.stderr());
        assert_eq!(summary.with_status(200), 10 * clients as u64, "{clients} clients\n{summary}");
        assert!(arrivals(&world).values().all(|count| *count == 1));
    }
}

#[test]
fn too_many_clients_for_the_recipes_slots_are_told_so() {
    let world = World::new(|recipe| recipe);
    let summary = load(&world, 200, 5, PATIENCE).run().unwrap();
    assert!(summary.is_clean(), "{summary}");
    assert_eq!(summary.with_status(200) + summary.with_status(429), 1000, "{summary}");
    for _ in 0..3 {
        assert_eq!(world.ask("POST", "/", "{}").status, 200);
    }
}

#[test]
fn an_upstream_that_comes_and_goes_under_load() {
    const TIME: Duration = Duration::from_secs(10);
    const INTERVAL: Duration = Duration::from_millis(500);
    let mut world = World::new(|recipe| recipe.concurrency(200));
    let warm_up = load(&world, 200, 5, PATIENCE).run().unwrap();
    assert!(warm_up.is_clean(), "{warm_up}");
    world.upstreams.iter().for_each(FaultyUpstream::forget);
    let before = world.proxy.resident_kib().unwrap();
    let load = load(&world, 200, usize::MAX, TIME);
    let (done, is_done) = channel::<()>();
    let third = &mut world.upstreams[2];
    let summary = scope(|scope| {
        let killer = scope.spawn(move || {
            while is_done.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                third.stop();
                let _ = is_done.recv_timeout(INTERVAL);
                third.restart()?;
            }
            Ok::<_, io::Error>(())
        });
        let summary = load.run();
        drop(done);
        killer.join().unwrap().unwrap();
        summary.unwrap()
    });
    assert!(summary.is_clean(), "{summary}\n{}", world.proxy.stderr());
    assert!(summary.with_status(200) > summary.sent / 2, "{summary}");
    assert!(
        summary.by_status.keys().all(|status| [200, 500, 503].contains(status)),
        "{summary}"
    );
    assert!(arrivals(&world).values().all(|count| *count == 1), "a POST arrived twice");
    let after = world.proxy.resident_kib().unwrap();
    assert!(after < before + 32_768, "memory grew from {before} to {after} KiB");
}
