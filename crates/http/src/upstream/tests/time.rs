//! Time limits of attempts (`proxy.md` 2.3).

use super::*;

#[tokio::test]
async fn time_is_limited() {
    use UpstreamErrorKind::{Timeout, Truncated};
    let late = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab";
    let none = no_timeouts;
    let cases: [TimedCase; 6] = [
        (
            || AttemptTimeouts {
                first_byte: SHORT,
                ..no_timeouts()
            },
            "",
            Timeout,
        ),
        (
            || AttemptTimeouts {
                first_byte: SHORT,
                ..no_timeouts()
            },
            "HTTP/1.1 200 OK\r\n",
            Timeout,
        ),
        (
            || AttemptTimeouts {
                total: SHORT,
                ..no_timeouts()
            },
            "",
            Timeout,
        ),
        (
            || AttemptTimeouts {
                deadline: Some(Instant::now() + Duration::from_millis(60)),
                ..no_timeouts()
            },
            "",
            Timeout,
        ),
        (
            || AttemptTimeouts {
                idle: SHORT,
                ..no_timeouts()
            },
            late,
            Truncated,
        ),
        (
            || AttemptTimeouts {
                total: SHORT,
                ..no_timeouts()
            },
            late,
            Truncated,
        ),
    ];
    for (timeouts, answer, kind) in cases {
        let timeouts = timeouts();
        let peer = Peer::new().await;
        let upstream = client();
        let mut request = request(Method::Get, "");
        let (result, connection) = tokio::join!(exchange_with(&upstream, &peer, &mut request, &timeouts), peer.answer(answer));
        assert_eq!(result.unwrap_err().kind, kind, "{timeouts:?}");
        connection.closed().await;
    }
    // An upstream that takes nothing of a large body.
    let peer = Peer::new().await;
    let upstream = client();
    let mut post = request(Method::Post, vec![b'x'; 30_000_000]);
    let timeouts = AttemptTimeouts { idle: SHORT, ..none() };
    let (result, connection) = tokio::join!(exchange_with(&upstream, &peer, &mut post, &timeouts), peer.accept());
    assert_eq!(result.unwrap_err().kind, Timeout);
    drop(connection);
}

#[tokio::test]
async fn connections_that_are_not_made_have_their_own_kinds() {
    let upstream = client();
    let mut request = request(Method::Get, "");
    let timeouts = no_timeouts();
    let closed = {
        let peer = Peer::new().await;
        peer.endpoint()
    };
    let error = upstream
        .exchange(0, &closed, &mut request, Terms::only(&timeouts))
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.kind.sent()), (UpstreamErrorKind::Connect, false));

    let nowhere = Endpoint::new("no-such-host.invalid", 80);
    let error = upstream
        .exchange(0, &nowhere, &mut request, Terms::only(&timeouts))
        .await
        .unwrap_err();
    assert_eq!(error.kind, UpstreamErrorKind::Dns);

    let past = AttemptTimeouts {
        connect: Some(Duration::ZERO),
        ..no_timeouts()
    };
    let error = upstream
        .exchange(0, &Endpoint::new("192.0.2.1", 80), &mut request, Terms::only(&past))
        .await
        .unwrap_err();
    assert!(matches!(
        error.kind,
        UpstreamErrorKind::ConnectTimeout | UpstreamErrorKind::Connect
    ));
}
