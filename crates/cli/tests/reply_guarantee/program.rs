//! Ends inside the program: body, script, select, ports, replies.

use temblor_testkit::Recipe;

use crate::assert_own;
use crate::common::{JSON, World};

/// A variation of the recipe, and the status and reason of the own answer it gives.
type End<'a> = (&'a str, &'a dyn Fn(Recipe) -> Recipe, u16, &'a str);

#[test]
fn ends_inside_the_program() {
    let event_end = "event;\nend;\n# ensure";
    let script = |statement: &str| format!("{statement}\nevent;\nend;\n# ensure");
    let table: &[End<'_>] = &[
        (
            "dropped",
            &|recipe| recipe.request_pipeline(event_end, &script("drop;")),
            500,
            "dropped",
        ),
        (
            "filtered",
            &|recipe| recipe.request_pipeline("from in into request_handling;", "from in where false into request_handling;"),
            404,
            "filtered",
        ),
        (
            "script error, port not read",
            &|recipe| {
                let unread = recipe.request_pipeline("select event from request_handling/err into err;", "");
                unread.request_pipeline(event_end, &script("let x = event / 2;"))
            },
            500,
            "script_error",
        ),
        (
            "script error, pipeline port not linked",
            &|recipe| {
                let unlinked = recipe.without_links_from("/pipeline/request_handling/{instance}/err");
                unlinked.request_pipeline(event_end, &script("let x = event / 2;"))
            },
            500,
            "script_error",
        ),
        (
            "script error in the response pipeline",
            &|recipe| {
                let unread = recipe.response_pipeline("select event from response_handling/err into err;", "");
                unread.response_pipeline("event;\nend;", "let x = event / 2;\nevent;\nend;")
            },
            500,
            "script_error",
        ),
        (
            "select error",
            &|recipe| {
                recipe.request_pipeline(
                    "select event from in into request_handling;",
                    "select event.nowhere from in into request_handling;",
                )
            },
            500,
            "select_error",
        ),
        (
            "script port that nothing reads",
            &|recipe| recipe.request_pipeline(event_end, "emit event => \"aside\";\nend;\n# ensure"),
            500,
            "unlinked",
        ),
        (
            "response dropped",
            &|recipe| recipe.response_pipeline("event;\nend;", "drop;\nevent;\nend;"),
            500,
            "dropped",
        ),
        (
            "response port not linked",
            &|recipe| recipe.without_links_from("/pipeline/response_handling/{instance}/out"),
            500,
            "unlinked",
        ),
    ];
    for (name, vary, status, reason) in table {
        let world = World::new(vary);
        let mut client = world.client();
        // Twice over one connection: an own answer leaves it usable.
        for _ in 0..2 {
            let response = client.ask("POST", "/", JSON, r#"{"a": 1}"#);
            let response = response.unwrap_or_else(|error| panic!("{name}: {error}\n{}", world.proxy.stderr()));
            assert_own(&response, *status, reason, name);
        }
        let head = client.ask("HEAD", "/", &[], "").unwrap();
        assert_eq!((head.status, head.body()), (*status, &b""[..]), "{name}");
    }
}

#[test]
fn ports_without_link_are_named() {
    let world = World::new(|recipe| recipe.without_links_from("/pipeline/request_handling/{instance}/ws01"));
    let response = world.ask("POST", "/", "{}");
    assert_own(&response, 500, "unlinked", "ws01");
    let text = response.json()["error"].as_str().unwrap_or("").to_owned();
    assert!(text.contains("ws01") && text.contains("request_handling"), "{text}");
    assert_eq!(world.ask("POST", "/", "{}").status, 200);
}

#[test]
fn responses_that_lead_nowhere_are_noticed() {
    let world = World::new(|recipe| recipe.without_links_from("/offramp/upstream01/{instance}/out"));
    let response = world.ask("GET", "/", "");
    assert_eq!(response.status, 500, "{response:?}");
    let reason = response.json()["reason"].clone();
    assert!(reason == "unlinked" || reason == "no_reply", "{reason}");
    assert_eq!(world.upstreams[0].count(), 1);
}

#[test]
fn errors_without_response_metadata_are_answered() {
    // The recipe links its pipelines' `err` straight to the onramp; those events have no `$response`.
    let world = World::new(|recipe| recipe);
    for body in ["42", "\"text\"", "[1]", "null"] {
        let response = world.ask("POST", "/", body);
        assert_eq!(response.status, 500, "{body}: {response:?}");
        assert_eq!(response.header("server"), Some("Tremor"));
        assert_eq!(response.header("content-type"), Some("application/json"));
        assert_eq!(
            response.json(),
            serde_json::json!({"error": "No response metadata available."}),
            "{body}"
        );
    }
    assert_eq!(world.counts(), [0, 0, 0]);
}

#[test]
fn an_error_of_the_response_script_keeps_the_response_metadata() {
    let world = World::new(|recipe| recipe.response_pipeline("event;\nend;", "let x = event / 2;\nevent;\nend;"));
    let response = world.ask("POST", "/", r#"{"a":1}"#);
    assert_eq!(response.status, 200, "{response:?}");
    let body = response.json();
    assert!(body["error"].is_string(), "{body}");
    assert_eq!(body["event"]["json"]["a"], 1);
}

#[test]
fn replies_that_cannot_be_sent_are_answered() {
    let table = [
        ("status", "let $response.status = 77;"),
        ("header value", "let $response.headers[\"x-bad\"] = \"a\\nb\";"),
        ("header name", "let $response.headers[\"x bad\"] = \"a\";"),
    ];
    for (name, statement) in table {
        let world = World::new(|recipe| recipe.response_pipeline("event;\nend;", &format!("{statement}\nevent;\nend;")));
        let response = world.ask("GET", "/", "");
        assert_eq!(response.status, 500, "{name}: {response:?}");
        assert_eq!(response.header("server"), Some("Tremor"), "{name}");
        assert!(response.json()["error"].is_string(), "{name}");
    }
}

#[test]
fn bodies_that_are_not_json() {
    let world = World::new(|recipe| recipe);
    for body in ["{\"a\":", "not json", "{\"a\": 1} x", "\u{1}"] {
        let response = world.ask("POST", "/", body);
        assert_eq!(response.status, 400, "{body}: {response:?}");
        assert_eq!(response.header("server"), Some("Tremor"));
        let record = response.json();
        assert!(record["error"].is_string() && record["event_id"].is_u64(), "{record}");
        // The first link that names the onramp is a reply link (spec/artefacts.md 1.3).
        assert_eq!(record["source_id"], "tremor://localhost/onramp/http_in/01/in");
    }
    assert_eq!(world.counts(), [0, 0, 0]);
    assert_eq!(world.ask("POST", "/", "{}").status, 200);
}

#[test]
fn requests_that_are_not_http() {
    let world = World::new(|recipe| recipe);
    let table: &[(&str, u16, &str)] = &[
        ("GET / HTTP/1.1\r\n\r\n", 400, "bad_request"),
        ("GET /\r\n\r\n", 400, "bad_request"),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "version"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            "bad_request",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            501,
            "not_implemented",
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: cake\r\nContent-Length: 2\r\n\r\n{}",
            417,
            "expectation",
        ),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501, "not_implemented"),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            400,
            "bad_request",
        ),
    ];
    for (bytes, status, reason) in table {
        let mut client = world.client();
        client.send(bytes.as_bytes()).unwrap();
        let response = client.receive().unwrap_or_else(|error| panic!("{bytes:?}: {error}"));
        assert_eq!(response.status, *status, "{bytes:?}");
        assert_eq!(response.header("connection"), Some("close"), "{bytes:?}");
        let body = response.json();
        assert!(
            body["error"].is_string() && body["event_id"].is_null() && body["reason"] == *reason,
            "{bytes:?}: {body}"
        );
        assert_eq!(client.receive_end().unwrap(), b"", "{bytes:?}");
    }
    for (reason, count) in [
        ("bad_request", 4.0),
        ("version", 1.0),
        ("not_implemented", 2.0),
        ("expectation", 1.0),
    ] {
        let labels = [("onramp", "http_in"), ("reason", reason)];
        world
            .proxy
            .wait_for_number("temblor_http_answers_total", &labels, |counted| counted == count)
            .unwrap();
    }
    assert_eq!(world.counts(), [0, 0, 0]);
}
