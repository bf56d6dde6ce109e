//! Time-outs of connections.

use super::*;

fn timeouts() -> ServerTimeouts {
    ServerTimeouts {
        handshake: None,
        head: None,
        body: None,
        keep_alive: None,
        write: None,
        connection_age: None,
        tunnel: None,
    }
}

fn timed(timeouts: ServerTimeouts) -> ServerConfig {
    ServerConfig {
        timeouts,
        ..ServerConfig::default()
    }
}

#[tokio::test]
async fn late_heads_and_bodies_get_408() {
    let mut server = connect(timed(ServerTimeouts {
        head: SHORT,
        ..timeouts()
    }))
    .await;
    let answer = server.exchange("GET / HTTP/1.1\r\nHo").await;
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains(r#""reason":"head_timeout""#),
        "{answer}"
    );

    for body in ["Content-Length: 5\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"] {
        let mut server = connect(timed(ServerTimeouts {
            body: SHORT,
            ..timeouts()
        }))
        .await;
        let answer = server.exchange(&format!("POST /echo HTTP/1.1\r\nHost: a\r\n{body}")).await;
        assert!(
            answer.starts_with("HTTP/1.1 408 ") && answer.contains(r#""reason":"body_timeout""#),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn idle_connections_close_silently() {
    let mut server = connect(timed(ServerTimeouts {
        head: SHORT,
        ..timeouts()
    }))
    .await;
    assert_eq!(server.read_all().await, "");
    server.ended().await;

    let mut server = connect(timed(ServerTimeouts {
        keep_alive: SHORT,
        ..timeouts()
    }))
    .await;
    assert_eq!(server.exchange(&get("/a")).await.matches("HTTP/").count(), 1);

    let mut server = connect(timed(ServerTimeouts {
        connection_age: SHORT,
        ..timeouts()
    }))
    .await;
    assert_eq!(server.read_all().await, "");
}

#[tokio::test]
async fn a_later_deadline_is_kept_although_the_timer_was_set_for_an_earlier_one() {
    let timeouts = ServerTimeouts {
        keep_alive: SHORT,
        body: Some(Duration::from_millis(300)),
        ..timeouts()
    };
    let mut server = connect(timed(timeouts)).await;
    server.send(get("/a")).await;
    server.read_to("/a").await;
    server
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
        .await;
    let begin = std::time::Instant::now();
    assert!(server.read_all().await.starts_with("HTTP/1.1 408 "));
    assert!(begin.elapsed() >= Duration::from_millis(290));
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_reset() {
    let mut server = connect(timed(ServerTimeouts {
        write: SHORT,
        ..timeouts()
    }))
    .await;
    server.send(get("/size/50000000")).await;
    timeout(PATIENCE, &mut server.task).await.unwrap().unwrap();
    let mut text = Vec::new();
    let error = timeout(PATIENCE, server.stream.read_to_end(&mut text))
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}
