//! What the log says of requests that got no reply (spec/proxy.md 1.3).

use std::time::Instant;

use temblor_testkit::{Behaviour, request, wait_until};

use crate::common::{JSON, PATIENCE, World};

#[test]
fn log_lines_of_one_reason_come_once_a_second() {
    let world = World::new(|recipe| {
        let nowhere = recipe.without_links_from("/pipeline/request_handling/{instance}/ws01");
        nowhere
            .request_pipeline("outputs = [\"ws01\", \"ws02\", \"ws03\"]", "outputs = [\"ws01\"]")
            .log("info")
    });
    let begin = Instant::now();
    let mut client = world.client();
    for _ in 0..50 {
        assert_eq!(client.ask("POST", "/", JSON, "{}").unwrap().json()["reason"], "unlinked");
    }
    let seconds = begin.elapsed().as_secs() as usize;
    let log = world.proxy.stderr();
    let lines = log
        .lines()
        .filter(|line| line.contains("tremor_runtime::onramp") && line.contains("unlinked"))
        .count();
    assert!((1..=seconds + 1).contains(&lines), "{lines} lines in {seconds} s:\n{log}");
}

#[test]
fn a_client_that_goes_is_a_499_in_the_log() {
    let world = World::new(|recipe| recipe.log("tremor_runtime::onramp=debug"));
    world.set(&Behaviour::Hold);
    let mut client = world.client();
    client.send(&request("GET", "/", &[], "")).unwrap();
    crate::wait_for_requests(&world, 1);
    client.reset().unwrap();
    assert!(world.upstreams[0].wait(PATIENCE, |log| log.abandoned == 1));
    let line = |log: &str| log.lines().any(|line| line.contains("client_gone") && line.contains("499"));
    assert!(
        wait_until(PATIENCE, || line(&world.proxy.stderr())),
        "{}",
        world.proxy.stderr()
    );
}
