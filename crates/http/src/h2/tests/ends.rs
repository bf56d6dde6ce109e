//! How streams and connections end.

use super::*;
use crate::limits::ServerLimits;
use crate::timeouts::ServerTimeouts;

#[tokio::test]
async fn a_reset_stream_tells_its_handler_only() {
    let (mut client, mut server) = connect(config()).await;
    let (_kept, mut kept) = client.open(get("/wait"), false).await;
    let (response, mut sending) = client.open(get("/wait"), false).await;
    assert_eq!(
        (server.logged().await, server.logged().await),
        ("waiting".into(), "waiting".into())
    );
    sending.send_reset(Reason::CANCEL);
    drop(response);
    assert_eq!(server.logged().await, "gone");
    assert!(server.log.try_recv().is_err());
    kept.send_reset(Reason::CANCEL);
    assert_eq!(server.logged().await, "gone");
    assert_eq!(client.ask(get("/on")).await.1, "/on");
}

#[tokio::test]
async fn a_lost_connection_tells_all_handlers() {
    let (mut client, mut server) = connect(config()).await;
    let _one = client.send(get("/wait")).await;
    let _two = client.send(get("/wait")).await;
    assert_eq!(
        (server.logged().await, server.logged().await),
        ("waiting".into(), "waiting".into())
    );
    client.driver.abort();
    assert_eq!((server.logged().await, server.logged().await), ("gone".into(), "gone".into()));
    server.ended().await;
}

#[tokio::test]
async fn a_drained_connection_answers_what_was_asked() {
    let (mut client, mut server) = connect(config()).await;
    let running = client.send(get("/wait")).await;
    assert_eq!(server.logged().await, "waiting");
    server.drain.start();
    let refused = async {
        loop {
            tokio::task::yield_now().await;
            match client.requests.clone().ready().await {
                Ok(_) => {}
                Err(error) => return error,
            }
        }
    };
    assert!(timeout(PATIENCE, refused).await.unwrap().is_go_away());
    server.script.release.notify_one();
    assert_eq!(read(running).await.1, "released");
    assert!(client.ended().await.is_ok());
    server.ended().await;
}

#[tokio::test]
async fn an_idle_connection_ends_with_the_drain() {
    let (mut client, server) = connect(config()).await;
    assert_eq!(client.ask(get("/")).await.1, "/");
    server.drain.start();
    assert!(client.ended().await.is_ok());
    server.ended().await;
}

#[tokio::test]
async fn connections_end_in_time_and_number() {
    let idle = ServerTimeouts {
        keep_alive: SHORT,
        ..ServerTimeouts::default()
    };
    let old = ServerTimeouts {
        connection_age: SHORT,
        ..ServerTimeouts::default()
    };
    let used_up = ServerLimits {
        requests_per_connection: Some(1),
        ..ServerLimits::default()
    };
    for config in [
        ServerConfig {
            timeouts: idle,
            ..config()
        },
        ServerConfig {
            timeouts: old,
            ..config()
        },
        ServerConfig {
            limits: used_up,
            ..config()
        },
    ] {
        let (mut client, server) = connect(config).await;
        assert_eq!(client.ask(get("/")).await.1, "/");
        assert!(client.ended().await.is_ok());
        server.ended().await;
    }
}

#[tokio::test]
async fn an_answer_can_ask_for_the_end() {
    let (mut client, server) = connect(config()).await;
    assert_eq!(status(&client.ask(get("/ask-to-close")).await.0), 200);
    assert!(client.ended().await.is_ok());
    server.ended().await;
}

#[tokio::test]
async fn requests_that_are_reset_at_once_end_the_connection() {
    let (client, server) = connect(config()).await;
    let flood = async {
        loop {
            let Ok(mut ready) = client.requests.clone().ready().await else {
                return;
            };
            if let Ok((_, mut sending)) = ready.send_request(get("/wait"), false) {
                sending.send_reset(Reason::CANCEL);
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, flood).await.unwrap();
    let error = client.ended().await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::ENHANCE_YOUR_CALM));
    server.ended().await;
}
