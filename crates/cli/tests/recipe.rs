//! The published reverse-proxy recipe does what its document shows: every line of its expected results, over real sockets.

#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use std::time::{Duration, Instant};

use common::{JSON, PATIENCE, World, is_event_id};
use temblor_testkit::{Behaviour, RawClient, Response, request};

const FORWARDED: &str = "by=localhost:65535;host=localhost:65535;proto=http";

/// The document's request.
fn example(client: &mut RawClient) -> Response {
    let headers = [
        ("Host", "localhost:65535"),
        ("User-Agent", "curl/7.64.1"),
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
    ];
    client.ask("GET", "/anything", &headers, r#"{"snot": "badger"}"#).unwrap()
}

fn via() -> String {
    let hostname = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    format!("1.1 {}/tremor", hostname.trim())
}

#[test]
fn the_documents_example() {
    let world = World::new(|recipe| recipe);
    let response = example(&mut world.client());
    assert_eq!(response.status, 200);
    assert_eq!(response.message.headers_of("via"), [via()]);
    let passed_on = [
        ("server", "gunicorn/19.9.0"),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("content-type", "application/json"),
        ("date", "Tue, 06 Oct 2020 15:05:22 GMT"),
    ];
    for (name, value) in passed_on {
        assert_eq!(response.message.headers_of(name), [value], "{name}");
    }
    let echo = response.json();
    let host = format!("127.0.0.1:{}", world.upstreams[0].port());
    assert_eq!(echo["data"], format!(r#"{{"snot":"badger","forwarded":"{FORWARDED}"}}"#));
    assert_eq!(echo["json"], serde_json::json!({"snot": "badger", "forwarded": FORWARDED}));
    assert_eq!(echo["headers"]["Forwarded"], FORWARDED);
    assert_eq!(echo["headers"]["Host"], host);
    assert_eq!(echo["headers"]["Content-Length"], "82");
    assert_eq!(echo["headers"]["Content-Type"], "application/json");
    assert_eq!(echo["headers"]["User-Agent"], "curl/7.64.1");
    assert_eq!(echo["headers"]["Accept"], "*/*");
    assert_eq!(echo["method"], "GET");
    assert_eq!(echo["url"], format!("http://{host}/anything"));
    assert_eq!(echo["args"], serde_json::json!({}));
}

#[test]
fn upstreams_get_requests_in_turn_and_the_third_adds_its_header() {
    let world = World::new(|recipe| recipe);
    let mut client = world.client();
    for round in 1..=2 {
        for (at, upstream) in world.upstreams.iter().enumerate() {
            let echo = example(&mut client).json();
            assert_eq!(
                echo["url"],
                format!("http://127.0.0.1:{}/anything", upstream.port()),
                "round {round}"
            );
            let mark = if at == 2 {
                "upstream03".into()
            } else {
                serde_json::Value::Null
            };
            assert_eq!(echo["headers"]["X-Upstream"], mark);
        }
    }
    assert_eq!(world.counts(), [2, 2, 2]);
}

#[test]
fn a_request_without_body_works() {
    let world = World::new(|recipe| recipe);
    let echo = world
        .client()
        .ask("GET", "/anything", &[("Host", "localhost:65535")], "")
        .unwrap()
        .json();
    assert_eq!(echo["data"], format!(r#"{{"forwarded":"{FORWARDED}"}}"#));
    assert_eq!(echo["json"], serde_json::json!({"forwarded": FORWARDED}));
    assert_eq!(echo["headers"]["Forwarded"], FORWARDED);
}

#[test]
fn a_request_without_host_takes_the_scripts_default() {
    let world = World::new(|recipe| recipe);
    let mut client = world.client();
    client.send(b"GET /anything HTTP/1.0\r\n\r\n").unwrap();
    let response = client.receive().unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(
        response.json()["json"]["forwarded"],
        "by=localhost:65535;host=UNDEFINED;proto=http"
    );
}

#[test]
fn methods_paths_queries_and_repeated_fields_pass() {
    let world = World::new(|recipe| recipe);
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"] {
        let target = "/a%20b/c;d=e?x=1&x=%C3%A4&y";
        let response = world
            .client()
            .ask(method, target, &[("X-Two", "1"), ("x-two", "2")], "{}")
            .unwrap();
        assert_eq!(response.status, 200, "{method}");
        let echo = response.json();
        assert_eq!(echo["method"], method);
        assert!(echo["url"].as_str().unwrap().ends_with(target), "{}", echo["url"]);
        assert_eq!(echo["headers"]["X-Two"], "1,2");
    }
}

#[test]
fn fields_of_the_connection_stay_on_it() {
    let world = World::new(|recipe| recipe);
    let headers = [
        ("Connection", "keep-alive, x-secret"),
        ("Keep-Alive", "timeout=5"),
        ("X-Secret", "1"),
        ("TE", "trailers"),
        ("Proxy-Authorization", "Basic eA=="),
        ("Upgrade", "h2c"),
    ];
    let echo = world.client().ask("POST", "/anything", &headers, "{}").unwrap().json();
    for name in [
        "Keep-Alive",
        "X-Secret",
        "Te",
        "Proxy-Authorization",
        "Upgrade",
        "Accept-Encoding",
        "Expect",
    ] {
        assert!(
            echo["headers"][name].is_null(),
            "{name} reached the upstream: {}",
            echo["headers"]
        );
    }
}

#[test]
fn an_earlier_via_is_kept() {
    let world = World::new(|recipe| recipe);
    world.set(&Behaviour::answer(
        200,
        &[("Via", "1.0 cache"), ("Content-Type", "application/json")],
        "{}",
    ));
    let response = world.ask("GET", "/", "");
    assert_eq!(response.message.headers_of("via"), ["1.0 cache".to_owned(), via()]);
}

#[test]
fn response_bodies_and_repeated_fields_are_not_touched() {
    let world = World::new(|recipe| recipe);
    let body = "{ \"a\" : 1.0,\n  \"e\": 1e2, \"a\": 2 }";
    let cookies = [
        ("Set-Cookie", "a=1"),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Set-Cookie", "b=2"),
    ];
    world.set(&Behaviour::answer(201, &cookies, body));
    let response = world.ask("POST", "/", "{}");
    assert_eq!(response.status, 201);
    assert_eq!(String::from_utf8_lossy(response.body()), body);
    assert_eq!(response.message.headers_of("set-cookie"), ["a=1", "b=2"]);
    assert_eq!(response.header("content-type"), Some("application/json; charset=utf-8"));
}

#[test]
fn a_recipe_that_leaves_the_body_alone_passes_its_bytes() {
    let untouched = "let event = patch event of\ninsert \"forwarded\" => forwarded\nend;";
    let world = World::new(|recipe| recipe.request_pipeline(untouched, "").codec("binary"));
    let mut client = world.client();
    for (kind, body) in [
        ("application/json", "{ \"a\" :  1.0 }\n"),
        ("image/png", "\u{1}\u{2}not json"),
        ("text/plain", "text"),
    ] {
        let response = client.ask("POST", "/", &[("Content-Type", kind)], body).unwrap();
        assert_eq!(response.json()["data"], body, "{kind}: {response:?}");
        assert_eq!(response.json()["headers"]["Content-Type"], kind);
    }
}

#[test]
fn a_failing_upstream_is_reported_and_then_left_alone() {
    let mut world = World::new(|recipe| recipe.back_off("60000"));
    world.upstreams[1].stop();
    let mut client = world.client();
    assert_eq!(example(&mut client).status, 200);
    let failed = example(&mut client);
    assert_eq!(failed.status, 503);
    assert_eq!(failed.header("server"), Some("Tremor"));
    assert_eq!(failed.header("content-type"), Some("application/json"));
    let error = failed.json();
    assert_eq!(error["error"], "ConnectFailed: failed to connect to the server");
    assert!(is_event_id(&error["event_id"]), "{error}");
    assert_eq!(error.as_object().unwrap().len(), 2);
    for _ in 0..10 {
        assert_eq!(example(&mut client).status, 200);
    }
    assert_eq!(world.counts(), [6, 0, 5]);
}

#[test]
fn an_upstream_that_answers_with_an_error_is_left_alone_too() {
    for status in [500, 404] {
        let world = World::new(|recipe| recipe.back_off("60000"));
        world.upstreams[0].set(Behaviour::answer(
            status,
            &[("Content-Type", "application/json")],
            r#"{"own": "error"}"#,
        ));
        let failed = world.ask("GET", "/", "");
        assert_eq!((failed.status, failed.json()["own"].as_str()), (status, Some("error")));
        assert_eq!(failed.header("via"), Some(via().as_str()));
        for _ in 0..6 {
            assert_eq!(world.ask("GET", "/", "").status, 200);
        }
        assert_eq!(world.counts(), [1, 3, 3], "{status}");
    }
}

#[test]
fn an_upstream_is_tried_again_after_its_step() {
    const STEP: Duration = Duration::from_millis(400);
    let mut world = World::new(|recipe| recipe.back_off("400"));
    world.upstreams[0].stop();
    let begin = Instant::now();
    assert_eq!(world.ask("GET", "/", "").status, 503);
    world.upstreams[0].restart().unwrap();
    let mut client = world.client();
    while world.upstreams[0].count() == 0 {
        assert_eq!(example(&mut client).status, 200);
        assert!(begin.elapsed() < PATIENCE, "the upstream is never tried again");
    }
    assert!(begin.elapsed() >= STEP, "tried again after {:?}", begin.elapsed());
}

#[test]
fn with_the_documents_steps_a_dead_upstream_costs_few_requests() {
    let mut world = World::new(|recipe| recipe);
    world.upstreams[2].stop();
    let begin = Instant::now();
    let mut client = world.client();
    let mut failures = 0;
    while begin.elapsed() < Duration::from_millis(1200) {
        let response = example(&mut client);
        failures += u128::from(response.status != 200);
        assert!(response.status == 200 || response.json()["error"].is_string());
    }
    // One after the other, so each after the one before it was over for the shortest step of 100 ms at least.
    let most = 1 + begin.elapsed().as_millis() / 100;
    assert!((1..=most).contains(&failures), "{failures} failures");
}

#[test]
fn the_newer_interpolation_works_in_the_default_dialect() {
    let world = World::new(|recipe| recipe.dialect(None).request_pipeline("host={host};", "host=#{host};"));
    assert_eq!(example(&mut world.client()).json()["json"]["forwarded"], FORWARDED);
}

#[test]
fn the_document_may_name_the_dialect() {
    let world = World::new(|recipe| recipe.dialect(None).document("dialect: \"0.9\""));
    assert_eq!(example(&mut world.client()).json()["json"]["forwarded"], FORWARDED);
}

#[test]
fn the_older_interpolation_is_warned_of_in_the_default_dialect() {
    let world = World::new(|recipe| recipe.dialect(None));
    let echo = example(&mut world.client()).json();
    assert_eq!(echo["json"]["forwarded"], "by=localhost:65535;host={host};proto=http");
    assert!(world.proxy.stderr().contains("#{host}"), "{}", world.proxy.stderr());
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let world = World::new(|recipe| recipe);
    // The first answer takes longer than the second would.
    world.upstreams[0].set(Behaviour::Slow(Duration::from_millis(150), Box::new(Behaviour::Echo)));
    let mut client = world.client();
    let bytes: Vec<u8> = (0..3)
        .flat_map(|n| request("POST", &format!("/{n}"), JSON, &format!(r#"{{"n":{n}}}"#)))
        .collect();
    client.send(&bytes).unwrap();
    for n in 0..3 {
        assert_eq!(client.receive().unwrap().json()["json"]["n"], n);
    }
}

#[test]
fn bodies_may_be_large_or_chunked_and_clients_may_wait_for_the_go_ahead() {
    let world = World::new(|recipe| recipe);
    let large = "x".repeat(300_000);
    let echo = world.ask("POST", "/", &format!(r#"{{"large":"{large}"}}"#)).json();
    assert_eq!(echo["json"]["large"], large);

    let mut chunked = world.client();
    chunked
        .send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"n\"\r\n3\r\n:7}\r\n0\r\n\r\n")
        .unwrap();
    let echo = chunked.receive().unwrap().json();
    assert_eq!(echo["json"]["n"], 7);
    assert!(echo["headers"]["Transfer-Encoding"].is_null());

    let mut waiting = world.client();
    waiting
        .send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n")
        .unwrap();
    assert_eq!(waiting.receive().unwrap().status, 100);
    waiting.send(b"{\"n\":8}").unwrap();
    let response = waiting.receive().unwrap();
    assert_eq!((response.status, &response.json()["json"]["n"]), (200, &8.into()));
}
