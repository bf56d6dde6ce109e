//! Bodies of requests: their limits, `100 Continue`, and what is left of them when the answer is there.

use super::*;

#[tokio::test]
async fn bodies_have_limits() {
    let limits = ServerLimits {
        body: Some(4),
        trailers: 5,
        ..ServerLimits::default()
    };
    for (text, status) in [
        ("Content-Length: 4\r\n\r\nabcd", 200),
        ("Content-Length: 5\r\n\r\n", 413),
        ("Content-Length: 5\r\nExpect: 100-continue\r\n\r\n", 413),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\n", 413),
        ("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 413),
        ("Transfer-Encoding: chunked\r\n\r\n0\r\nx: yz\r\n\r\n", 431),
    ] {
        for path in ["/echo", "/chunks"] {
            // What arrives in parts is judged when it arrives.
            if path == "/chunks" && text.ends_with("5\r\n") {
                continue;
            }
            let mut server = connect(ServerConfig {
                limits: limits.clone(),
                ..ServerConfig::default()
            })
            .await;
            let answer = server
                .exchange(&format!("POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{text}"))
                .await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path} {text}: {answer}");
        }
    }
    // The handler's own limit.
    let mut server = connect(ServerConfig::default()).await;
    let answer = server
        .exchange("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100001\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn clients_are_told_to_continue_when_reading_begins() {
    let mut server = connect(ServerConfig::default()).await;
    server
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        .await;
    assert_eq!(server.read_to("\r\n\r\n").await, "HTTP/1.1 100 Continue\r\n\r\n");
    server.send("abc").await;
    assert!(server.read_to("abc").await.starts_with("HTTP/1.1 200 OK\r\n"));
    // Not once body bytes have arrived.
    let text = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc";
    assert!(server.exchange(text).await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test]
async fn an_answer_instead_of_continue_closes() {
    let mut server = connect(ServerConfig::default()).await;
    let answer = server
        .exchange("POST /early HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        .await;
    assert!(answer.contains("\r\nconnection: close\r\n") && answer.ends_with("early"));
}

#[tokio::test]
async fn a_small_rest_of_a_body_is_dropped_and_the_connection_goes_on() {
    for body in [
        format!("Content-Length: 60000\r\n\r\n{}", "x".repeat(60_000)),
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".into(),
    ] {
        let mut server = connect(ServerConfig::default()).await;
        server
            .send(format!("POST /early HTTP/1.1\r\nHost: a\r\n{body}{}", last("/next")))
            .await;
        let answer = server.read_all().await;
        assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 2);
        assert!(answer.ends_with("/next"));
    }
}

#[tokio::test]
async fn a_large_rest_of_a_body_closes_after_the_answer_has_arrived() {
    let mut server = connect(ServerConfig::default()).await;
    server
        .send(format!(
            "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{}",
            "x".repeat(300_000)
        ))
        .await;
    let answer = server.read_all().await;
    assert!(answer.contains("\r\nconnection: close\r\n") && answer.ends_with("early"));

    // The length of a chunked body shows only while it is being dropped.
    let mut server = connect(ServerConfig::default()).await;
    server
        .send(format!(
            "POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n30000\r\n{}",
            "x".repeat(0x30000)
        ))
        .await;
    assert!(server.read_all().await.ends_with("early"));
}
