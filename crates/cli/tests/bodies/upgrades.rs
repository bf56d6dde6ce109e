//! Switches of protocol (spec/proxy.md 2.9).

use std::time::Duration;

use temblor_testkit::wait_until;

use crate::world::{PATIENCE, Peer, Setup, World};

const ASK: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
const SWITCH: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

fn setup() -> Setup {
    Setup {
        onramp: vec!["upgrade: [websocket]"],
        offramp: vec!["upgrade: [websocket]", "concurrency: 1"],
        ..Setup::default()
    }
}

#[test]
fn both_ends_are_joined_and_the_slot_is_free() {
    // Whatever the codec: the events' values are null.
    for (codec, script) in [
        ("binary", None),
        ("json", Some("match event of case null => event default => drop end")),
    ] {
        let world = World::new(Setup {
            codec: Some(codec),
            script,
            ..setup()
        });
        let mut client = world.client(ASK);
        let (mut upstream, head) = world.requested();
        assert!(head.contains("\r\nconnection: upgrade\r\nupgrade: websocket\r\n"), "{head}");
        assert!(
            !head.contains("content-length") && !head.contains("transfer-encoding"),
            "{head}"
        );
        upstream.send(SWITCH);
        let answer = client.read_to("\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{answer}");
        assert!(
            answer.contains("\r\nconnection: upgrade\r\nupgrade: websocket\r\n"),
            "{answer}"
        );
        assert!(!answer.contains("content-"), "{answer}");
        for _ in 0..3 {
            client.send("ping");
            assert_eq!(upstream.read_to("ping"), "ping");
            upstream.send("pong");
            assert_eq!(client.read_to("pong"), "pong");
        }
        // One slot, and it is free beside an open tunnel.
        let mut second = world.client(ASK);
        let (mut other, _) = world.requested();
        other.send(SWITCH);
        second.read_to("\r\n\r\n");
        client.half_close();
        assert_eq!(upstream.read_all(), "");
        drop(upstream);
        assert_eq!(client.read_all(), "");
        second.send("still");
        assert_eq!(other.read_to("still"), "still");
    }
}

#[test]
fn without_the_setting_on_both_sides_it_is_an_ordinary_request() {
    for (onramp, offramp) in [(vec!["upgrade: [websocket]"], vec![]), (vec![], vec!["upgrade: [websocket]"])] {
        let world = World::new(Setup {
            onramp,
            offramp,
            ..Setup::default()
        });
        let mut client = world.client(ASK);
        let (mut upstream, head) = world.requested();
        assert!(!head.contains("upgrade"), "{head}");
        upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert!(client.read_to("ok").starts_with("HTTP/1.1 200 OK\r\n"));
    }
    // An upstream that switches without being asked breaks the rules.
    let world = World::new(Setup::default());
    let mut client = world.client(ASK);
    let (mut upstream, _) = world.requested();
    upstream.send(SWITCH);
    assert!(client.read_to("}").starts_with("HTTP/1.1 503 "));
}

#[test]
fn any_other_answer_is_an_ordinary_one() {
    let world = World::new(setup());
    let mut client = world.client(ASK);
    let (mut upstream, _) = world.requested();
    upstream.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    assert!(client.read_to("no").starts_with("HTTP/1.1 401 "));
    // The connection goes on, and asks again over a fresh connection.
    client.send(ASK);
    let (mut fresh, _) = world.requested();
    fresh.send(SWITCH);
    client.read_to("\r\n\r\n");
    // Other protocols and other versions are ordinary requests.
    for text in [
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        "GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
    ] {
        let mut client = world.client(text);
        let head = upstream.read_to("\r\n\r\n");
        assert!(!head.contains("\r\nupgrade: websocket"), "{head}");
        upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        client.read_to("ok");
    }
}

/// A client and its connection to the upstream. It asks again while it is refused, since neither end of a tunnel can see when its place has
/// come back.
fn admitted(world: &World) -> (Peer, Peer) {
    let mut asking = None;
    let mut met = None;
    wait_until(PATIENCE, || {
        let mut client = asking.take().unwrap_or_else(|| world.client(ASK));
        if let Some(upstream) = world.arrived() {
            met = Some((client, upstream));
        } else if client.is_silent() {
            asking = Some(client);
        }
        met.is_some()
    });
    met.unwrap_or_else(|| panic!("every request is refused\n{}", world.proxy.stderr()))
}

#[test]
fn tunnels_are_counted_on_both_sides() {
    for (is_onramp, status) in [(true, 503), (false, 429)] {
        let mut setup = setup();
        let side = if is_onramp { &mut setup.onramp } else { &mut setup.offramp };
        side.push("limits: {tunnels: 1}");
        let world = World::new(setup);
        let mut client = world.client(ASK);
        let (mut upstream, _) = world.requested();
        upstream.send(SWITCH);
        client.read_to("\r\n\r\n");
        let mut second = world.client(ASK);
        assert!(second.read_to("}").starts_with(&format!("HTTP/1.1 {status} ")));
        drop(client);
        upstream.read_all();
        drop(upstream);
        let (mut third, mut upstream) = admitted(&world);
        upstream.read_to("\r\n\r\n");
        upstream.send(SWITCH);
        assert!(third.read_to("\r\n\r\n").starts_with("HTTP/1.1 101 "));
    }
}

#[test]
fn silence_ends_a_tunnel() {
    let mut setup = setup();
    setup.onramp.push("timeouts: {tunnel: 200ms}");
    let world = World::new(setup);
    let mut client = world.client(ASK);
    let (mut upstream, _) = world.requested();
    upstream.send(SWITCH);
    client.read_to("\r\n\r\n");
    assert_eq!(client.read_all(), "");
    assert_eq!(upstream.read_all(), "");
}

#[test]
fn tunnels_end_with_the_drain_time() {
    let mut setup = setup();
    setup.process.push("drain: 500ms");
    let mut world = World::new(setup);
    let mut client = world.client(ASK);
    let (mut upstream, _) = world.requested();
    upstream.send(SWITCH);
    client.read_to("\r\n\r\n");
    world.proxy.terminate().unwrap();
    // Not at the beginning of the drain.
    client.send("still");
    assert_eq!(upstream.read_to("still"), "still");
    assert_eq!(client.read_all(), "");
    assert_eq!(upstream.read_all(), "");
    assert!(world.proxy.wait(PATIENCE + Duration::from_secs(1)).is_ok());
}

#[test]
fn a_tunnel_is_logged_at_its_end_with_what_went_through() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("access.log");
    let setting = format!(
        "access_log: {{to: {}, format: \"%{{status}} %{{in}} %{{out}} %{{complete}}\"}}",
        log.display()
    );
    let world = World::new(Setup {
        onramp: vec!["upgrade: [websocket]", setting.leak()],
        ..setup()
    });
    let mut client = world.client(ASK);
    let (mut upstream, _) = world.requested();
    upstream.send(SWITCH);
    client.read_to("\r\n\r\n");
    client.send("ping");
    assert_eq!(upstream.read_to("ping"), "ping");
    upstream.send("a longer pong");
    assert_eq!(client.read_to("a longer pong"), "a longer pong");
    assert_eq!(std::fs::read_to_string(&log).unwrap(), "", "it is not over");
    client.half_close();
    assert_eq!(upstream.read_all(), "");
    drop(upstream);
    assert_eq!(client.read_all(), "");
    let text = || std::fs::read_to_string(&log).unwrap();
    let is_logged = wait_until(PATIENCE, || text() == "101 4 13 true\n");
    assert!(is_logged, "{}", text());
}
