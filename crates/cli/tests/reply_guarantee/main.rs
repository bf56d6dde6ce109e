//! The reply guarantee (spec/proxy.md 1) with the recipe, over real sockets: every way a request can end is an answer in bounded time.

mod clients;
#[path = "../common/mod.rs"]
mod common;
mod crowds;
mod ends;
mod identity;
mod logs;
mod operators;
mod pages;
mod program;
mod retries;
mod shutdown;
mod undeployed;
mod upstreams;

use std::time::{Duration, Instant};

use common::{PATIENCE, World, is_event_id};
use temblor_testkit::Response;

/// An own answer of spec/proxy.md 1.4.
fn assert_own(response: &Response, status: u16, reason: &str, name: &str) {
    assert_eq!(response.status, status, "{name}: {response:?}");
    assert_eq!(response.header("server"), Some("Tremor"), "{name}");
    assert_eq!(response.header("content-type"), Some("application/json"), "{name}");
    let body = response.json();
    assert_eq!(body["reason"], reason, "{name}: {body}");
    assert!(body["error"].is_string() && is_event_id(&body["event_id"]), "{name}: {body}");
    let text = String::from_utf8_lossy(response.body()).into_owned();
    let order = ["error", "event_id", "reason"].map(|key| text.find(&format!("\"{key}\"")));
    assert!(order.is_sorted(), "{name}: {text}");
}

/// The error event of an offramp as an answer (spec/artefacts.md 4.9).
fn assert_error_event(response: &Response, status: u16, text: Option<&str>, name: &str) {
    assert_eq!(response.status, status, "{name}: {response:?}");
    assert_eq!(response.header("server"), Some("Tremor"), "{name}");
    assert_eq!(response.header("content-type"), Some("application/json"), "{name}");
    let body = response.json();
    assert!(body["error"].is_string() && is_event_id(&body["event_id"]), "{name}: {body}");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{name}: {body}");
    if let Some(text) = text {
        assert_eq!(body["error"], text, "{name}");
    }
}

const REFUSED: Option<&str> = Some("ConnectFailed: failed to connect to the server");
const NO_RESPONSE: Option<&str> = Some("NoResponse: server did not send a response");
const OVERLOAD: Option<&str> = Some("Dropped data due to overload");
const LATE: Option<&str> = Some("Timeout: request took longer than the configured timeout");

/// Waits until the upstreams got so many requests together.
fn wait_for_requests(world: &World, wanted: u64) {
    let deadline = Instant::now() + PATIENCE;
    let mut at = 0;
    while world.counts().iter().sum::<u64>() < wanted {
        assert!(
            Instant::now() < deadline,
            "{:?} requests arrived, not {wanted}",
            world.counts()
        );
        // Whichever upstream gets the next one; each is waited for in turn.
        let seen = world.upstreams[at].count();
        world.upstreams[at].wait(Duration::from_millis(5), |log| log.count > seen);
        at = (at + 1) % 3;
    }
}
