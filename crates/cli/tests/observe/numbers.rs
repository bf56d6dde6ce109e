//! What is counted, and that it is true (spec/proxy.md 6.3).

use std::thread;

use temblor_testkit::{Behaviour, Exposition, RawClient, request};

use crate::common::{JSON, World};

const REQUESTS: &str = "temblor_http_requests_total";

/// All samples of a name have one of these labels' values.
fn assert_labels(numbers: &Exposition, name: &str, label: &str, values: &[&str]) {
    let mut is_there = false;
    for sample in numbers.samples().iter().filter(|sample| sample.name == name) {
        let value = sample
            .labels
            .iter()
            .find(|(known, _)| known == label)
            .map(|(_, value)| value.as_str());
        assert!(value.is_some_and(|value| values.contains(&value)), "{name}: {sample:?}");
        is_there = true;
    }
    assert!(is_there, "{name} is missing");
}

#[test]
fn requests_are_counted_on_their_whole_way() {
    let world = World::new(|recipe| recipe);
    let mut client = world.client();
    for _ in 0..6 {
        assert_eq!(
            client.ask("POST", "/some/path?secret=1", JSON, r#"{"n":1}"#).unwrap().status,
            200
        );
    }
    assert_eq!(client.ask("PURGE", "/", &[], "").unwrap().status, 200);
    let proxy = &world.proxy;
    proxy.wait_for_number(REQUESTS, &[], |count| count == 7.0).unwrap();
    let numbers = proxy.metrics().unwrap();
    let posts = [("onramp", "http_in"), ("instance", "01"), ("method", "POST"), ("code", "200")];
    assert_eq!(numbers.value(REQUESTS, &posts), 6.0);
    assert_eq!(numbers.value(REQUESTS, &[("method", "OTHER"), ("code", "200")]), 1.0);
    assert_eq!(numbers.value("temblor_http_answers_total", &[("reason", "reply")]), 7.0);
    let duration = "temblor_http_request_duration_seconds";
    assert_eq!(numbers.value(&format!("{duration}_count"), &[("class", "2xx")]), 7.0);
    assert_eq!(numbers.value(&format!("{duration}_bucket"), &[("le", "+Inf")]), 7.0);
    assert!(numbers.value(&format!("{duration}_sum"), &[]) > 0.0);
    let bounds = numbers
        .samples()
        .iter()
        .filter(|sample| sample.name == format!("{duration}_bucket"))
        .count();
    assert_eq!(bounds, 19);
    assert_eq!(numbers.value("temblor_http_requests_in_flight", &[]), 0.0);
    assert_eq!(
        numbers.value("temblor_http_connections", &[("onramp", "http_in"), ("protocol", "HTTP/1.1")]),
        1.0
    );
    // The deployment looks whether its port is open; that connection brought no request.
    assert!(numbers.value("temblor_http_connections_total", &[]) >= 1.0);
    assert_eq!(
        numbers.value("temblor_http_body_bytes_total", &[("direction", "in")]),
        6.0 * 7.0
    );
    assert!(numbers.value("temblor_http_body_bytes_total", &[("direction", "out")]) > 100.0);
    assert_eq!(numbers.value("temblor_http_tunnels", &[]), 0.0);

    assert_eq!(numbers.value("temblor_upstream_requests_total", &[("code", "200")]), 7.0);
    assert_eq!(numbers.value("temblor_upstream_outcomes_total", &[("outcome", "ok")]), 7.0);
    assert_eq!(numbers.value("temblor_upstream_duration_seconds_count", &[]), 7.0);
    assert_eq!(numbers.value("temblor_upstream_in_flight", &[]), 0.0);
    assert_eq!(numbers.value("temblor_upstream_queue_length", &[]), 0.0);
    assert_eq!(numbers.value("temblor_upstream_concurrency_limit", &[]), 17.0);
    assert_eq!(numbers.value("temblor_upstream_healthy", &[]), 3.0);
    assert_eq!(numbers.value("temblor_upstream_connections", &[("state", "busy")]), 0.0);
    assert_eq!(numbers.value("temblor_upstream_connections", &[("state", "idle")]), 3.0);
    assert_eq!(numbers.value("temblor_upstream_connects_total", &[("kind", "new")]), 3.0);
    assert_eq!(numbers.value("temblor_upstream_connects_total", &[("kind", "reused")]), 4.0);
    assert_eq!(numbers.value("temblor_upstream_connect_seconds_count", &[]), 3.0);

    let node = [
        ("pipeline", "request_handling"),
        ("instance", "01"),
        ("direction", "output"),
        ("port", "out"),
    ];
    assert!(numbers.value("temblor_node_events_total", &node) >= 7.0);
    let onramp = [("ramp", "tremor://localhost/onramp/http_in/01/in"), ("port", "out")];
    let other = [("ramp", "tremor://localhost/onramp/http_in/01/out"), ("port", "out")];
    assert_eq!(
        numbers.value("temblor_ramp_events_total", &onramp) + numbers.value("temblor_ramp_events_total", &other),
        7.0
    );
    assert_eq!(numbers.value("temblor_http_replies_ignored_total", &[]), 0.0);
    assert_eq!(numbers.value("temblor_build_info", &[]), 1.0);
    assert_eq!(numbers.value("temblor_buffer_bytes", &[]), 0.0);
    assert_labels(
        &numbers,
        "temblor_queue_length",
        "artefact",
        &["system::stdout", "system::stderr"],
    );
    assert_eq!(numbers.value("temblor_queue_length", &[("instance", "system")]), 0.0);

    assert_labels(&numbers, REQUESTS, "method", &["POST", "OTHER"]);
    assert_labels(
        &numbers,
        "temblor_upstream_requests_total",
        "offramp",
        &["upstream01", "upstream02", "upstream03"],
    );
    let text = format!("{numbers:?}");
    for private in ["/some/path", "secret", "127.0.0.1"] {
        assert!(!text.contains(private), "{private}");
    }
}

#[test]
fn what_is_under_way_shows() {
    let world = World::new(|recipe| recipe.concurrency(1).offramps("queue: {size: 1, timeout: 20s}"));
    world.set(&Behaviour::Hold);
    let clients: Vec<_> = (0..6)
        .map(|_| {
            let mut client = world.client();
            client.send(&request("GET", "/", &[], "")).unwrap();
            client
        })
        .collect();
    let proxy = &world.proxy;
    proxy
        .wait_for_number("temblor_upstream_queue_length", &[], |waiting| waiting == 3.0)
        .unwrap();
    let numbers = proxy.metrics().unwrap();
    assert_eq!(numbers.value("temblor_http_requests_in_flight", &[]), 6.0);
    assert_eq!(numbers.value("temblor_http_connections", &[]), 6.0);
    assert_eq!(numbers.value("temblor_upstream_in_flight", &[]), 3.0);
    assert_eq!(numbers.value("temblor_upstream_connections", &[("state", "busy")]), 3.0);
    world.set(&Behaviour::Echo);
    for mut client in clients {
        assert_eq!(client.receive().unwrap().status, 200);
    }
    proxy
        .wait_for_number("temblor_http_requests_in_flight", &[], |count| count == 0.0)
        .unwrap();
    let numbers = proxy.metrics().unwrap();
    assert_eq!(numbers.value("temblor_upstream_queue_seconds_count", &[]), 3.0);
    assert_eq!(numbers.value("temblor_upstream_in_flight", &[]), 0.0);
}

#[test]
fn failures_of_upstreams_have_their_outcomes() {
    let mut world = World::new(|recipe| recipe);
    world.upstreams[0].stop();
    assert_eq!(world.ask("POST", "/", "{}").status, 503);
    let outcome = |outcome| {
        world
            .proxy
            .metrics()
            .unwrap()
            .value("temblor_upstream_outcomes_total", &[("outcome", outcome)])
    };
    assert_eq!((outcome("connect"), outcome("ok")), (1.0, 0.0));
    assert_eq!(world.ask("POST", "/", "{}").status, 200);
    assert_eq!((outcome("connect"), outcome("ok")), (1.0, 1.0));
}

#[test]
fn numbers_can_be_read_under_load_and_never_go_back() {
    let world = World::new(|recipe| recipe);
    let port = world.proxy.port();
    let rounds = thread::scope(|scope| {
        let clients: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(move || {
                    let mut client = RawClient::connect(port).unwrap();
                    for _ in 0..150 {
                        assert_eq!(client.ask("POST", "/", JSON, "{}").unwrap().status, 200);
                    }
                })
            })
            .collect();
        let (mut last, mut rounds) = (0.0, 0);
        while !clients.iter().all(thread::ScopedJoinHandle::is_finished) {
            let present = world.proxy.metrics().unwrap().value(REQUESTS, &[]);
            assert!(present >= last, "{present} after {last}");
            last = present;
            rounds += 1;
        }
        rounds
    });
    assert!(rounds > 0);
    world.proxy.wait_for_number(REQUESTS, &[], |count| count == 600.0).unwrap();
    assert_eq!(world.counts().iter().sum::<u64>(), 600);
}
