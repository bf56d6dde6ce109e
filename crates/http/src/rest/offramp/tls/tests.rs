use std::time::Duration;

use temblor_value::{Value, json};

use super::*;
use crate::tls::MinVersion;
use crate::upstream::Speaks;

fn settings(text: &str) -> Result<ClientSettings, String> {
    let value: Value = json::from_str(text).unwrap();
    let reader = ConfigReader::new(Some(&value)).unwrap();
    read(reader).map_err(|error| error.to_string())
}

#[test]
fn defaults() {
    let settings = settings("{}").unwrap();
    assert!(settings.verify && settings.ca.is_none() && settings.identity.is_none() && settings.server_name.is_none());
    assert_eq!(settings.min_version, MinVersion::Tls12);
    assert_eq!(settings.reload, Some(Duration::from_mins(1)));
}

#[test]
fn all_keys() {
    let settings = settings(
        r#"{"ca": "ca.pem", "cert": "own.pem", "key": "own.key", "server_name": "up.example", "verify": false,
            "min_version": "1.3", "reload": "5m"}"#,
    )
    .unwrap();
    assert_eq!(settings.ca, Some("ca.pem".into()));
    assert_eq!(settings.identity, Some(("own.pem".into(), "own.key".into())));
    assert_eq!(settings.server_name.as_deref(), Some("up.example"));
    assert!(!settings.verify);
    assert_eq!(settings.min_version, MinVersion::Tls13);
    assert_eq!(settings.reload, Some(Duration::from_mins(5)));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (text, part) in [
        (r#"{"cert": "own.pem"}"#, "missing field `key`"),
        (r#"{"key": "own.key"}"#, "missing field `cert`"),
        (r#"{"server_name": "a b"}"#, "`a b`"),
        (r#"{"verify": "no"}"#, "a bool"),
        (r#"{"certificates": []}"#, "certificates"),
    ] {
        let error = settings(text).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn the_protocol_is_one_of_three() {
    for (text, speaks) in [
        ("{}", Some(Speaks::Auto)),
        (r#"{"protocol": "auto"}"#, Some(Speaks::Auto)),
        (r#"{"protocol": "http1"}"#, Some(Speaks::Http1)),
        (r#"{"protocol": "http2"}"#, Some(Speaks::Http2)),
        (r#"{"protocol": "spdy"}"#, None),
    ] {
        let value: Value = json::from_str(text).unwrap();
        assert_eq!(protocol(&mut ConfigReader::new(Some(&value)).unwrap()).ok(), speaks, "{text}");
    }
}
