//! Interim responses and switches of protocols (`proxy.md` 2.7 and 2.9).

use super::*;

#[tokio::test]
async fn interim_responses_leave_at_once() {
    let mut server = connect(ServerConfig::default()).await;
    server.send("GET /hints HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let first = server.read_to("\r\n\r\n").await;
    assert_eq!(first, "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n");
    let second = server.read_to("\r\n\r\n").await;
    assert!(
        second.starts_with("HTTP/1.1 102 ") && second.ends_with("\r\nx: y\r\n\r\n"),
        "{second}"
    );
    server.prepared.release.notify_one();
    assert!(server.read_to("\r\n\r\n").await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn interim_responses_are_kept_from_old_clients_and_by_the_setting() {
    for (early_hints, version) in [(true, "1.0"), (false, "1.1")] {
        let mut server = connect(ServerConfig {
            early_hints,
            ..ServerConfig::default()
        })
        .await;
        server.prepared.release.notify_one();
        server.send(format!("GET /hints HTTP/{version}\r\nHost: a\r\n\r\n")).await;
        assert!(server.read_to("\r\n\r\n").await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
}

#[tokio::test]
async fn a_switch_joins_client_and_upstream() {
    let mut server = connect(ServerConfig::default()).await;
    let (mut upstream, end) = pair().await;
    server.prepared.tunnels.lock().push_back(end);
    // What the client sends behind its request belongs to the tunnel.
    server
        .send("GET /switch HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\nfirst")
        .await;
    let head = server.read_to("\r\n\r\n").await;
    assert_eq!(
        head,
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n"
    );
    let mut text = [0; 5];
    timeout(PATIENCE, upstream.read_exact(&mut text)).await.unwrap().unwrap();
    assert_eq!(&text, b"first");
    upstream.write_all(b"second").await.unwrap();
    assert_eq!(server.read_to("second").await, "second");
    drop(upstream);
    server.read_all().await;
}

#[test]
fn a_head_of_an_interim_response_is_parsed() {
    let head = interim_head(103, "a: b");
    let expected: &Headers = &head.headers;
    assert_eq!((head.version, expected.len()), (Version::Http11, 1));
}
