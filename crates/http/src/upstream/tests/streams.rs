//! Requests whose body is on its way, answers that come meanwhile, interim responses, switches of protocol.

use std::future::poll_fn;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::*;
use crate::body::{Body, Broken};
use crate::interim::Interim;
use crate::testing::{fed, give};

fn streaming(method: Method, body: Body) -> OutgoingRequest {
    OutgoingRequest {
        body: Content::Stream(body),
        ..request(method, "")
    }
}

async fn read(connection: &mut Accepted, end: &str) -> String {
    read_to(&mut connection.0, end).await
}

#[tokio::test]
async fn a_body_is_sent_while_it_comes() {
    for (length, head, first, last) in [
        (Some(5), "content-length: 5", "abc", "de"),
        (
            None,
            "transfer-encoding: chunked",
            "3\r\nabc\r\n",
            "2\r\nde\r\n0\r\nx-sum: 1\r\n\r\n",
        ),
    ] {
        let peer = Peer::new().await;
        let upstream = client();
        let (feed, body) = fed(length, &[("x-sum", "1")]);
        let mut post = streaming(Method::Post, body);
        let timeouts = no_timeouts();
        let (result, connection) = tokio::join!(exchange_with(&upstream, &peer, &mut post, &timeouts), async {
            let mut connection = peer.accept().await;
            let text = read(&mut connection, "\r\n\r\n").await;
            assert_eq!(text, format!("POST /x?y HTTP/1.1\r\nhost: up\r\n{head}\r\n\r\n"));
            give(&feed, "abc");
            assert_eq!(read(&mut connection, first).await, first);
            give(&feed, "de");
            drop(feed);
            assert_eq!(read(&mut connection, last).await, last);
            connection.send(OK).await;
            connection
        });
        assert_eq!(result.unwrap(), (200, "ok".to_owned(), false));
        assert_eq!(upstream.idle(), 1);
        drop(connection);
    }
}

#[tokio::test]
async fn an_early_answer_and_the_rest_of_the_request_go_on_together() {
    let peer = Peer::new().await;
    let upstream = client();
    let (feed, body) = fed(None, &[]);
    let mut post = streaming(Method::Post, body);
    let timeouts = no_timeouts();
    let endpoint = peer.endpoint();
    let (mut response, mut connection) = tokio::join!(
        async {
            upstream
                .exchange(0, &endpoint, &mut post, Terms::only(&timeouts))
                .await
                .unwrap()
        },
        async {
            let mut connection = peer.accept().await;
            read(&mut connection, "\r\n\r\n").await;
            connection.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n").await;
            connection
        }
    );
    for part in ["ab", "cd"] {
        give(&feed, part);
        let ((), chunk) = tokio::join!(
            async {
                assert_eq!(read(&mut connection, "\r\n").await, "2\r\n");
                assert_eq!(read(&mut connection, "\r\n").await, format!("{part}\r\n"));
                if part == "cd" {
                    return;
                }
                connection.send(part).await;
            },
            async {
                if part == "cd" {
                    // Reading the response is what sends the request.
                    let mut next = std::pin::pin!(response.body.next_chunk());
                    let poll = poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx).is_pending())).await;
                    assert!(poll);
                    return Bytes::from_static(b"cd");
                }
                response.body.next_chunk().await.unwrap().unwrap()
            }
        );
        assert_eq!(chunk, part);
    }
    drop(feed);
    let ((), rest) = tokio::join!(
        async {
            assert_eq!(read(&mut connection, "0\r\n\r\n").await, "0\r\n\r\n");
            connection.send("cd").await;
        },
        async { response.body.collect(None).await.unwrap() }
    );
    assert_eq!(rest, "cd");
    // Both were complete, so the connection is good for another request.
    assert_eq!(upstream.idle(), 1);
}

#[tokio::test]
async fn an_answer_that_is_complete_first_ends_the_request() {
    let peer = Peer::new().await;
    let upstream = client();
    let (feed, body) = fed(None, &[]);
    let mut post = streaming(Method::Post, body);
    let timeouts = no_timeouts();
    let (result, connection) = tokio::join!(exchange_with(&upstream, &peer, &mut post, &timeouts), async {
        let mut connection = peer.accept().await;
        read(&mut connection, "\r\n\r\n").await;
        connection.send("HTTP/1.1 413 X\r\ncontent-length: 2\r\n\r\nno").await;
        connection
    });
    assert_eq!(result.unwrap(), (413, "no".to_owned(), false));
    assert_eq!(upstream.idle(), 0);
    timeout(PATIENCE, feed.closed()).await.expect("the body is kept");
    connection.closed().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_ends_the_attempt() {
    let peer = Peer::new().await;
    let upstream = client();
    let (feed, body) = fed(Some(5), &[]);
    give(&feed, "abc");
    feed.send(Err(Broken("test"))).unwrap();
    let mut post = streaming(Method::Post, body);
    let timeouts = no_timeouts();
    let (result, mut connection) = tokio::join!(exchange_with(&upstream, &peer, &mut post, &timeouts), peer.accept());
    assert_eq!(result.unwrap_err().kind, UpstreamErrorKind::RequestBody);
    // What came was sent, and then the connection ended in the middle of the request.
    assert!(read(&mut connection, "abc").await.contains("content-length: 5"));
    connection.closed().await;
}

#[tokio::test]
async fn a_body_is_repeated_only_if_nothing_of_it_was_taken() {
    for is_begun in [false, true] {
        let peer = Peer::new().await;
        let upstream = client();
        let (result, mut connection) = tokio::join!(get(&upstream, &peer), peer.answer(OK));
        result.unwrap();
        let (feed, body) = fed(Some(2), &[]);
        if is_begun {
            give(&feed, "a");
        }
        let mut put = streaming(Method::Put, body);
        let timeouts = no_timeouts();
        let (result, other) = tokio::join!(exchange_with(&upstream, &peer, &mut put, &timeouts), async {
            let end = if is_begun { "a" } else { "\r\n\r\n" };
            read(&mut connection, end).await;
            connection.reset();
            if is_begun {
                return None;
            }
            let mut connection = peer.accept().await;
            read(&mut connection, "\r\n\r\n").await;
            give(&feed, "ab");
            read(&mut connection, "ab").await;
            connection.send(OK).await;
            Some(connection)
        });
        match result {
            Ok((200, _, false)) if !is_begun => {}
            Err(error) if is_begun => assert_eq!(error.kind, UpstreamErrorKind::Reset),
            other => panic!("{is_begun}: {other:?}"),
        }
        drop(other);
    }
}

#[tokio::test]
async fn an_old_upstream_gets_bodies_of_known_length() {
    let peer = Peer::new().await;
    let upstream = client();
    let old = "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok";
    let (result, mut connection) = tokio::join!(get(&upstream, &peer), peer.answer(old));
    result.unwrap();
    let (feed, body) = fed(None, &[]);
    give(&feed, "abc");
    give(&feed, "de");
    drop(feed);
    let mut post = streaming(Method::Post, body);
    let timeouts = no_timeouts();
    let (result, ()) = tokio::join!(exchange_with(&upstream, &peer, &mut post, &timeouts), async {
        assert!(
            read(&mut connection, "\r\n\r\nabcde")
                .await
                .contains("\r\ncontent-length: 5\r\n")
        );
        connection.send(old).await;
    });
    assert_eq!(result.unwrap(), (200, "ok".to_owned(), true));
}

#[tokio::test]
async fn time_bounds_a_request_whose_body_does_not_come() {
    let peer = Peer::new().await;
    let upstream = client();
    let (_feed, body) = fed(None, &[]);
    let mut post = streaming(Method::Post, body);
    let timeouts = AttemptTimeouts {
        total: SHORT,
        ..no_timeouts()
    };
    let (result, connection) = tokio::join!(exchange_with(&upstream, &peer, &mut post, &timeouts), peer.accept());
    assert_eq!(result.unwrap_err().kind, UpstreamErrorKind::Timeout);
    drop(connection);
}

#[tokio::test]
async fn a_streamed_response_is_bounded_between_reads_only() {
    let peer = Peer::new().await;
    let upstream = client();
    let (mut get, endpoint) = (request(Method::Get, ""), peer.endpoint());
    let timeouts = AttemptTimeouts {
        total: SHORT,
        ..no_timeouts()
    };
    let (response, mut connection) = tokio::join!(
        upstream.exchange(0, &endpoint, &mut get, Terms::only(&timeouts)),
        peer.answer("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab")
    );
    let mut body = response.unwrap().body;
    body.without_end();
    assert_eq!(body.next_chunk().await.unwrap().unwrap(), "ab");
    let pending = timeout(Duration::from_millis(120), body.next_chunk()).await;
    assert!(pending.is_err(), "the total time still counts: {pending:?}");
    connection.send("cd").await;
    assert_eq!(body.next_chunk().await.unwrap().unwrap(), "cd");
    assert!(body.next_chunk().await.unwrap().is_none());
    assert_eq!(upstream.idle(), 1);
}

#[tokio::test]
async fn what_arrived_with_the_head_is_had_without_a_copy_and_frees_the_connection() {
    let peer = Peer::new().await;
    let upstream = client();
    for (answer, expected) in [
        (OK, true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", false),
    ] {
        let (mut get, endpoint, timeouts) = (request(Method::Get, ""), peer.endpoint(), no_timeouts());
        let (response, connection) = tokio::join!(
            upstream.exchange(0, &endpoint, &mut get, Terms::only(&timeouts)),
            peer.answer(answer)
        );
        let arrived = response.unwrap().body.take_arrived();
        assert_eq!(arrived.is_some(), expected, "{answer}");
        assert_eq!(upstream.idle(), usize::from(expected));
        upstream.close_idle();
        drop(connection);
    }
}

#[tokio::test]
async fn interim_responses_are_handed_over_but_for_100() {
    let peer = Peer::new().await;
    let upstream = client();
    let interim = Interim::default();
    let (mut get, endpoint, timeouts) = (request(Method::Get, ""), peer.endpoint(), no_timeouts());
    let answer = format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 X\r\nlink: a\r\nconnection: x\r\n\r\n{OK}");
    let terms = Terms {
        interim: Some(&interim),
        ..Terms::only(&timeouts)
    };
    let (response, connection) = tokio::join!(upstream.exchange(0, &endpoint, &mut get, terms), peer.answer(&answer));
    response.unwrap();
    let heads = poll_fn(|cx: &mut Context<'_>| interim.poll_take(cx)).await;
    let shown: Vec<_> = heads
        .iter()
        .map(|head| (head.status.code(), head.headers.len(), head.headers.find("link")))
        .collect();
    assert_eq!(shown, [(103, 1, Some(&b"a"[..]))]);
    drop(connection);
}

#[tokio::test]
async fn trailers_are_asked_for_where_they_are_wanted() {
    let peer = Peer::new().await;
    let upstream = client();
    let mut get = OutgoingRequest {
        takes_trailers: true,
        ..request(Method::Get, "")
    };
    let timeouts = no_timeouts();
    let (result, connection) = tokio::join!(exchange_with(&upstream, &peer, &mut get, &timeouts), async {
        let mut connection = peer.accept().await;
        let text = connection.request().await;
        assert!(text.ends_with("\r\nte: trailers\r\nconnection: te\r\n\r\n"), "{text}");
        connection.send(OK).await;
        connection
    });
    result.unwrap();
    drop(connection);
}

pub(super) fn upgrading() -> OutgoingRequest {
    OutgoingRequest {
        upgrade: Some(Upgrade {
            protocol: "websocket".to_owned(),
            lacks_handshake: false,
        }),
        ..request(Method::Get, "")
    }
}

#[tokio::test]
async fn a_switch_opens_a_tunnel_over_a_fresh_connection() {
    let peer = Peer::new().await;
    let upstream = client();
    let (result, idle) = tokio::join!(get(&upstream, &peer), peer.answer(OK));
    result.unwrap();
    let (mut get, endpoint, timeouts) = (upgrading(), peer.endpoint(), no_timeouts());
    let (response, mut connection) = tokio::join!(upstream.exchange(0, &endpoint, &mut get, Terms::only(&timeouts)), async {
        let mut connection = peer.accept().await;
        let text = connection.request().await;
        assert!(
            text.ends_with("\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
            "{text}"
        );
        connection
            .send("HTTP/1.1 101 X\r\nconnection: Upgrade\r\nupgrade: WebSocket\r\n\r\nearly")
            .await;
        connection
    });
    let response = response.unwrap();
    assert!(!response.reused && response.head.headers.find("upgrade").is_some());
    let mut end = response.tunnel.expect("no tunnel");
    assert_eq!(poll_fn(|cx| end.poll_receive(cx)).await.unwrap(), "early");
    let sent = poll_fn(|cx| end.poll_send(cx, &Bytes::from_static(b"hello"))).await.unwrap();
    assert_eq!(sent, 5);
    assert_eq!(read(&mut connection, "hello").await, "hello");
    drop(idle);
}

#[tokio::test]
async fn a_refused_switch_is_an_ordinary_answer_and_a_wrong_one_a_violation() {
    let peer = Peer::new().await;
    let upstream = client();
    let timeouts = no_timeouts();
    let mut get = upgrading();
    let (result, connection) = tokio::join!(exchange_with(&upstream, &peer, &mut get, &timeouts), peer.answer(OK));
    assert_eq!(result.unwrap(), (200, "ok".to_owned(), false));
    drop(connection);
    for answer in ["HTTP/1.1 101 X\r\n\r\n", "HTTP/1.1 101 X\r\nupgrade: chat\r\n\r\n"] {
        let mut get = upgrading();
        let (result, connection) = tokio::join!(exchange_with(&upstream, &peer, &mut get, &timeouts), peer.answer(answer));
        assert_eq!(result.unwrap_err().kind, UpstreamErrorKind::Protocol, "{answer}");
        drop(connection);
    }
}

#[tokio::test]
async fn the_handshake_of_a_websocket_is_made_and_checked_for_a_client_without() {
    let peer = Peer::new().await;
    let upstream = client();
    let timeouts = no_timeouts();
    for (is_given, is_right) in [(false, true), (true, true), (false, false)] {
        let mut get = upgrading();
        get.upgrade.as_mut().unwrap().lacks_handshake = true;
        if is_given {
            get.headers.push("Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ==").unwrap();
        }
        let endpoint = peer.endpoint();
        let (response, connection) = tokio::join!(upstream.exchange(0, &endpoint, &mut get, Terms::only(&timeouts)), async {
            let mut connection = peer.accept().await;
            let text = connection.request().await;
            let keys: Vec<&str> = text
                .lines()
                .filter_map(|line| line.strip_prefix("sec-websocket-key: "))
                .collect();
            assert_eq!(keys.len(), 1, "{text}");
            // That of the given key, which no key by chance has.
            let accept = if is_given || !is_right {
                "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=".to_owned()
            } else {
                crate::websocket::accept_of(keys[0].as_bytes())
            };
            let answer = format!("HTTP/1.1 101 X\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\nx-kept: 1\r\n\r\n");
            connection.send(answer).await;
            connection
        });
        if is_right {
            let response = response.unwrap();
            assert!(response.tunnel.is_some());
            assert!(response.head.headers.find("sec-websocket-accept").is_none());
            assert_eq!(response.head.headers.find("x-kept"), Some(&b"1"[..]));
        } else {
            assert_eq!(response.unwrap_err().kind, UpstreamErrorKind::Protocol);
        }
        drop(connection);
    }
}
