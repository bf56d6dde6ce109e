use std::sync::Arc;

use temblor_runtime::config::ConfigReader;
use temblor_testkit::{Authority, Behaviour, FaultyUpstream, TlsFront};
use temblor_value::{Value, json};

use super::*;
use crate::rest::offramp::endpoint;
use crate::tls::{ClientSettings, TlsClient};

/// A probe of a loopback port with these settings.
fn probe(port: u16, settings: &str, is_secure: bool, tls: Arc<TlsClient>) -> Probe {
    let value: Value = json::from_str(settings).unwrap();
    let reader = ConfigReader::new(Some(&value)).unwrap();
    let configured = endpoint::Endpoint::from_url(&format!("http://127.0.0.1:{port}")).unwrap();
    let settings = HealthSettings::read(reader, &configured).unwrap();
    let config = UpstreamConfig {
        tls,
        ..UpstreamConfig::default()
    };
    Probe::new(settings, Endpoint::new("127.0.0.1", port).with_tls(is_secure), config)
}

async fn run(upstream: &FaultyUpstream, settings: &str) -> Result<(), String> {
    probe(upstream.port(), settings, false, Arc::default()).run().await
}

fn answer(status: u16, body: &'static str) -> Behaviour {
    Behaviour::answer(status, &[("Content-Type", "text/plain")], body)
}

#[tokio::test]
async fn the_status_decides() {
    let upstream = FaultyUpstream::echo().unwrap();
    for (status, settings, is_success) in [
        (200, r#"{"path": "/"}"#, true),
        (302, r#"{"path": "/"}"#, true),
        (404, r#"{"path": "/"}"#, false),
        (503, r#"{"path": "/"}"#, false),
        (404, r#"{"path": "/", "status": [404]}"#, true),
        (200, r#"{"path": "/", "status": [404]}"#, false),
    ] {
        upstream.set(answer(status, "body"));
        let result = run(&upstream, settings).await;
        assert_eq!(result.is_ok(), is_success, "{status} {settings}: {result:?}");
        if !is_success {
            assert_eq!(result, Err(format!("status {status}")));
        }
    }
}

#[tokio::test]
async fn a_probe_is_a_request_of_its_own_over_a_connection_of_its_own() {
    let upstream = FaultyUpstream::echo().unwrap();
    let probe = probe(
        upstream.port(),
        r#"{"path": "/up?x=1", "headers": {"X-Probe": "1"}}"#,
        false,
        Arc::default(),
    );
    for _ in 0..2 {
        assert_eq!(probe.run().await, Ok(()));
    }
    let log = upstream.log();
    assert_eq!((log.connections, log.count), (2, 2));
    let request = &log.requests[0].request;
    assert_eq!((request.word(0), request.word(1)), ("GET", "/up?x=1"));
    assert_eq!(request.header("user-agent"), Some("temblor-health"));
    assert_eq!(request.header("x-probe"), Some("1"));
    assert_eq!(
        request.header("host"),
        Some(format!("127.0.0.1:{}", upstream.port()).as_str())
    );
}

#[tokio::test]
async fn the_begin_of_the_body_may_decide_as_well() {
    let upstream = FaultyUpstream::echo().unwrap();
    let wanted = r#"{"path": "/", "contains": "all systems go"}"#;
    upstream.set(answer(200, "now: all systems go!"));
    assert_eq!(run(&upstream, wanted).await, Ok(()));
    upstream.set(answer(200, "all systems stop"));
    assert!(
        run(&upstream, wanted)
            .await
            .unwrap_err()
            .contains("does not have the wanted text")
    );
    upstream.set(answer(200, ""));
    assert!(run(&upstream, wanted).await.is_err());
    // In pieces, of which none has all of it.
    let pieces = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nall syst\r\n3\r\nems\r\n4\r\n go \r\n0\r\n\r\n";
    upstream.set(Behaviour::raw(pieces));
    assert_eq!(run(&upstream, wanted).await, Ok(()));
    // At the end of what is looked at, and behind it.
    for (before, is_success) in [((64 << 10) - 14, true), ((64 << 10) - 13, false)] {
        let body = format!("{}all systems go", "x".repeat(before));
        upstream.set(Behaviour::raw(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )));
        assert_eq!(run(&upstream, wanted).await.is_ok(), is_success, "{before}");
    }
}

#[tokio::test]
async fn whatever_breaks_is_a_failure_and_says_what_it_was() {
    let mut upstream = FaultyUpstream::start(Behaviour::Hold).unwrap();
    let settings = r#"{"path": "/", "timeout": 50}"#;
    assert_eq!(run(&upstream, settings).await, Err("no answer within 50 ms".to_owned()));
    upstream.set(Behaviour::CloseAfterRequest);
    assert!(run(&upstream, r#"{"path": "/"}"#).await.unwrap_err().starts_with("reset: "));
    upstream.set(Behaviour::raw("SMTP ready\r\n\r\n"));
    assert!(
        run(&upstream, r#"{"path": "/"}"#)
            .await
            .unwrap_err()
            .starts_with("protocol: ")
    );
    upstream.stop();
    assert!(run(&upstream, r#"{"path": "/"}"#).await.unwrap_err().starts_with("connect: "));
}

#[tokio::test]
async fn without_a_path_a_connection_is_enough() {
    let mut upstream = FaultyUpstream::start(Behaviour::Hold).unwrap();
    assert_eq!(run(&upstream, "{}").await, Ok(()));
    assert_eq!(upstream.count(), 0);
    upstream.stop();
    assert!(run(&upstream, "{}").await.is_err());
}

#[tokio::test]
async fn an_endpoint_with_tls_is_probed_with_the_offramps_tls() {
    let upstream = FaultyUpstream::echo().unwrap();
    let authority = Authority::new("Test Authority").unwrap();
    let front = TlsFront::start(&authority.server(&["127.0.0.1"]).unwrap(), None, upstream.port()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let trusting = TlsClient::new(ClientSettings {
        ca: Some(ca),
        ..ClientSettings::default()
    });
    let settings = r#"{"path": "/"}"#;
    assert_eq!(
        probe(front.port(), settings, true, Arc::new(trusting.unwrap())).run().await,
        Ok(())
    );
    assert_eq!(upstream.count(), 1);
    let stranger = probe(front.port(), settings, true, Arc::default());
    assert!(stranger.run().await.unwrap_err().starts_with("tls: "));
}
