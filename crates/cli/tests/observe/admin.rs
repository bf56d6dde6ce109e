//! The admin interface.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use temblor_testkit::{Behaviour, Exposition, RawClient, free_port, request, wait_until};

use crate::common::{JSON, PATIENCE, World, is_event_id};

const BINARY: &str = env!("CARGO_BIN_EXE_temblor");

#[test]
fn every_place_answers_as_specified() {
    let world = World::new(|recipe| recipe);
    let ask = |method, path| world.proxy.admin(method, path, &[]).unwrap();
    let version = ask("GET", "/version");
    assert_eq!(
        (version.status, version.header("content-type")),
        (200, Some("application/json"))
    );
    assert!(version.json()["version"].is_string() && version.json()["debug"].is_boolean());
    let yaml = world
        .proxy
        .admin("GET", "/version", &[("accept", "application/yaml")])
        .unwrap();
    assert!(yaml.body().starts_with(b"---\nversion: ") && yaml.body().ends_with(b"\n"));
    assert_eq!(ask("GET", "/health").status, 200);
    // The onramp's port is open a moment before everything is deployed.
    assert!(wait_until(PATIENCE, || ask("GET", "/ready").status == 200), "not ready");
    for path in ["/", "/metric", "/metrics/", "/onramp"] {
        let response = ask("GET", path);
        assert_eq!((response.status, response.body()), (404, &b""[..]), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "PURGE"] {
        let response = ask(method, "/metrics");
        assert_eq!((response.status, response.body()), (405, &b""[..]), "{method}");
    }
    let (get, head) = (ask("GET", "/version"), ask("HEAD", "/version"));
    assert_eq!((head.status, head.body()), (200, &b""[..]));
    assert_eq!(head.header("content-length"), get.header("content-length"));
}

#[test]
fn the_text_of_metrics_goes_by_what_the_reader_accepts() {
    let world = World::new(|recipe| recipe);
    assert_eq!(world.ask("POST", "/", "{}").status, 200);
    let plain = world.proxy.admin("GET", "/metrics", &[]).unwrap();
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    Exposition::of_text(&String::from_utf8_lossy(plain.body())).unwrap();
    let accept = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    let open = world.proxy.admin("GET", "/metrics", &[("accept", accept)]).unwrap();
    assert_eq!(
        open.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    Exposition::of_open_metrics(&String::from_utf8_lossy(open.body())).unwrap();
}

#[test]
fn a_draining_process_is_not_ready_and_still_healthy() {
    let mut world = World::new(|recipe| recipe);
    world.set(&Behaviour::Hold);
    let mut running = world.client();
    running.send(&request("POST", "/", JSON, "{}")).unwrap();
    for upstream in &world.upstreams[..1] {
        assert!(upstream.wait(PATIENCE, |log| log.count == 1));
    }
    world.proxy.terminate().unwrap();
    let status = |path| world.proxy.admin("GET", path, &[]).unwrap().status;
    assert!(wait_until(PATIENCE, || status("/ready") == 503), "still ready");
    assert_eq!(status("/health"), 200);
    world.set(&Behaviour::Echo);
    assert_eq!(running.receive().unwrap().status, 200);
    assert!(world.proxy.wait(PATIENCE).unwrap().success());
}

/// Runs the program with arguments it refuses.
fn refused(arguments: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command
        .args(["server", "run"])
        .args(arguments)
        .env_remove("TEMBLOR_API_TOKEN");
    command.stdin(Stdio::null()).output().unwrap()
}

#[test]
fn an_address_that_cannot_be_had_ends_the_start_with_a_reason() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (arguments, reason) in [
        (
            vec!["-h", address.as_str()],
            "-h HOST:PORT chooses another address, -n leaves the admin interface out",
        ),
        (
            vec!["--api-host", "0.0.0.0:0"],
            "--api-token-file FILE or TEMBLOR_API_TOKEN) or --api-insecure",
        ),
        (vec!["-h", "http+unix:///tmp/x"], "write HOST:PORT"),
        (
            vec!["-h", "127.0.0.1:0", "--api-token-file", "/nowhere/token"],
            "cannot read /nowhere/token",
        ),
    ] {
        let output = refused(&arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {stderr}");
        assert!(
            stderr.contains("API Error: ") && stderr.contains(reason),
            "{arguments:?}: {stderr}"
        );
        assert!(
            stderr.contains("We are SHUTTING DOWN due to errors during initialization!"),
            "{stderr}"
        );
    }
}

#[test]
fn a_token_that_is_no_text_is_not_taken_for_none() {
    let mut command = Command::new(BINARY);
    command
        .args(["server", "run", "-h", "127.0.0.1:0"])
        .env("TEMBLOR_API_TOKEN", OsStr::from_bytes(b"\xff"));
    let output = command.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("API Error: TEMBLOR_API_TOKEN: "), "{stderr}");
}

#[test]
fn a_token_guards_all_but_three_places_and_metrics_have_a_listener_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let (token, document) = (folder.path().join("token"), folder.path().join("settings.yaml"));
    let (admin, numbers) = (free_port().unwrap(), free_port().unwrap());
    fs::write(&token, "s3cret\n").unwrap();
    fs::write(
        &document,
        format!("temblor: {{metrics: {{listen: \"127.0.0.1:{numbers}\", buckets: [0.5, 1]}}}}\n"),
    )
    .unwrap();
    let child = Command::new(BINARY)
        .args(["server", "run", "-h", &format!("127.0.0.1:{admin}"), "--api-token-file"])
        .args([&token, std::path::Path::new("-f"), &document])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    let mut client = loop {
        if let Ok(client) = RawClient::connect(admin) {
            break client;
        }
        assert!(Instant::now() < deadline, "it does not listen");
    };
    for path in ["/version", "/health", "/ready"] {
        assert_ne!(client.ask("GET", path, &[], "").unwrap().status, 401, "{path}");
    }
    for (path, field) in [("/metrics", None), ("/metrics", Some("Bearer other")), ("/nothing", None)] {
        let headers: Vec<(&str, &str)> = field.map(|field| ("authorization", field)).into_iter().collect();
        let response = client.ask("GET", path, &headers, "").unwrap();
        assert_eq!(response.status, 401, "{path}");
        assert_eq!(response.json()["code"], 401);
        assert!(response.json()["error"].is_string() && !is_event_id(&response.json()["error"]));
    }
    let shown = client
        .ask("GET", "/metrics", &[("authorization", "Bearer s3cret")], "")
        .unwrap();
    assert_eq!(shown.status, 200);
    let mut numbers = RawClient::connect(numbers).unwrap();
    let text = numbers.ask("GET", "/metrics", &[], "").unwrap();
    assert!(Exposition::of_text(&String::from_utf8_lossy(text.body())).is_ok());
    for path in ["/version", "/health", "/ready"] {
        assert_eq!(numbers.ask("GET", path, &[], "").unwrap().status, 404, "{path}");
    }
    // Orderly, so that all it says on its way has been said.
    Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status()
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains(&format!("Listening at: http://127.0.0.1:{admin}\n")),
        "{stderr}"
    );
}
