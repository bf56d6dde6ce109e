//! The gate of the page about HTTP/2, with other settings.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::time::Duration;

use temblor_testkit::{Deployment, Http2Client, Http2Request, Http2Response, Page};

pub(crate) const PAGE: &str = include_str!("../../../../docs/http2.md");
/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the gate in front of an upstream. The settings are lines of `config`, in the place of those of the page.
pub(crate) fn gate(upstream: u16, onramp: &[&str], offramp: &[&str]) -> Deployment {
    let lines = |lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| format!("      {line}\n")).collect();
        lines.concat()
    };
    let text = PAGE
        .replace(
            "      validate: false\n      http2: {cleartext: true, ping: 30s}\n",
            &lines(onramp),
        )
        .replace(
            "      protocol: http2\n      concurrency: 1000\n      validate: false\n",
            &lines(offramp),
        );
    run(&text, upstream)
}

/// The gate as the page shows it.
pub(crate) fn shown(upstream: u16) -> Deployment {
    run(PAGE, upstream)
}

fn run(text: &str, upstream: u16) -> Deployment {
    let page = Page::new(text).unwrap().at(9000, upstream);
    Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn client(gate: &Deployment) -> Http2Client {
    Http2Client::connect(gate.port()).unwrap()
}

/// An answer that must come.
pub(crate) fn ask(gate: &Deployment, client: &Http2Client, request: &Http2Request) -> Http2Response {
    let response = client.ask(request);
    response.unwrap_or_else(|error| panic!("{request:?}: {error}\n{}", gate.stderr()))
}

/// Waits for what must become true.
pub(crate) fn wait_until(what: &str, is_true: impl FnMut() -> bool) {
    assert!(temblor_testkit::wait_until(PATIENCE, is_true), "{what}");
}

pub(crate) const CLEARTEXT: &str = "http2: {cleartext: true}";
pub(crate) const UNCHECKED: &str = "validate: false";
