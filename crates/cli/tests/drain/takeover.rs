//! Processes that take over from each other.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;

use temblor_testkit::{Behaviour, Deployment, RawClient, request, wait_until};

use crate::load::Load;
use crate::world::{PATIENCE, World, run, wait_for_log};

const TAKE_OVERS: usize = 3;

fn pid_in(world: &World) -> Option<u32> {
    fs::read_to_string(world.file("pid")).ok()?.trim().parse().ok()
}

fn assert_serves(world: &World, process: &Deployment) {
    let answer = RawClient::connect(world.port()).and_then(|mut client| client.ask("GET", "/", &[], ""));
    let answer = answer.unwrap_or_else(|error| panic!("{error}\n{}", process.stderr()));
    assert_eq!(answer.status, 200);
}

#[test]
fn no_request_fails_while_processes_take_over() {
    let world = World::new();
    let mut serving = world.start();
    let requests = Load::during(&world, |load| {
        load.wait(200);
        for _ in 0..TAKE_OVERS {
            let next = world.start();
            assert!(serving.wait(PATIENCE).unwrap().success(), "{}", serving.stderr());
            serving = next;
            load.wait(200);
        }
    });
    assert!(requests >= 200 * (TAKE_OVERS as u64 + 1), "{requests}");
    assert_eq!(pid_in(&world), Some(serving.pid()));
    let file = fs::metadata(world.file("socket")).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    serving.terminate().unwrap();
    assert!(serving.wait(PATIENCE).unwrap().success());
    for left in ["socket", "pid"] {
        assert!(!world.file(left).exists(), "{left} was left behind");
    }
}

#[test]
fn a_process_with_a_mistake_leaves_the_running_one_alone() {
    let world = World::new();
    let mut serving = world.start();
    let broken = [
        // Found when the files are read.
        world.page().argument("-f").argument(world.file("missing.trickle")),
        // Found when the second mapping is deployed, and the first one has its onramp.
        world.page().argument("-f").argument(late_mistake(&world)),
    ];
    let mut next = None;
    Load::during(&world, |load| {
        for page in &broken {
            load.wait(50);
            let mut failing = run(page);
            let status = failing.wait(PATIENCE).unwrap();
            assert_eq!(status.code(), Some(1), "{}", failing.stderr());
        }
        load.wait(50);
        assert_eq!(pid_in(&world), Some(serving.pid()));
        next = Some(world.start());
        assert!(serving.wait(PATIENCE).unwrap().success());
        load.wait(50);
    });
    assert_eq!(pid_in(&world), next.map(|process| process.pid()));
}

/// A document whose mapping fails.
fn late_mistake(world: &World) -> PathBuf {
    let file = world.file("late.yaml");
    let text = "binding:\n  - id: late\n    links:\n      \"/onramp/none/a/out\": [\"/pipeline/pass/a/in\"]\nmapping:\n  /binding/late/a: {}\n";
    fs::write(&file, text).unwrap();
    file
}

#[test]
fn a_process_that_is_killed_while_it_deploys_leaves_the_running_one_alone() {
    let world = World::new();
    let mut serving = world.start();
    // Nobody ever writes to this file, so reading it takes for ever.
    let endless = world.file("endless.trickle");
    assert!(Command::new("mkfifo").arg(&endless).status().unwrap().success());
    let mut next = None;
    Load::during(&world, |load| {
        load.wait(50);
        let hanging = run(&world.page().argument("-f").argument(&endless));
        wait_for_log(&serving, "another process prepares to take over");
        load.wait(50);
        // By the signal that no process can catch.
        drop(hanging);
        wait_for_log(&serving, "no take-over");
        load.wait(50);
        next = Some(world.start());
        assert!(serving.wait(PATIENCE).unwrap().success());
        load.wait(50);
    });
    assert_eq!(pid_in(&world), next.map(|process| process.pid()));
}

#[test]
fn what_was_under_way_is_finished_by_the_old_process() {
    let world = World::new();
    let mut old = world.start();
    world.upstream.set(Behaviour::Hold);
    let mut client = RawClient::connect(world.port()).unwrap();
    client.send(&request("GET", "/held", &[], "")).unwrap();
    assert!(world.upstream.wait(PATIENCE, |log| log.count == 1));
    let next = world.start();
    wait_for_log(&old, "another process has taken over");
    world.upstream.set(Behaviour::Echo);
    assert_eq!(client.receive().unwrap().status, 200);
    assert!(old.wait(PATIENCE).unwrap().success());
    assert_serves(&world, &next);
}

#[test]
fn where_nobody_listens_a_process_just_starts() {
    let world = World::new();
    // What a process leaves behind that was killed.
    drop(UnixListener::bind(world.file("socket")).unwrap());
    let process = world.start();
    assert_serves(&world, &process);
    let listens = wait_until(PATIENCE, || UnixStream::connect(world.file("socket")).is_ok());
    assert!(listens, "{}", process.stderr());
}

#[test]
fn somebody_who_talks_nonsense_gets_nothing() {
    let world = World::new();
    let process = world.start();
    let path = world.file("socket");
    assert!(wait_until(PATIENCE, || path.exists()), "{}", process.stderr());
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut answer);
    assert!(answer.is_empty());
    assert_serves(&world, &process);
}
