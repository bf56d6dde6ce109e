//! Upstreams that are reached by a proxy, which the test plays.

use std::sync::Arc;

use super::streams::upgrading;
use super::*;
use crate::testing::{pair, trusted};
use crate::tls::Alpn;

/// An endpoint that nobody but the proxy knows.
fn behind(peer: &Peer) -> Endpoint {
    let port = peer.endpoint().port();
    let proxy = Proxy::parse(&format!("http://user:pass@127.0.0.1:{port}")).unwrap();
    Endpoint::new("upstream.test", 8080).behind(Arc::new(proxy))
}

async fn exchange(upstream: &Upstream, endpoint: &Endpoint, request: &mut OutgoingRequest) -> super::super::UpstreamResponse {
    let timeouts = no_timeouts();
    let response = upstream.exchange(0, endpoint, request, Terms::only(&timeouts)).await;
    let mut response = response.unwrap();
    response.body.collect(None).await.unwrap();
    response
}

#[tokio::test]
async fn plain_requests_go_out_in_absolute_form_over_kept_connections() {
    let peer = Peer::new().await;
    let upstream = client();
    let endpoint = behind(&peer);
    let proxying = async {
        let mut connection = peer.accept().await;
        let mut heads = Vec::new();
        for _ in 0..2 {
            heads.push(connection.request().await);
            connection.send(OK).await;
        }
        (connection, heads)
    };
    let asking = async {
        exchange(&upstream, &endpoint, &mut request(Method::Get, "")).await;
        let mut all = OutgoingRequest {
            target: "*".to_owned(),
            ..request(Method::Options, "")
        };
        assert!(exchange(&upstream, &endpoint, &mut all).await.reused);
    };
    let ((), (_connection, heads)) = tokio::join!(asking, proxying);
    let expected = "GET http://upstream.test:8080/x?y HTTP/1.1\r\nproxy-authorization: Basic dXNlcjpwYXNz\r\nhost: up\r\n\r\n";
    assert_eq!(heads[0], expected);
    assert!(
        heads[1].starts_with("OPTIONS http://upstream.test:8080 HTTP/1.1\r\n"),
        "{}",
        heads[1]
    );
}

#[tokio::test]
async fn connections_by_a_proxy_are_kept_apart() {
    let peer = Peer::new().await;
    let upstream = client();
    let direct = peer.endpoint();
    let (response, mut connection) = tokio::join!(
        async { exchange(&upstream, &direct, &mut request(Method::Get, "")).await },
        peer.answer(OK)
    );
    drop(response);
    let proxy = Proxy::parse(&format!("127.0.0.1:{}", direct.port())).unwrap();
    let (response, _other) = tokio::join!(
        async {
            exchange(
                &upstream,
                &direct.clone().behind(Arc::new(proxy)),
                &mut request(Method::Get, ""),
            )
            .await
        },
        peer.answer(OK)
    );
    assert!(!response.reused);
    let ((), response) = tokio::join!(connection.answer(OK), async {
        exchange(&upstream, &direct, &mut request(Method::Get, "")).await
    });
    assert!(response.reused);
}

#[tokio::test]
async fn tls_goes_through_a_tunnel_to_the_upstream() {
    let (tls, trusting) = trusted(&["upstream.test"], vec![Alpn::Http11]);
    let peer = Peer::new().await;
    let upstream = Upstream::new(UpstreamConfig {
        tls: Arc::new(trusting),
        ..UpstreamConfig::default()
    });
    let endpoint = behind(&peer).with_tls(true);
    let proxying = async {
        let mut connection = peer.accept().await;
        let asked = connection.request().await;
        connection
            .send("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 Connected\r\ncontent-length: 7\r\n\r\n")
            .await;
        let (mut socket, info) = tls.accept(connection.0).await.unwrap();
        assert_eq!(info.sni.as_deref(), Some("upstream.test"));
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        socket.write_all(OK.as_bytes()).await.unwrap();
        socket.flush().await.unwrap();
        (asked, String::from_utf8(head).unwrap(), socket)
    };
    let mut get = request(Method::Get, "");
    let (_, (asked, head, _socket)) = tokio::join!(exchange(&upstream, &endpoint, &mut get), proxying);
    let expected =
        "CONNECT upstream.test:8080 HTTP/1.1\r\nhost: upstream.test:8080\r\nproxy-authorization: Basic dXNlcjpwYXNz\r\n\r\n";
    assert_eq!(asked, expected);
    assert_eq!(head, "GET /x?y HTTP/1.1\r\nhost: up\r\n\r\n");
}

#[tokio::test]
async fn a_switch_of_protocols_goes_through_a_tunnel_that_stays_one() {
    let peer = Peer::new().await;
    let upstream = client();
    let endpoint = behind(&peer);
    let proxying = async {
        let mut connection = peer.accept().await;
        assert!(connection.request().await.starts_with("CONNECT upstream.test:8080 "));
        connection.send("HTTP/1.1 200 OK\r\n\r\n").await;
        let first = connection.request().await;
        connection.send("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n").await;
        let second = connection.request().await;
        connection.send(OK).await;
        (connection, first, second)
    };
    let asking = async {
        assert_eq!(exchange(&upstream, &endpoint, &mut upgrading()).await.head.status.code(), 403);
        assert!(exchange(&upstream, &endpoint, &mut request(Method::Get, "")).await.reused);
    };
    let ((), (_connection, first, second)) = tokio::join!(asking, proxying);
    assert!(
        first.starts_with("GET /x?y HTTP/1.1\r\n") && first.contains("upgrade: websocket"),
        "{first}"
    );
    assert_eq!(second, "GET /x?y HTTP/1.1\r\nhost: up\r\n\r\n");
}

#[tokio::test]
async fn what_comes_behind_the_proxys_answer_belongs_to_the_tunnel() {
    let proxy = Arc::new(Proxy::parse("127.0.0.1:1").unwrap());
    let endpoint = Endpoint::new("upstream.test", 8080).behind(Arc::clone(&proxy));
    let (socket, far) = pair().await;
    let mut far = Accepted(far);
    let opening = timeout(PATIENCE, passage::open(socket, &proxy, &endpoint));
    let (opened, ()) = tokio::join!(opening, async {
        far.request().await;
        // The head comes in parts, the last of them with what is said in the tunnel.
        let parts = [
            "HTTP/1.1 103 Hints\r\nx: y\r\n\r\nHTTP/1.1 200 OK\r\nvia: a\r",
            "\n\r\nearly\r\n\r\n",
        ];
        for part in parts {
            far.send(part).await;
            tokio::task::yield_now().await;
        }
    });
    let mut socket = opened.expect("no tunnel").unwrap();
    assert_eq!(read_to(&mut socket, "\r\n\r\n").await, "early\r\n\r\n");
}

#[tokio::test]
async fn a_look_asks_a_proxy_for_a_tunnel_only_where_there_will_be_one() {
    let peer = Peer::new().await;
    let endpoint = behind(&peer);
    let shared = Upstream::new(UpstreamConfig {
        speaks: Speaks::Http2,
        ..UpstreamConfig::default()
    });
    let plain = client();
    // What a proxy without tunnels answers does not matter to plain requests.
    let (looked, ()) = tokio::join!(plain.reach(&endpoint), async {
        peer.accept().await.closed().await;
    });
    looked.unwrap();
    for (upstream, endpoint) in [(client(), endpoint.clone().with_tls(true)), (shared, endpoint)] {
        let (looked, _connection) = tokio::join!(upstream.reach(&endpoint), peer.answer("HTTP/1.1 405 No\r\n\r\n"));
        assert_eq!(looked.unwrap_err().kind, UpstreamErrorKind::Connect);
    }
}

#[tokio::test]
async fn a_tunnel_that_is_not_opened_is_no_connection() {
    for answer in [
        "HTTP/1.1 407 Who\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 No\r\ncontent-length: 2\r\n\r\nno",
        "nonsense\r\n\r\n",
        "",
    ] {
        let peer = Peer::new().await;
        let upstream = client();
        let endpoint = behind(&peer).with_tls(true);
        let timeouts = no_timeouts();
        let mut get = request(Method::Get, "");
        let (response, ()) = tokio::join!(upstream.exchange(0, &endpoint, &mut get, Terms::only(&timeouts)), async {
            drop(peer.answer(answer).await);
        });
        let error = response.unwrap_err();
        assert_eq!(error.kind, UpstreamErrorKind::Connect, "{answer}: {error}");
    }
}
