//! The last request of a connection, and drains (`proxy.md` 2.17).

use super::*;

#[tokio::test]
async fn the_last_request_of_a_connection_is_told() {
    let limits = ServerLimits {
        requests_per_connection: Some(2),
        ..ServerLimits::default()
    };
    let mut server = connect(ServerConfig {
        limits,
        ..ServerConfig::default()
    })
    .await;
    let answers = server.exchange(&[get("/1"), get("/2"), get("/3")].concat()).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 2);
    assert_eq!(answers.matches("connection: close").count(), 1);
}

#[tokio::test]
async fn a_drain_closes_idle_connections_and_busy_ones_after_their_answer() {
    let mut server = connect(ServerConfig::default()).await;
    server.send(get("/a")).await;
    server.read_to("/a").await;
    server.drain.start();
    assert_eq!(server.read_all().await, "");
    server.ended().await;

    let mut server = connect(ServerConfig::default()).await;
    server.send(get("/wait")).await;
    assert_eq!(server.logged().await, "waiting");
    server.drain.start();
    server.script.release.notify_one();
    let answer = server.read_all().await;
    assert!(answer.contains("\r\nconnection: close\r\n") && answer.ends_with("released"));
}

#[tokio::test]
async fn between_two_requests_a_connection_is_not_idle() {
    let mut server = connect(ServerConfig::default()).await;
    server.send(get("/a")).await;
    server.read_to("/a").await;
    server.drain.start();
    yield_now().await;
    // The client cannot know yet that a drain has begun.
    server.send(get("/b")).await;
    let answer = server.read_all().await;
    assert!(
        answer.contains("\r\nconnection: close\r\n") && answer.ends_with("/b"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_drain_goes_on_without_its_trigger() {
    let mut server = connect(ServerConfig::default()).await;
    server.send(get("/wait")).await;
    assert_eq!(server.logged().await, "waiting");
    let (other, _) = drain();
    let trigger = std::mem::replace(&mut server.drain, other);
    trigger.start();
    drop(trigger);
    server.script.release.notify_one();
    let answer = server.read_all().await;
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn a_connection_made_during_a_drain_is_closed() {
    let mut server = connect(ServerConfig::default()).await;
    server.drain.start();
    assert_eq!(server.read_all().await, "");
}

#[tokio::test]
async fn a_trigger_that_is_dropped_drains_nothing() {
    let mut server = connect(ServerConfig::default()).await;
    server.send(get("/a")).await;
    server.read_to("/a").await;
    let (other, _) = drain();
    drop(std::mem::replace(&mut server.drain, other));
    server.send(last("/b")).await;
    assert!(server.read_all().await.ends_with("/b"));
}
