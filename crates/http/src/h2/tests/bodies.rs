//! Bodies in both directions.

use super::*;
use crate::body::Broken;
use crate::testing::{fed, give};
use crate::timeouts::ServerTimeouts;

#[tokio::test]
async fn bodies_are_collected_lent_and_taken() {
    let (mut client, _server) = connect(config()).await;
    for path in ["/collect", "/lend"] {
        let (response, mut sending) = client.open(post(path), false).await;
        sending.send_data("one ".into(), false).unwrap();
        tokio::task::yield_now().await;
        sending.send_data("two".into(), true).unwrap();
        assert_eq!(read(response).await.1, "one two", "{path}");
        assert_eq!(client.ask(post(path)).await.1, "", "{path}");
    }
    assert_eq!(client.ask(post("/arrived")).await.1, "0");
    assert_eq!(client.ask(post("/remaining")).await.1, "Some(0)");
}

#[tokio::test]
async fn trailers_travel_in_both_directions() {
    let (mut client, server) = connect(config()).await;
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    trailers.insert("content-length", "7".parse().unwrap());
    let (response, mut sending) = client.open(post("/trailers"), false).await;
    sending.send_data("body".into(), false).unwrap();
    sending.send_trailers(trailers).unwrap();
    assert_eq!(read(response).await.1, "grpc-status: 0\n");
    let (feed, body) = fed(None, &[("grpc-status", "5"), ("x-more", "é")]);
    *server.script.body.lock() = Some(body);
    give(&feed, "text");
    drop(feed);
    let response = client.send(get("/body")).await.await.unwrap();
    let (text, trailers) = read_body(response.into_body()).await.unwrap();
    let trailers = trailers.unwrap();
    assert_eq!((text.as_str(), trailers.len()), ("text", 2));
    assert_eq!(trailers.get("grpc-status").unwrap(), "5");
}

#[tokio::test]
async fn a_client_that_waits_is_told_to_continue() {
    let (mut client, _server) = connect(config()).await;
    for path in ["/collect", "/lend"] {
        let request = HttpRequest::post(format!("http://a.example{path}")).header("expect", "100-continue");
        let (mut response, mut sending) = client.open(request.body(()).unwrap(), false).await;
        if path == "/collect" {
            let interim = std::future::poll_fn(|cx| response.poll_informational(cx));
            let interim = timeout(PATIENCE, interim).await.unwrap().unwrap().unwrap();
            assert_eq!(interim.status(), 100);
        }
        sending.send_data("body".into(), true).unwrap();
        assert_eq!(read(response).await.1, "body", "{path}");
    }
}

#[tokio::test]
async fn an_early_answer_ends_the_request_without_blame() {
    let (mut client, _server) = connect(config()).await;
    let (response, mut sending) = client.open(post("/early"), false).await;
    assert_eq!(read(response).await.1, "early");
    let reset = std::future::poll_fn(|cx| sending.poll_reset(cx));
    assert_eq!(timeout(PATIENCE, reset).await.unwrap().unwrap(), Reason::NO_ERROR);
}

#[tokio::test]
async fn a_client_may_send_what_little_is_left_of_a_request_that_was_answered() {
    let (mut client, _server) = connect(config()).await;
    let request = |length: u64| {
        HttpRequest::post("http://a.example/early")
            .header("content-length", length)
            .body(())
    };
    let (response, mut sending) = client.open(request(4).unwrap(), false).await;
    assert_eq!(read(response).await.1, "early");
    // A reset would arrive before this answer.
    assert_eq!(client.ask(get("/on")).await.1, "/on");
    sending.send_data("body".into(), true).unwrap();
    assert_eq!(client.ask(get("/on")).await.1, "/on");
    let (response, mut sending) = client.open(request(1 << 20).unwrap(), false).await;
    assert_eq!(read(response).await.1, "early");
    let reset = std::future::poll_fn(|cx| sending.poll_reset(cx));
    assert_eq!(timeout(PATIENCE, reset).await.unwrap().unwrap(), Reason::NO_ERROR);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_reset() {
    let (mut client, server) = connect(config()).await;
    let (feed, body) = fed(None, &[]);
    *server.script.body.lock() = Some(body);
    give(&feed, "part");
    let response = client.send(get("/body")).await.await.unwrap();
    let mut body = response.into_body();
    assert_eq!(body.data().await.unwrap().unwrap(), "part");
    feed.send(Err(Broken("upstream gone"))).unwrap();
    let error = timeout(PATIENCE, body.data()).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
    assert_eq!(client.ask(get("/on")).await.1, "/on");
}

#[tokio::test]
async fn large_answers_come_whole_and_with_small_windows() {
    let mut builder = client::Builder::new();
    builder.initial_window_size(1000);
    let (mut client, _server) = connect_as(config(), &builder).await;
    let (response, body) = client.ask(get("/size/3000000")).await;
    assert_eq!(header(&response, "content-length"), Some("3000000"));
    assert!(body.len() == 3_000_000 && body.bytes().all(|byte| byte == b'x'));
}

#[tokio::test]
async fn a_body_nobody_reads_stops_at_its_window_and_hinders_nobody() {
    let (mut client, mut server) = connect(config()).await;
    let (_stalled, mut sending) = client.open(post("/wait"), false).await;
    assert_eq!(server.logged().await, "waiting");
    let window = config().http2.stream_window as usize;
    sending.reserve_capacity(4 * window);
    let mut sent = 0;
    while sent < window {
        let room = std::future::poll_fn(|cx| sending.poll_capacity(cx));
        let room = timeout(PATIENCE, room).await.unwrap().unwrap().unwrap();
        sending.send_data(vec![b'x'; room].into(), false).unwrap();
        sent += room;
    }
    assert_eq!(sent, window);
    let (response, mut other) = client.open(post("/collect"), false).await;
    other.send_data("other".into(), true).unwrap();
    assert_eq!(read(response).await.1, "other");
    assert_eq!(sending.capacity(), 0);
}

#[tokio::test]
async fn a_client_that_takes_nothing_loses_its_stream_in_time() {
    let timeouts = ServerTimeouts {
        write: SHORT,
        ..ServerTimeouts::default()
    };
    let mut builder = client::Builder::new();
    builder.initial_window_size(10);
    let (mut client, _server) = connect_as(ServerConfig { timeouts, ..config() }, &builder).await;
    let response = client.send(get("/size/100")).await.await.unwrap();
    let mut body = response.into_body();
    assert_eq!(body.data().await.unwrap().unwrap().len(), 10);
    let error = timeout(PATIENCE, body.data()).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.reason(), Some(Reason::CANCEL));
    assert_eq!(client.ask(get("/on")).await.1, "/on");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused_in_time() {
    let timeouts = ServerTimeouts {
        body: SHORT,
        ..ServerTimeouts::default()
    };
    let (mut client, mut server) = connect(ServerConfig { timeouts, ..config() }).await;
    let (response, mut sending) = client.open(post("/collect"), false).await;
    sending.send_data("part".into(), false).unwrap();
    let (response, _) = read(response).await;
    assert_eq!(status(&response), 408);
    assert_eq!(server.logged().await, "body_timeout");
}
