//! Switches of protocol over HTTP/2 (RFC 8441).

use std::future::poll_fn;

use ::h2::Reason;
use ::h2::ext::Protocol;
use ::h2::server::Builder;
use bytes::Bytes;
use http::Response as HttpResponse;

use super::shared::{Asked, Server};
use super::streams::upgrading;
use super::*;
use crate::testing::trusted;
use crate::tls::Alpn;

async fn allowing() -> Server {
    let mut builder = Builder::new();
    builder.enable_connect_protocol();
    Server::start(builder, None).await
}

fn client() -> Upstream {
    Upstream::new(UpstreamConfig {
        speaks: Speaks::Http2,
        ..UpstreamConfig::default()
    })
}

/// Sends the request while the server does something about it.
async fn exchange<T>(
    upstream: &Upstream,
    server: &mut Server,
    request: &mut OutgoingRequest,
    answer: impl AsyncFnOnce(Asked) -> T,
) -> (UpstreamResponse, T) {
    let endpoint = server.endpoint.clone();
    let timeouts = no_timeouts();
    let exchange = upstream.exchange(0, &endpoint, request, Terms::only(&timeouts));
    let (response, answered) = tokio::join!(exchange, async { answer(server.next().await).await });
    (response.unwrap(), answered)
}

#[tokio::test]
async fn extended_connect_opens_a_tunnel_beside_other_requests() {
    let mut server = allowing().await;
    let upstream = client();
    let (_, ()) = exchange(&upstream, &mut server, &mut request(Method::Get, ""), async |mut asked| {
        asked.answer("ok");
    })
    .await;
    let mut asking = upgrading();
    asking.headers.push("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
    asking.headers.push("Sec-WebSocket-Version", b"13").unwrap();
    let (response, (mut send, mut recv)) = exchange(&upstream, &mut server, &mut asking, async |mut asked| {
        let head = &asked.request;
        assert_eq!(asked.connection, 1);
        assert_eq!(head.method(), http::Method::CONNECT);
        assert_eq!(head.extensions().get::<Protocol>().unwrap().as_str(), "websocket");
        assert_eq!(head.uri().path(), "/x");
        assert!(head.headers().get("sec-websocket-key").is_none() && head.headers().get("content-length").is_none());
        assert_eq!(head.headers()["sec-websocket-version"], "13");
        let answer = HttpResponse::builder()
            .header("x-kept", "1")
            .header("sec-websocket-accept", "theirs");
        let answer = answer.body(()).unwrap();
        let send = asked.respond.send_response(answer, false).unwrap();
        (send, asked.request.into_body())
    })
    .await;
    let head = &response.head;
    assert_eq!(head.status.code(), 101);
    for (name, value) in [
        ("upgrade", "websocket"),
        ("x-kept", "1"),
        ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
    ] {
        assert_eq!(head.headers.find(name), Some(value.as_bytes()), "{name}");
    }
    let accepts = head.headers.iter().filter(|field| field.name() == "sec-websocket-accept");
    assert_eq!(accepts.count(), 1);
    let mut end = response.tunnel.expect("no tunnel");
    let hello = Bytes::from_static(b"hello");
    assert_eq!(poll_fn(|cx| end.poll_send(cx, &hello)).await.unwrap(), 5);
    assert_eq!(recv.data().await.unwrap().unwrap(), "hello");
    send.send_data(Bytes::from_static(b"back"), true).unwrap();
    assert_eq!(poll_fn(|cx| end.poll_receive(cx)).await.unwrap(), "back");
    assert_eq!(poll_fn(|cx| end.poll_receive(cx)).await.unwrap(), "");
    poll_fn(|cx| end.poll_finish(cx)).await.unwrap();
    drop(end);
    assert_eq!(recv.data().await.unwrap().unwrap(), "");
    assert!(recv.is_end_stream());
}

#[tokio::test]
async fn an_end_that_goes_early_resets_the_stream() {
    let mut server = allowing().await;
    let upstream = client();
    let (response, (mut send, _recv)) = exchange(&upstream, &mut server, &mut upgrading(), async |mut asked| {
        let send = asked.respond.send_response(HttpResponse::new(()), false).unwrap();
        (send, asked.request.into_body())
    })
    .await;
    assert!(
        response.head.headers.find("sec-websocket-accept").is_none(),
        "nobody has asked for it"
    );
    drop(response);
    let reset = timeout(PATIENCE, poll_fn(|cx| send.poll_reset(cx))).await.expect("no reset");
    assert_eq!(reset.unwrap(), Reason::CANCEL);
}

#[tokio::test]
async fn a_reset_ends_the_tunnel_also_after_the_last_byte() {
    let mut server = allowing().await;
    let upstream = client();
    let (response, (mut send, _recv)) = exchange(&upstream, &mut server, &mut upgrading(), async |mut asked| {
        let mut send = asked.respond.send_response(HttpResponse::new(()), false).unwrap();
        send.send_data(Bytes::from_static(b"last"), false).unwrap();
        (send, asked.request.into_body())
    })
    .await;
    let mut end = response.tunnel.unwrap();
    assert_eq!(poll_fn(|cx| end.poll_receive(cx)).await.unwrap(), "last");
    send.send_reset(Reason::CANCEL);
    let received = timeout(PATIENCE, poll_fn(|cx| end.poll_receive(cx))).await.expect("no end");
    received.unwrap_err();
    poll_fn(|cx| end.poll_send(cx, &Bytes::new())).await.unwrap_err();
}

#[tokio::test]
async fn any_other_answer_is_an_ordinary_one() {
    let mut server = allowing().await;
    let upstream = client();
    let (mut response, mut recv) = exchange(&upstream, &mut server, &mut upgrading(), async |mut asked| {
        let refusal = HttpResponse::builder().status(403).body(()).unwrap();
        let mut send = asked.respond.send_response(refusal, false).unwrap();
        send.send_data(Bytes::from_static(b"no"), true).unwrap();
        asked.request.into_body()
    })
    .await;
    assert_eq!(response.head.status.code(), 403);
    assert!(response.tunnel.is_none());
    assert_eq!(response.body.collect(None).await.unwrap(), "no");
    assert_eq!(recv.data().await.unwrap().unwrap(), "");
    assert!(recv.is_end_stream(), "the request has not ended");
}

#[tokio::test]
async fn where_it_is_not_allowed_http1_is_asked_if_it_may_be_spoken() {
    // By prior knowledge there is nothing else.
    let mut server = Server::start(Builder::new(), None).await;
    let (response, ()) = exchange(&client(), &mut server, &mut upgrading(), async |mut asked| {
        assert_eq!(asked.request.method(), http::Method::GET);
        asked.answer("plain");
    })
    .await;
    assert!(response.tunnel.is_none() && response.head.status.code() == 200);
    // Over TLS a connection for HTTP/1.1 is opened.
    let (tls, trusting) = trusted(&["127.0.0.1"], vec![Alpn::H2, Alpn::Http11]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port()).with_tls(true);
    let upstream = Upstream::new(UpstreamConfig {
        tls: std::sync::Arc::new(trusting),
        ..UpstreamConfig::default()
    });
    let serving = async {
        let (socket, _) = listener.accept().await.unwrap();
        let (socket, info) = tls.accept(socket).await.unwrap();
        assert_eq!(info.alpn.as_deref(), Some("h2"));
        let mut shared = Builder::new().handshake::<_, Bytes>(socket).await.unwrap();
        let shared = tokio::spawn(async move { drop(shared.accept().await) });
        let (socket, _) = listener.accept().await.unwrap();
        let (mut socket, info) = tls.accept(socket).await.unwrap();
        assert_eq!(info.alpn.as_deref(), Some("http/1.1"));
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        assert!(head.contains("\r\nupgrade: websocket\r\n"), "{head}");
        socket
            .write_all(b"HTTP/1.1 101 X\r\nupgrade: websocket\r\n\r\n")
            .await
            .unwrap();
        socket.flush().await.unwrap();
        (shared, socket)
    };
    let timeouts = no_timeouts();
    let mut asking = upgrading();
    let exchange = upstream.exchange(0, &endpoint, &mut asking, Terms::only(&timeouts));
    let (response, _sockets) = timeout(PATIENCE, async { tokio::join!(exchange, serving) })
        .await
        .expect("it hangs");
    assert!(response.unwrap().tunnel.is_some());
}
