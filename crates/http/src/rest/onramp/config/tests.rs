//! The record `http2` (spec/proxy.md 2.12).

use temblor_value::{Value, json};

use super::*;

fn read(text: &str) -> Result<OnrampConfig, String> {
    let value: Value = json::from_str(text).unwrap();
    OnrampConfig::read(ConfigReader::new(Some(&value)).unwrap()).map_err(|error| error.to_string())
}

#[test]
fn without_the_record_http2_waits_for_tls() {
    let config = read("{}").unwrap();
    assert_eq!(config.protocols, ["http/1.1"]);
    let expected = Http2Settings {
        cleartext: false,
        max_streams: 128,
        stream_window: 65_536,
        connection_window: 1_048_576,
        extended_connect: false,
        ping: None,
    };
    assert_eq!(config.server.http2, expected);
}

#[test]
fn the_record_sets_what_it_names() {
    let text = r#"{"http2": {"cleartext": true, "max_streams": 7, "stream_window": "1MiB", "connection_window": "2MiB", "ping": "30s"}}"#;
    let config = read(text).unwrap();
    assert_eq!(config.protocols, ["http/1.1", "h2"]);
    let expected = Http2Settings {
        cleartext: true,
        max_streams: 7,
        stream_window: 1 << 20,
        connection_window: 2 << 20,
        extended_connect: false,
        ping: Some(Duration::from_secs(30)),
    };
    assert_eq!(config.server.http2, expected);
    assert!(read(r#"{"upgrade": ["websocket"]}"#).unwrap().server.http2.extended_connect);
    assert_eq!(read(r#"{"http2": {"enabled": false}}"#).unwrap().protocols, ["http/1.1"]);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    for (text, part) in [
        (r#"{"http2": {"enabled": false, "cleartext": true}}"#, "`cleartext`"),
        (r#"{"http2": {"max_streams": 0}}"#, "`max_streams`"),
        (r#"{"http2": {"stream_window": 0}}"#, "`stream_window`"),
        (r#"{"http2": {"stream_window": "2GiB"}}"#, "`stream_window`"),
        (r#"{"http2": {"connection_window": "1KiB"}}"#, "`connection_window`"),
        (r#"{"http2": {"streams": 1}}"#, "max_streams"),
    ] {
        let error = read(text).err().unwrap();
        assert!(error.contains(part), "{text}: {error}");
    }
}
