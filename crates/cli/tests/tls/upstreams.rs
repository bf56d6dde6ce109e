//! TLS towards upstreams: a gate without TLS whose offramp speaks TLS, to an onramp of the same program or to another server.

use std::time::{Duration, Instant};

use temblor_testkit::{Authority, Deployment, FaultyUpstream, Page, Response, TlsFront, free_port, wait_until};

use crate::world::{Folder, JSON, PATIENCE};

/// The settings of an upstream that is trusted.
const TRUSTED: &str = "{ca: '@ca.pem', server_name: shop.example}";
const SHOP: &str = "{certificates: [{cert: '@shop.pem', key: '@shop.key'}]}";

/// A gate whose offramp speaks to an onramp of the same program.
fn chain(folder: &Folder, server: &str, client: &str) -> Deployment {
    let inner = free_port().unwrap();
    let text = include_str!("chain.md")
        .replace("INNER", &inner.to_string())
        .replace("SERVER", server)
        .replace("CLIENT", client);
    run(&folder.resolve(&text))
}

/// A gate whose offramp speaks to a port.
fn gate(folder: &Folder, port: u16, client: &str) -> Deployment {
    let text = include_str!("gate.md")
        .replace("UPSTREAM", &port.to_string())
        .replace("CLIENT", client);
    run(&folder.resolve(&text))
}

fn run(text: &str) -> Deployment {
    let page = Page::new(text).unwrap().logging("info");
    Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"))
}

fn ask(gate: &Deployment) -> Response {
    let answer = gate.client().unwrap().ask("POST", "/", JSON, "{\"a\":1}");
    answer.unwrap_or_else(|error| panic!("{error}\n{}", gate.stderr()))
}

#[test]
fn requests_travel_over_tls_and_programs_see_it() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    let gate = chain(&folder, SHOP, TRUSTED);
    for _ in 0..3 {
        let response = ask(&gate);
        assert_eq!(response.status, 200, "{response:?}\n{}", gate.stderr());
        let seen = response.json();
        assert_eq!(seen["scheme"], "https");
        assert_eq!(seen["tls"]["sni"], "shop.example");
        assert_eq!(seen["tls"]["version"], "1.3");
        assert_eq!(seen["body"], serde_json::json!({"a": 1}));
    }
}

#[test]
fn another_server_is_spoken_to_and_its_connections_are_kept() {
    let folder = Folder::new();
    let upstream = FaultyUpstream::echo().unwrap();
    let front = TlsFront::start(&folder.server("shop", &["127.0.0.1"]), None, upstream.port()).unwrap();
    let gate = gate(&folder, front.port(), "{ca: '@ca.pem'}");
    for _ in 0..10 {
        let response = ask(&gate);
        assert_eq!(response.status, 200, "{response:?}\n{}", gate.stderr());
    }
    let log = upstream.log();
    assert_eq!(log.count, 10);
    // One for each worker at most: the tickets that came behind the handshake did not spoil them.
    let connections: std::collections::BTreeSet<u64> = log.requests.iter().map(|request| request.connection).collect();
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    assert!(connections.len() <= workers, "{} connections", connections.len());
}

#[test]
fn certificates_are_verified() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    folder.write("other.pem", &Authority::new("Other").unwrap().pem());
    let ended = folder.authority.ended(&["shop.example"]).unwrap();
    ended.write(folder.path(), "ended").unwrap();
    let ended = "{certificates: [{cert: '@ended.pem', key: '@ended.key'}]}";
    for (server, client, expected) in [
        (SHOP, TRUSTED, 200),
        (SHOP, "{ca: '@other.pem', server_name: shop.example}", 503),
        (SHOP, "{ca: '@ca.pem', server_name: bank.example}", 503),
        (SHOP, "{ca: '@ca.pem'}", 503),
        (SHOP, "{server_name: shop.example}", 503),
        (SHOP, "{verify: false}", 200),
        (ended, TRUSTED, 503),
        (
            "{certificates: [{cert: '@shop.pem', key: '@shop.key'}], min_version: '1.3'}",
            TRUSTED,
            200,
        ),
    ] {
        let gate = chain(&folder, server, client);
        let response = ask(&gate);
        assert_eq!(response.status, expected, "{client}: {response:?}\n{}", gate.stderr());
        if expected == 503 {
            assert_eq!(response.json()["error"], "TlsFailed: failed to set up TLS with the server");
        }
        let is_warned = gate.stderr().contains("anybody can pose as the upstream");
        assert_eq!(is_warned, client.contains("verify"), "{client}");
    }
}

#[test]
fn an_upstream_that_does_not_shake_hands_is_given_up() {
    let folder = Folder::new();
    // Takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let gate = gate(&folder, port, "{}\n      timeouts: {connect: 200ms}");
    let begun = Instant::now();
    let response = ask(&gate);
    assert_eq!(response.status, 503, "{response:?}");
    assert_eq!(response.json()["error"], "TlsFailed: failed to set up TLS with the server");
    assert!(begun.elapsed() >= Duration::from_millis(200));
}

#[test]
fn upstreams_may_ask_for_certificates() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    folder.client("gate");
    let stranger = Authority::new("Other").unwrap().client("gate", &[]).unwrap();
    stranger.write(folder.path(), "stranger").unwrap();
    let server = |mode: &str| {
        format!("{{certificates: [{{cert: '@shop.pem', key: '@shop.key'}}], client: {{mode: {mode}, ca: '@ca.pem'}}}}")
    };
    let with = |name: &str| format!("{{ca: '@ca.pem', server_name: shop.example, cert: '@{name}.pem', key: '@{name}.key'}}");
    for (mode, client, expected, subject) in [
        ("required", TRUSTED.to_owned(), 503, None),
        ("required", with("gate"), 200, Some("CN=gate")),
        ("required", with("stranger"), 503, None),
        ("optional", TRUSTED.to_owned(), 200, None),
        ("optional", with("gate"), 200, Some("CN=gate")),
    ] {
        let gate = chain(&folder, &server(mode), &client);
        let response = ask(&gate);
        assert_eq!(response.status, expected, "{mode} {client}: {response:?}\n{}", gate.stderr());
        if expected == 200 {
            assert_eq!(
                response.json()["tls"]["subject"].as_str(),
                subject,
                "{mode} {client}: {response:?}"
            );
        }
    }
}

#[test]
fn new_authorities_count_without_a_restart() {
    let folder = Folder::new();
    let other = Authority::new("Other").unwrap();
    let upstream = FaultyUpstream::echo().unwrap();
    let front = TlsFront::start(&other.server(&["127.0.0.1"]).unwrap(), None, upstream.port()).unwrap();
    let gate = gate(&folder, front.port(), "{ca: '@ca.pem', reload: 20ms}");
    assert_eq!(ask(&gate).status, 503);
    folder.write("ca.pem", &other.pem());
    let is_trusted = wait_until(PATIENCE, || ask(&gate).status == 200);
    assert!(is_trusted, "the new authority is not trusted\n{}", gate.stderr());
}
