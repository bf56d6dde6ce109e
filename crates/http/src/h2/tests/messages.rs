//! Heads, statuses, refusals.

use http::Method;

use super::*;
use crate::limits::ServerLimits;

#[tokio::test]
async fn a_head_arrives_as_it_was_meant() {
    let (mut client, _server) = connect(config()).await;
    let request = HttpRequest::get("http://A.example:8080/head?q=1")
        .header("x-long", "a value that is longer than what fits into a small text")
        .header("cookie", "a=1")
        .header("x-two", "2")
        .header("cookie", "b=2")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let (response, body) = client.ask(request).await;
    assert_eq!(status(&response), 200);
    assert_eq!(header(&response, "content-length"), Some(body.len().to_string().as_str()));
    assert!(header(&response, "date").is_some());
    assert_eq!(
        body,
        "GET /head?q=1 HTTP/2.0\nhost: A.example:8080\nx-long: a value that is longer than what fits into a small text\n\
         cookie: a=1; b=2\nx-two: 2\nte: trailers\n"
    );
}

#[tokio::test]
async fn fields_of_a_connection_do_not_leave() {
    let (mut client, _server) = connect(config()).await;
    let (response, _) = client.ask(get("/fields")).await;
    assert_eq!(header(&response, "x-one"), Some("1"));
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    assert_eq!(
        (header(&response, "connection"), header(&response, "transfer-encoding")),
        (None, None)
    );
    assert_eq!(header(&response, "content-length"), Some("0"));
}

#[tokio::test]
async fn answers_without_body_have_none() {
    let (mut client, _server) = connect(config()).await;
    for (method, path, length) in [
        (Method::GET, "/status/204", None),
        (Method::GET, "/status/304", Some("12345")),
        (Method::HEAD, "/status/200", Some("12345")),
        (Method::HEAD, "/size/7", Some("7")),
    ] {
        let mut request = get(path);
        *request.method_mut() = method;
        let (response, body) = client.ask(request).await;
        assert_eq!((header(&response, "content-length"), body.as_str()), (length, ""), "{path}");
    }
}

#[tokio::test]
async fn streams_do_not_wait_for_each_other() {
    let (mut client, mut server) = connect(config()).await;
    let slow = client.send(get("/wait")).await;
    assert_eq!(server.logged().await, "waiting");
    for number in 0..50 {
        let path = format!("/{number}");
        assert_eq!(client.ask(get(&path)).await.1, path);
    }
    server.script.release.notify_one();
    assert_eq!(read(slow).await.1, "released");
}

#[tokio::test]
async fn what_is_beyond_the_limits_is_refused_by_stream() {
    let limits = ServerLimits {
        target: 20,
        headers: 3,
        body: Some(5),
        ..ServerLimits::default()
    };
    let (mut client, mut server) = connect(ServerConfig { limits, ..config() }).await;
    let many = HttpRequest::get("http://a.example/")
        .header("a", "1")
        .header("b", "1")
        .header("b", "2")
        .header("c", "1")
        .body(())
        .unwrap();
    let expecting = HttpRequest::get("http://a.example/")
        .header("expect", "miracles")
        .body(())
        .unwrap();
    let connecting = HttpRequest::connect("a.example:80").body(()).unwrap();
    for (request, expected, reason) in [
        (get("/012345678901234567890"), 414, "uri_too_long"),
        (many, 431, "head_too_large"),
        (expecting, 417, "expectation"),
        (connecting, 501, "not_implemented"),
    ] {
        let (response, body) = client.ask(request).await;
        assert_eq!(status(&response), expected);
        assert_eq!(header(&response, "connection"), None);
        assert!(body.contains(reason), "{body}");
        assert_eq!(server.logged().await, reason);
    }
    let announced = HttpRequest::post("http://a.example/collect").header("content-length", "6");
    let (response, _unsent) = client.open(announced.body(()).unwrap(), false).await;
    assert_eq!(status(&read(response).await.0), 413);
    let (response, mut sending) = client.open(post("/collect"), false).await;
    sending.send_data("123456".into(), false).unwrap();
    assert_eq!(status(&read(response).await.0), 413);
    assert_eq!(client.ask(get("/on")).await.1, "/on");
}

#[tokio::test]
async fn interim_responses_come_before_the_answer() {
    let (mut client, server) = connect(config()).await;
    let mut response = client.send(get("/hints")).await;
    let interim = std::future::poll_fn(|cx| response.poll_informational(cx));
    let interim = timeout(PATIENCE, interim).await.unwrap().unwrap().unwrap();
    assert_eq!(interim.status(), 103);
    server.script.release.notify_one();
    assert_eq!(status(&read(response).await.0), 200);
}

#[tokio::test]
async fn an_answer_can_be_none() {
    let (mut client, _server) = connect(config()).await;
    assert_eq!(reset_of(client.send(get("/close")).await).await, Some(Reason::CANCEL));
    // A client would take an interim status for the first of two.
    assert_eq!(
        reset_of(client.send(get("/status/102")).await).await,
        Some(Reason::INTERNAL_ERROR)
    );
    assert_eq!(client.ask(get("/on")).await.1, "/on");
}
