//! Connections opened in advance (spec/proxy.md 2.11, `warm`).

use temblor_testkit::FaultyUpstream;

use crate::world::{PATIENCE, World, page};

#[test]
fn connections_are_there_before_the_first_request_and_are_replaced() {
    let mut world: World<1> = World::with("", "pool: {warm: 3}");
    assert!(world.upstreams[0].wait(PATIENCE, |log| log.connections == 3));
    assert_eq!(world.upstreams[0].count(), 0);
    for _ in 0..5 {
        assert_eq!(world.ask("GET", "/", "").status, 200);
    }
    assert_eq!(world.upstreams[0].log().connections, 3, "none had to be opened for a request");
    world.upstreams[0].stop();
    world.upstreams[0].forget();
    world.upstreams[0].restart().unwrap();
    assert!(world.upstreams[0].wait(PATIENCE, |log| log.connections == 3));
    assert_eq!(world.ask("GET", "/", "").status, 200);
}

#[test]
fn an_upstream_that_is_not_healthy_gets_none() {
    let settings = "pool: {warm: 2}\n      health: {path: /healthz, initial: unhealthy, interval: 100ms, status: [204]}";
    let upstream = FaultyUpstream::echo().unwrap();
    let world: World<1> = World::before(&page("", settings), [upstream]);
    // Every connection is a probe's.
    assert!(world.upstreams[0].wait(PATIENCE, |log| log.count >= 15));
    let log = world.upstreams[0].log();
    assert!(
        log.connections <= log.count + 1,
        "{} connections, {} requests",
        log.connections,
        log.count
    );
}
