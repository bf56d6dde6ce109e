use temblor_value::json;

use super::*;
use crate::rest::onramp::sample::connection;

fn shown(connection: &ConnectionInfo) -> String {
    json::to_string(&record(connection.peer.into(), connection, Version::Http11, Some(7)))
}

#[test]
fn a_plain_connection_has_no_tls() {
    let expected = concat!(
        r#"{"ip":"203.0.113.9","port":51820,"peer":{"ip":"203.0.113.9","port":51820},"local":{"ip":"10.0.0.9","port":8080},"#,
        r#""protocol":"HTTP/1.1","request_id":null,"deadline_ns":7,"trace_id":null,"tls":null}"#
    );
    assert_eq!(shown(&connection("[::ffff:203.0.113.9]:51820")), expected);
}

#[test]
fn tls_shows_the_certificate_only_if_there_is_one() {
    let without = Facts {
        version: Some("1.3"),
        cipher: Some("TLS_AES_128_GCM_SHA256"),
        sni: Some("shop.example"),
        alpn: Some("h2"),
        certificate: None,
    };
    let expected = concat!(
        r#"{"version":"1.3","cipher":"TLS_AES_128_GCM_SHA256","sni":"shop.example","alpn":"h2","#,
        r#""verified":null,"subject":null,"sans":null,"fingerprint":null,"not_after":null}"#
    );
    assert_eq!(json::to_string(&without.record()), expected);
    let certificate = ClientCertificate {
        subject: "CN=till-7".to_owned(),
        sans: vec!["till-7.shop.example".to_owned()],
        fingerprint: "sha256:ab12".to_owned(),
        not_after: 1_900_000_000,
    };
    let with = Facts {
        certificate: Some(&certificate),
        ..without
    };
    let expected = concat!(
        r#""alpn":"h2","verified":true,"subject":"CN=till-7","sans":["till-7.shop.example"],"#,
        r#""fingerprint":"sha256:ab12","not_after":1900000000}"#
    );
    let text = json::to_string(&with.record());
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn a_stated_source_is_the_client_and_a_stated_name_the_server_name() {
    let mut proxied = connection("10.0.0.4:40022");
    proxied.peer = "203.0.113.9:51820".parse().unwrap();
    proxied.proxied.authority = Some("shop.example".into());
    let text = shown(&proxied);
    assert!(
        text.starts_with(r#"{"ip":"203.0.113.9","port":51820,"peer":{"ip":"10.0.0.4","port":40022}"#),
        "{text}"
    );
    assert!(
        text.contains(r#""tls":{"version":null,"cipher":null,"sni":"shop.example","alpn":null,"#),
        "{text}"
    );
}
