//! The page about all of this: its deployment runs, and it names every metric there is.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use temblor_testkit::{Deployment, Exposition, FaultyUpstream, Page, RawClient, free_port};

use crate::common::{JSON, PATIENCE, World};

const PAGE: &str = include_str!("../../../../docs/observability.md");

#[test]
fn the_page_about_observability_logs_errors_and_shows_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("errors.log");
    let (mut shop, numbers) = (FaultyUpstream::echo().unwrap(), free_port().unwrap());
    let page = Page::new(PAGE).unwrap().at(9000, shop.port());
    let page = page.with("/var/log/temblor/errors.log", &log.display().to_string());
    let page = page.with("127.0.0.1:9899", &format!("127.0.0.1:{numbers}"));
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));
    let ask = |tenant: Option<&str>| {
        let headers = [Some(JSON[0]), tenant.map(|tenant| ("X-Tenant", tenant))];
        let headers: Vec<(&str, &str)> = headers.into_iter().flatten().collect();
        gate.client().unwrap().ask("POST", "/basket", &headers, "{}").unwrap()
    };
    assert_eq!(ask(Some("blue")).status, 200);
    shop.stop();
    assert_eq!(ask(Some("blue")).status, 503);
    assert_eq!(ask(None).status, 503);
    let deadline = Instant::now() + PATIENCE;
    let lines = loop {
        let text = fs::read_to_string(&log).unwrap();
        if text.lines().count() == 2 {
            break text;
        }
        assert!(Instant::now() < deadline, "{text}");
    };
    for tenant in ["blue", "-"] {
        let end = format!(" tenant={tenant}");
        let line = lines
            .lines()
            .find(|line| line.ends_with(&end))
            .unwrap_or_else(|| panic!("{end}: {lines}"));
        assert!(line.contains(" 127.0.0.1 \"POST /basket\" 503 reply "), "{line}");
    }
    let text = RawClient::connect(numbers).unwrap().ask("GET", "/metrics", &[], "").unwrap();
    let numbers = Exposition::of_text(&String::from_utf8_lossy(text.body())).unwrap();
    assert_eq!(
        numbers.value("temblor_http_requests_total", &[("onramp", "gate"), ("code", "503")]),
        2.0
    );
    let buckets = numbers
        .samples()
        .iter()
        .filter(|sample| sample.name == "temblor_upstream_duration_seconds_bucket");
    assert_eq!(buckets.count(), 5);
}

#[test]
fn the_page_names_every_metric() {
    let again = "define qos::retry operator again with attempts = 2 end; create operator again; select event from in into again;\n\
                 select event from again into request_handling;";
    let folder = tempfile::tempdir().unwrap();
    let log = format!("access_log: {{to: {}/access.log}}", folder.path().display());
    let world = World::new(|recipe| {
        let recipe = recipe.request_pipeline("select event from in into request_handling;", again);
        recipe.onramp(&log)
    });
    assert_eq!(world.ask("POST", "/", "{}").status, 200);
    world
        .proxy
        .wait_for_number("temblor_http_requests_total", &[], |count| count == 1.0)
        .unwrap();
    let numbers = world.proxy.metrics().unwrap();
    let shown: BTreeSet<&str> = numbers.families().collect();
    let named: BTreeSet<&str> = PAGE
        .split('`')
        .filter(|text| text.starts_with("temblor_") && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        .collect();
    let unnamed: Vec<_> = shown.difference(&named).collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
    // What only TLS has is missing here.
    let missing: Vec<_> = named
        .difference(&shown)
        .filter(|name| !name.starts_with("temblor_tls_"))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
