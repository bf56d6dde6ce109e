use super::*;

fn record(pairs: &[(&str, Value)]) -> ObjectMap {
    pairs.iter().map(|(name, value)| (Str::new(name), value.clone())).collect()
}

#[test]
fn a_url_is_taken_apart() {
    let resolved = Endpoint::from_url("https://u:p@example.org:8443/a b?x=1#f")
        .and_then(|endpoint| endpoint.resolve())
        .unwrap();
    assert!(resolved.is_https);
    assert_eq!(resolved.authority, "example.org:8443");
    assert_eq!(resolved.target, "/a%20b?x=1", "the fragment is never sent");
    assert_eq!(resolved.record().get("username").and_then(Value::as_str), Some("u"));
    assert_eq!(resolved.record().get("fragment").and_then(Value::as_str), Some("f"));
}

#[test]
fn texts_that_are_no_absolute_url_are_refused() {
    for text in ["example.org/a", "/a", "", "http://", "http://a b/"] {
        assert!(Endpoint::from_url(text).is_err(), "{text}");
    }
}

#[test]
fn a_record_replaces_well_typed_fields_only() {
    let configured = Endpoint::default().overridden_by(&record(&[("host", Value::from("up")), ("path", Value::from("/base"))]));
    let changed = configured.overridden_by(&record(&[
        ("path", Value::from("x?y")),
        ("port", Value::from(70_000_i64)),
        ("host", Value::Null),
        ("query", Value::from("q=a#b")),
        ("colour", Value::from("red")),
    ]));
    let resolved = changed.resolve().unwrap();
    assert_eq!(resolved.target, "/x%3Fy?q=a%23b");
    assert_eq!((resolved.host.as_str(), resolved.port), ("up", 80));
}

#[test]
fn the_default_port_is_not_in_the_authority() {
    let endpoint = Endpoint::default().overridden_by(&record(&[("host", Value::from("up:8080"))]));
    let resolved = endpoint.resolve().unwrap();
    assert_eq!(resolved.authority, "up", "a port in the host is cut");
    assert_eq!(resolved.record().get("port"), Some(&Value::Null));
    assert_eq!(resolved.record().get("path").and_then(Value::as_str), Some("/"));
}

#[test]
fn a_missing_host_and_a_foreign_scheme_are_errors() {
    assert_eq!(Endpoint::default().resolve().unwrap_err(), EndpointError::EmptyHost);
    let ftp = Endpoint::from_url("ftp://a/").unwrap();
    assert_eq!(ftp.resolve().unwrap_err(), EndpointError::Scheme);
}

#[test]
fn the_event_decides_over_the_configuration() {
    let configured = Endpoint::from_url("http://a/").unwrap();
    let mut meta = Value::object();
    meta.insert(Str::new("endpoint"), Value::from("http://b:81/x"));
    let usual = configured.resolve().unwrap();
    assert_eq!(configured.for_event(&meta, Some(&usual)).unwrap().authority, "b:81");
    meta.insert(Str::new("endpoint"), Value::from(7_i64));
    assert_eq!(configured.for_event(&meta, Some(&usual)).unwrap_err(), EndpointError::Type);
}

#[test]
fn the_usual_endpoint_changes_nothing() {
    let configured = Endpoint::from_url("http://u@up:8080/base?a").unwrap();
    let usual = configured.resolve().unwrap();
    let records: &[&[(&str, Value)]] = &[
        &[],
        &[("path", Value::from("/x"))],
        &[("scheme", Value::from("https"))],
        &[("scheme", Value::from("HTTP")), ("query", Value::from("b"))],
        &[("host", Value::from("other"))],
        &[("host", Value::from("up")), ("port", Value::from(8080_i64))],
        &[("port", Value::from(80_i64)), ("username", Value::from(""))],
    ];
    for pairs in records {
        let mut meta = Value::object();
        meta.insert(Str::new("endpoint"), Value::from(record(pairs)));
        let expected = configured.for_event(&meta, None);
        assert_eq!(configured.for_event(&meta, Some(&usual)), expected, "{meta}");
    }
    assert_eq!(configured.for_event(&Value::object(), Some(&usual)), configured.resolve());
}
