use super::*;
use crate::message::Method;
use crate::rest::onramp::sample::{connection, head, setting};

fn proxy(text: &str) -> Proxy {
    Proxy::new(setting(text, ProxySettings::read).unwrap(), "gate one")
}

/// What a request looks like behind the proxy: its fields in order of their names.
fn behind(setting: &str, peer: &str, fields: &[(&str, &str)]) -> Vec<String> {
    let mut head = head(Method::Get, fields);
    assert_eq!(proxy(setting).pass(&mut head, &connection(peer)), Passage::On);
    let mut lines: Vec<String> = head
        .headers
        .iter()
        .map(|field| format!("{}: {}", field.name(), field.text()))
        .collect();
    lines.sort();
    lines
}

const DIRECT: &str = "198.51.100.7:5000";
const BEHIND: &str = "10.0.0.4:5000";

#[test]
fn a_stranger_is_not_believed() {
    let received = [
        ("host", "shop.example"),
        ("forwarded", "for=1.2.3.4"),
        ("x-forwarded-for", "1.2.3.4"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/admin"),
        ("x-real-ip", "1.2.3.4"),
        ("via", "1.0 far"),
        ("x-other", "kept"),
    ];
    let expected = [
        "host: shop.example",
        "via: 1.0 far, 1.1 gate-one",
        "x-forwarded-for: 198.51.100.7",
        "x-forwarded-host: shop.example",
        "x-forwarded-port: 8080",
        "x-forwarded-proto: http",
        "x-other: kept",
    ];
    assert_eq!(behind("{}", DIRECT, &received), expected);
}

#[test]
fn what_a_trusted_peer_states_is_continued() {
    let received = [
        ("host", "inner"),
        ("forwarded", "for=203.0.113.9"),
        ("x-forwarded-for", "1.2.3.4"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-host", "shop.example"),
        ("x-real-ip", "203.0.113.9"),
    ];
    let expected = [
        "forwarded: for=203.0.113.9, for=10.0.0.4;by=_edge.1;host=inner;proto=http",
        "host: inner",
        "via: 1.1 edge.1",
        "x-forwarded-for: 1.2.3.4, 203.0.113.9, 10.0.0.4",
        "x-forwarded-host: shop.example",
        "x-forwarded-port: 8080",
        "x-forwarded-proto: https",
        "x-real-ip: 203.0.113.9",
    ];
    let setting = r#"{"name": "edge.1", "trusted": ["10.0.0.0/8"], "forwarded": true}"#;
    assert_eq!(behind(setting, BEHIND, &received), expected);
}

#[test]
fn every_part_can_be_switched_off() {
    let setting = r#"{"via": false, "x_forwarded": false, "strip": ["X-Secret"]}"#;
    let received = [("host", "a"), ("via", "1.1 far"), ("x-secret", "1"), ("x-real-ip", "1.2.3.4")];
    assert_eq!(
        behind(setting, DIRECT, &received),
        ["host: a", "via: 1.1 far", "x-real-ip: 1.2.3.4"]
    );
}

#[test]
fn a_request_that_was_here_too_often_circles() {
    let visits =
        |via: &[(&str, &str)]| proxy(r#"{"name": "edge", "max_hops": 2}"#).pass(&mut head(Method::Get, via), &connection(DIRECT));
    assert_eq!(visits(&[]), Passage::On);
    assert_eq!(visits(&[("via", "1.1 edge, 1.1 other")]), Passage::On);
    assert_eq!(visits(&[("via", "1.1 edge-2, 1.1 (edge), 1.1 edge")]), Passage::On);
    assert_eq!(
        visits(&[("via", "1.1 edge, 1.1 other, HTTP/2  EDGE (comment)")]),
        Passage::Loop
    );
    assert_eq!(visits(&[("via", "1.1 edge"), ("via", "1.0 edge")]), Passage::Loop);
}

#[test]
fn max_forwards_counts_down_where_it_has_a_meaning() {
    let pass = |method: Method, number: &str| {
        let mut head = head(method, &[("max-forwards", number)]);
        let passage = proxy(r#"{"via": false, "x_forwarded": false}"#).pass(&mut head, &connection(DIRECT));
        let left = head
            .headers
            .get(Name::MaxForwards)
            .map(|text| String::from_utf8_lossy(text).into_owned());
        (passage, left.unwrap_or_default())
    };
    let last = |code| Passage::Last(Status::known(code));
    assert_eq!(pass(Method::Options, "0").0, last(200));
    assert_eq!(pass(Method::Trace, "0").0, last(405));
    assert_eq!(pass(Method::Options, "7"), (Passage::On, "6".to_owned()));
    assert_eq!(pass(Method::Trace, "1"), (Passage::On, "0".to_owned()));
    assert_eq!(pass(Method::Get, "0"), (Passage::On, "0".to_owned()));
    assert_eq!(pass(Method::Options, "-1"), (Passage::On, "-1".to_owned()));
    assert_eq!(pass(Method::Options, "+1"), (Passage::On, "+1".to_owned()));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for text in [
        r#"{"name": ""}"#,
        r#"{"name": "two words"}"#,
        r#"{"max_hops": 0}"#,
        r#"{"strip": ["a b"]}"#,
        r#"{"trusted": ["example.org"]}"#,
        r#"{"viaa": true}"#,
    ] {
        assert!(setting(text, ProxySettings::read).is_err(), "{text}");
    }
}
