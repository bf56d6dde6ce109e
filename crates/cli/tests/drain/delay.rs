//! `drain_delay`.

use temblor_testkit::RawClient;

use crate::world::{PATIENCE, World, wait_for_log};

#[test]
fn connections_are_accepted_for_a_while_after_the_signal() {
    let world = World::varied(|text| text.replace("drain_delay: 0", "drain_delay: 10m"));
    let mut process = world.start();
    process.terminate().unwrap();
    wait_for_log(&process, "draining");
    let mut client = RawClient::connect(world.port()).unwrap();
    let answer = client.ask("GET", "/", &[], "").unwrap();
    assert_eq!((answer.status, answer.header("connection")), (200, None));
    // The second signal ends it at once.
    process.terminate().unwrap();
    assert!(process.wait(PATIENCE).unwrap().success());
}
