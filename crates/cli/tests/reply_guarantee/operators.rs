//! Ends that operators make, in the recipe with other operators on the way.

use std::time::{Duration, Instant};

use temblor_testkit::{Recipe, request};

use crate::common::{JSON, World};
use crate::{REFUSED, assert_error_event, assert_own};

const ENTRY: &str = "select event from in into request_handling;";

/// The recipe's entry by way of a node.
fn entry_through(node: &str, definition: &str) -> String {
    format!("{definition}\nselect event from in into {node};\nselect event from {node} into request_handling;")
}

#[test]
fn a_rate_limit_without_reader_is_answered() {
    let classify = "define script classify script\nlet $class = \"all\";\nlet $rate = 2;\nlet $time_range = 60000;\nevent;\nend;\n\
                    create script classify;\ndefine grouper::bucket operator limit;\ncreate operator limit;\n\
                    select event from in into classify;\nselect event from classify into limit;\n\
                    select event from limit into request_handling;";
    let world = World::new(|recipe| recipe.request_pipeline(ENTRY, classify));
    for _ in 0..2 {
        assert_eq!(world.ask("POST", "/", "{}").status, 200);
    }
    let response = world.ask("POST", "/", "{}");
    assert_own(&response, 429, "rate_limited", "limit");
    assert_eq!(response.header("retry-after"), Some("60"));
    assert_eq!(world.counts().iter().sum::<u64>(), 2);
}

#[test]
fn an_event_without_class_is_answered() {
    let limit = entry_through("limit", "define grouper::bucket operator limit;\ncreate operator limit;");
    let world = World::new(|recipe| recipe.request_pipeline(ENTRY, &limit));
    assert_own(&world.ask("POST", "/", "{}"), 500, "unlinked", "no class");
}

/// The recipe with operators that pause what feeds them.
fn with_circuit_breakers(recipe: Recipe, steps: &str) -> Recipe {
    let breaking = recipe.request_pipeline("timeout = 10000,", "timeout = 10000,\ncircuit_breaker = true,");
    breaking.back_off(steps)
}

fn fail_all(world: &mut World) {
    for upstream in &mut world.upstreams {
        upstream.stop();
    }
    for _ in 0..3 {
        assert_error_event(&world.ask("GET", "/", ""), 503, REFUSED, "refused");
    }
}

#[test]
fn a_paused_onramp_answers_at_the_deadline() {
    let mut world = World::new(|recipe| with_circuit_breakers(recipe, "60000").onramp("timeouts: {reply: 500ms}"));
    fail_all(&mut world);
    let begin = Instant::now();
    let response = world.ask("GET", "/", "");
    assert_eq!(
        (response.status, response.json()["reason"].as_str()),
        (503, Some("paused")),
        "{response:?}"
    );
    assert_eq!(response.header("retry-after"), Some("1"));
    assert!(begin.elapsed() >= Duration::from_millis(500));
}

#[test]
fn a_paused_onramp_goes_on_when_an_upstream_may_be_tried_again() {
    let mut world = World::new(|recipe| with_circuit_breakers(recipe, "700"));
    fail_all(&mut world);
    for upstream in &mut world.upstreams {
        upstream.restart().unwrap();
    }
    assert_eq!(world.ask("POST", "/", "{}").status, 200);
}

#[test]
fn a_request_that_circles_is_answered() {
    let world = World::new(|recipe| {
        let circle = recipe.config(
            "\"/pipeline/response_handling/{instance}/out\": [\"/onramp/http_in/{instance}/in\"]",
            "\"/pipeline/response_handling/{instance}/out\": [\"/pipeline/request_handling/{instance}/in\"]",
        );
        let limited = circle.onramp("limits: {exchanges: 5}");
        limited.request_pipeline("from in into request_handling;", "from in into rr;")
    });
    assert_own(&world.ask("POST", "/", "{}"), 508, "loop", "circle");
    assert_eq!(world.counts().iter().sum::<u64>(), 5);
}

#[test]
fn a_request_that_an_operator_holds_waits_for_its_deadline() {
    let batch = entry_through(
        "batch",
        "define generic::batch operator batch with count = 10 end;\ncreate operator batch;",
    );
    let world = World::new(|recipe| recipe.request_pipeline(ENTRY, &batch).onramp("timeouts: {reply: 500ms}"));
    let begin = Instant::now();
    assert_own(&world.ask("POST", "/", "{}"), 504, "timeout", "held");
    assert!(begin.elapsed() >= Duration::from_millis(500));
}

#[test]
fn requests_that_were_put_together_are_all_answered() {
    let batch = entry_through(
        "batch",
        "define generic::batch operator batch with count = 2 end;\ncreate operator batch;",
    );
    let world = World::new(|recipe| recipe.request_pipeline(ENTRY, &batch).onramp("timeouts: {reply: 5s}"));
    let mut first = world.client();
    first.send(&request("POST", "/", JSON, "{}")).unwrap();
    let second = world.ask("POST", "/", "{}");
    let first = first.receive().unwrap();
    // The script cannot patch a list of events; its error goes to the request that the batch resolves to, the other one was merged.
    let statuses = [first.status, second.status];
    assert!(statuses.iter().all(|status| *status == 500), "{first:?}\n{second:?}");
    assert!(
        [&first, &second].iter().any(|response| response.json()["reason"] == "merged"),
        "{first:?}\n{second:?}"
    );
}

#[test]
fn requests_that_were_put_together_may_share_the_reply() {
    let batch = entry_through(
        "batch",
        "define generic::batch operator batch with count = 2 end;\ncreate operator batch;",
    );
    let world = World::new(|recipe| {
        recipe
            .request_pipeline(ENTRY, &batch)
            .onramp("timeouts: {reply: 5s}\n      answer_merged: true")
    });
    let mut first = world.client();
    first.send(&request("POST", "/", JSON, "{}")).unwrap();
    let second = world.ask("POST", "/", "{}");
    let first = first.receive().unwrap();
    assert_eq!(first.status, second.status);
    assert_eq!(first.json(), second.json());
    assert_ne!(first.json()["reason"], "merged");
}

#[test]
fn a_request_in_a_window_is_answered_when_the_window_closes() {
    let window = "define tumbling window short with interval = 300000000 end;\n\
                  select aggr::stats::count() from in[short] into out/summary;";
    let world = World::new(|recipe| {
        let straight_back = recipe.config(
            "\"/pipeline/request_handling/{instance}/ws01\"",
            "\"/pipeline/request_handling/{instance}/summary\": [\"/onramp/http_in/{instance}/in\"]\n      \"/pipeline/request_handling/{instance}/ws01\"",
        );
        // Only the newer generation closes windows without a further event (spec/dialects.md).
        straight_back.request_pipeline(ENTRY, window).dialect(None)
    });
    // The aggregate carries no `$response`, so the reply is refused: but only once the window has closed.
    let begin = Instant::now();
    let response = world.ask("POST", "/", "{}");
    assert_eq!(response.status, 500, "{response:?}");
    assert_eq!(response.json()["error"], "No response metadata available.", "{response:?}");
    assert!(begin.elapsed() >= Duration::from_millis(250), "{:?}", begin.elapsed());
}
