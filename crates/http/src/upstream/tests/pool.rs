//! Which connections are used again (`proxy.md` 2.11).

use super::*;

#[tokio::test]
async fn connections_are_used_again_last_in_first_out() {
    let peer = Peer::new().await;
    let upstream = client();
    let (first, second, (mut a, mut b)) = tokio::join!(get(&upstream, &peer), get(&upstream, &peer), async {
        let (mut a, mut b) = (peer.accept().await, peer.accept().await);
        a.answer(OK).await;
        b.request().await;
        // The second answer comes when the first connection is idle already.
        while upstream.idle() == 0 {
            tokio::task::yield_now().await;
        }
        b.send(OK).await;
        (a, b)
    });
    assert!(!first.unwrap().2 && !second.unwrap().2);
    assert_eq!(upstream.idle(), 2);
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let (result, ()) = tokio::join!(get(&upstream, &peer), b.answer(chunked));
    assert_eq!(result.unwrap(), (200, "abc".to_owned(), true));
    let (result, ()) = tokio::join!(
        get(&upstream, &peer),
        b.answer("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
    );
    assert_eq!(result.unwrap(), (204, String::new(), true));
    b.closed().await;
    let (result, ()) = tokio::join!(get(&upstream, &peer), a.answer("HTTP/1.1 304 X\r\ncontent-length: 5\r\n\r\n"));
    assert_eq!(result.unwrap(), (304, String::new(), true));
    assert_eq!(upstream.idle(), 1);
    upstream.close_idle();
    assert_eq!(upstream.idle(), 0);
    a.closed().await;
}

#[tokio::test]
async fn shards_keep_their_connections_apart() {
    let peer = Peer::new().await;
    let upstream = Upstream::new(UpstreamConfig {
        shards: 2,
        ..UpstreamConfig::default()
    });
    let (result, connection) = tokio::join!(get(&upstream, &peer), peer.answer(OK));
    result.unwrap();
    let mut request = request(Method::Get, "");
    let (endpoint, timeouts) = (peer.endpoint(), no_timeouts());
    let (response, other) = tokio::join!(
        upstream.exchange(1, &endpoint, &mut request, Terms::only(&timeouts)),
        peer.answer(OK)
    );
    assert!(!response.unwrap().reused);
    drop((connection, other));
}

#[tokio::test]
async fn connections_that_must_not_be_used_again_are_closed() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 401 OK\r\nwww-authenticate: Negotiate\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok\r\n",
    ] {
        let peer = Peer::new().await;
        let upstream = client();
        let (result, connection) = tokio::join!(get(&upstream, &peer), peer.answer(answer));
        assert_eq!(result.unwrap().1, "ok", "{answer}");
        assert_eq!(upstream.idle(), 0, "{answer}");
        connection.closed().await;
    }
}

#[tokio::test]
async fn what_an_idle_upstream_says_makes_its_connection_unusable() {
    let peer = Peer::new().await;
    let upstream = client();
    let (result, mut connection) = tokio::join!(get(&upstream, &peer), peer.answer(OK));
    result.unwrap();
    connection.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil").await;
    // Every turn of the runtime looks at its sockets; after some it knows of the bytes.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let (result, other) = tokio::join!(get(&upstream, &peer), peer.answer(OK));
    assert_eq!(result.unwrap(), (200, "ok".to_owned(), false));
    connection.closed().await;
    drop(other);
}

#[tokio::test]
async fn idle_time_age_and_number_of_requests_are_limited() {
    for config in [
        UpstreamConfig {
            keep_alive: Some(Duration::ZERO),
            ..UpstreamConfig::default()
        },
        UpstreamConfig {
            max_age: Some(Duration::ZERO),
            ..UpstreamConfig::default()
        },
        UpstreamConfig {
            max_requests: Some(1),
            ..UpstreamConfig::default()
        },
        UpstreamConfig {
            max_idle: 0,
            ..UpstreamConfig::default()
        },
    ] {
        let peer = Peer::new().await;
        let upstream = Upstream::new(config);
        for _ in 0..2 {
            let (result, connection) = tokio::join!(get(&upstream, &peer), peer.answer(OK));
            assert!(!result.unwrap().2);
            upstream.sweep();
            assert_eq!(upstream.idle(), 0);
            connection.closed().await;
        }
    }
    // The upstream's own word: one second less than it says.
    let peer = Peer::new().await;
    let upstream = client();
    let answer = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 2\r\n\r\nok";
    let (result, connection) = tokio::join!(get(&upstream, &peer), peer.answer(answer));
    result.unwrap();
    upstream.sweep();
    connection.closed().await;
}

#[tokio::test]
async fn the_oldest_idle_connection_goes() {
    let peer = Peer::new().await;
    let upstream = Upstream::new(UpstreamConfig {
        max_idle: 1,
        ..UpstreamConfig::default()
    });
    let (first, second, (a, b)) = tokio::join!(get(&upstream, &peer), get(&upstream, &peer), async {
        let (mut a, mut b) = (peer.accept().await, peer.accept().await);
        a.answer(OK).await;
        while upstream.idle() == 0 {
            tokio::task::yield_now().await;
        }
        b.answer(OK).await;
        (a, b)
    });
    first.unwrap();
    second.unwrap();
    assert_eq!(upstream.idle(), 1);
    a.closed().await;
    drop(b);
}

#[tokio::test]
async fn connections_can_be_opened_in_advance() {
    let peer = Peer::new().await;
    let upstream = client();
    let endpoint = peer.endpoint();
    let (opened, (first, second)) = tokio::join!(upstream.keep_ready(0, &endpoint, 2, None), async {
        (peer.accept().await, peer.accept().await)
    });
    opened.unwrap();
    assert_eq!(upstream.idle(), 2);
    // Enough are there.
    upstream.keep_ready(0, &endpoint, 2, None).await.unwrap();
    // One was closed by the upstream, another takes its place.
    drop(first);
    let (opened, third) = tokio::join!(
        async {
            while upstream.pool.ready(0, &endpoint) == 2 {
                tokio::task::yield_now().await;
            }
            upstream.keep_ready(0, &endpoint, 2, None).await
        },
        peer.accept()
    );
    opened.unwrap();
    assert_eq!(upstream.idle(), 2);
    drop((second, third));
}

#[tokio::test]
async fn an_upstream_that_closes_at_once_is_not_connected_to_without_pause() {
    let peer = Peer::new().await;
    let upstream = client();
    let endpoint = peer.endpoint();
    let closing = async {
        loop {
            drop(peer.accept().await);
        }
    };
    tokio::select! {
        opened = timeout(PATIENCE, upstream.keep_ready(0, &endpoint, 2, None)) => opened.expect("it never ends").unwrap(),
        () = closing => {}
    }
}
