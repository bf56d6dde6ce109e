use std::path::Path;
use std::time::Duration;

use temblor_value::{Value, json};

use super::*;
use crate::tls::MinVersion;

fn settings(text: &str, with_http2: bool) -> Result<ServerSettings, String> {
    let value: Value = json::from_str(text).unwrap();
    let reader = ConfigReader::new(Some(&value)).unwrap();
    read(reader, with_http2).map_err(|error| error.to_string())
}

const ONE: &str = r#""certificates": [{"cert": "a.pem", "key": "a.key"}]"#;

#[test]
fn defaults() {
    let settings = settings(&format!("{{{ONE}}}"), true).unwrap();
    assert_eq!(settings.certificates.len(), 1);
    assert_eq!(settings.certificates[0].cert, Path::new("a.pem"));
    assert_eq!(settings.certificates[0].names, None);
    assert_eq!(settings.certificates[0].client, None);
    assert_eq!(settings.default, DefaultCertificate::First);
    assert_eq!(settings.min_version, MinVersion::Tls12);
    assert_eq!(settings.alpn, [Alpn::H2, Alpn::Http11]);
    assert_eq!(settings.reload, Some(Duration::from_mins(1)));
    assert!(settings.tickets);
}

#[test]
fn all_keys() {
    let text = r#"{
        "certificates": [
            {"cert": "a.pem", "key": "a.key", "names": ["a.example", "*.b.example"]},
            {"cert": "c.pem", "key": "c.key", "client": {"mode": "required", "ca": "own.pem"}}
        ],
        "default": "a.example", "min_version": "1.3", "alpn": ["http/1.1", "h2"],
        "client": {"mode": "optional", "ca": "ca.pem", "crl": "crl.pem"},
        "reload": 0, "tickets": false
    }"#;
    let settings = settings(text, true).unwrap();
    assert_eq!(
        settings.certificates[0].names.as_deref().unwrap(),
        ["a.example", "*.b.example"]
    );
    let all = ClientAuth {
        is_required: false,
        ca: "ca.pem".into(),
        crl: Some("crl.pem".into()),
    };
    assert_eq!(settings.certificates[0].client.as_ref(), Some(&all));
    let own = ClientAuth {
        is_required: true,
        ca: "own.pem".into(),
        crl: None,
    };
    assert_eq!(settings.certificates[1].client.as_ref(), Some(&own));
    assert_eq!(settings.default, DefaultCertificate::Name("a.example".to_owned()));
    assert_eq!(settings.min_version, MinVersion::Tls13);
    assert_eq!(settings.alpn, [Alpn::Http11, Alpn::H2]);
    assert_eq!(settings.reload, None);
    assert!(!settings.tickets);
}

#[test]
fn http2_is_offered_only_where_it_is_spoken() {
    assert_eq!(settings(&format!("{{{ONE}}}"), false).unwrap().alpn, [Alpn::Http11]);
    let error = settings(&format!(r#"{{{ONE}, "alpn": ["h2"]}}"#), false).unwrap_err();
    assert!(error.contains("leaves no protocol"), "{error}");
    assert_eq!(
        settings(&format!(r#"{{{ONE}, "alpn": ["h2"]}}"#), true).unwrap().alpn,
        [Alpn::H2]
    );
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (keys, part) in [
        (r#""certificates": []"#, "names none"),
        (r#""certificates": [{"cert": "a.pem"}]"#, "missing field `key`"),
        (
            r#""certificates": [{"cert": "a.pem", "key": "a", "names": []}]"#,
            "names nothing",
        ),
        (
            r#""certificates": [{"cert": "a.pem", "key": "a", "names": ["a b"]}]"#,
            "`a b`",
        ),
        (
            r#""certificates": [{"cert": "a.pem", "key": "a", "names": ["a.*.b"]}]"#,
            "`a.*.b`",
        ),
        (r#""certificates": [{"cert": "a.pem", "key": "a", "name": "a"}]"#, "name"),
        (
            r#""certificates": [{"cert": "a.pem", "key": "a"}], "min_version": "1.1""#,
            "`1.1`",
        ),
        (r#""certificates": [{"cert": "a.pem", "key": "a"}], "alpn": ["h3"]"#, "`h3`"),
        (
            r#""certificates": [{"cert": "a.pem", "key": "a"}], "client": {"mode": "maybe", "ca": "c"}"#,
            "`maybe`",
        ),
        (
            r#""certificates": [{"cert": "a.pem", "key": "a"}], "client": {"mode": "required"}"#,
            "missing field `ca`",
        ),
        (
            r#""certificates": [{"cert": "a.pem", "key": "a"}], "ticket": false"#,
            "ticket",
        ),
        (
            r#""certificates": [{"cert": "a.pem", "key": "a"}], "tickets": "no""#,
            "a bool",
        ),
        (r#""min_version": "1.3""#, "missing field `certificates`"),
    ] {
        let error = settings(&format!("{{{keys}}}"), true).unwrap_err();
        assert!(error.contains(part), "{keys}: {error}");
    }
}
