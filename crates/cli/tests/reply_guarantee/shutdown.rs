//! The end of the process (spec/proxy.md 2.17).

use std::time::{Duration, Instant};

use temblor_testkit::{Behaviour, RawClient, request};

use crate::common::{JSON, PATIENCE, World};
use crate::{assert_own, wait_for_requests};

#[test]
fn shutdown_lets_running_requests_finish() {
    let mut world = World::new(|recipe| recipe);
    let mut idle = world.client();
    assert_eq!(idle.ask("GET", "/", &[], "").unwrap().status, 200);
    world.set(&Behaviour::Hold);
    let mut running = world.client();
    running.send(&request("POST", "/", JSON, r#"{"n":1}"#)).unwrap();
    wait_for_requests(&world, 2);
    world.proxy.terminate().unwrap();
    assert_eq!(idle.receive_end().unwrap(), b"");
    let refused_by = Instant::now() + PATIENCE;
    while let Ok(mut late) = world.proxy.client() {
        assert!(Instant::now() < refused_by, "connections are still accepted");
        // Taken before the socket closed: it gets nothing any more.
        assert!(late.receive_end().unwrap_or_default().is_empty());
    }
    world.set(&Behaviour::Echo);
    let response = running.receive().unwrap();
    assert_eq!((response.status, &response.json()["json"]["n"]), (200, &1.into()));
    assert_eq!(response.header("connection"), Some("close"));
    assert!(world.proxy.wait(PATIENCE).unwrap().success());
}

#[test]
fn what_is_left_at_the_end_of_the_drain_time_is_answered() {
    let mut world = World::new(|recipe| recipe.document("temblor: {drain: 400ms}"));
    world.set(&Behaviour::Hold);
    let mut clients: Vec<RawClient> = (0..6).map(|_| world.client()).collect();
    for client in &mut clients {
        client.send(&request("POST", "/", JSON, "{}")).unwrap();
    }
    wait_for_requests(&world, 6);
    world.proxy.terminate().unwrap();
    for mut client in clients {
        let response = client
            .receive()
            .unwrap_or_else(|error| panic!("{error}\n{}", world.proxy.stderr()));
        assert_own(&response, 503, "shutdown", "shutdown");
        assert_eq!(response.header("connection"), Some("close"));
    }
    assert!(world.proxy.wait(PATIENCE).unwrap().success());
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut world = World::new(|recipe| recipe);
    world.set(&Behaviour::Hold);
    let mut client = world.client();
    client.send(&request("POST", "/", JSON, "{}")).unwrap();
    wait_for_requests(&world, 1);
    world.proxy.terminate().unwrap();
    let refused_by = Instant::now() + PATIENCE;
    while world.proxy.client().is_ok() {
        assert!(Instant::now() < refused_by, "connections are still accepted");
    }
    world.proxy.terminate().unwrap();
    // Far less than the 30 seconds of a drain.
    assert!(world.proxy.wait(Duration::from_secs(5)).is_ok());
}

#[test]
fn shutdown_without_work_is_quick() {
    let mut world = World::new(|recipe| recipe);
    assert_eq!(world.ask("GET", "/", "").status, 200);
    let _idle = world.client();
    world.proxy.terminate().unwrap();
    assert!(world.proxy.wait(Duration::from_secs(5)).unwrap().success());
}
