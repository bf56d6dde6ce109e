//! Exchanges over HTTP/2, with the library's server on the other side.

use std::future::poll_fn;
use std::sync::Arc;

use ::h2::server::{Builder, SendResponse};
use ::h2::{Reason, RecvStream};
use bytes::Bytes;
use http::{HeaderMap, Request as HttpRequest, Response as HttpResponse};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::{Notify, mpsc::UnboundedSender};

use super::*;
use crate::h2::client::MAX_STREAMS;
use crate::interim::Interim;
use crate::testing::{fed, give, trusted};
use crate::tls::{Alpn, TlsServer};

/// A request on its stream, and the number of its connection.
pub(super) struct Asked {
    pub(super) request: HttpRequest<RecvStream>,
    pub(super) respond: SendResponse<Bytes>,
    pub(super) connection: usize,
}

/// A server whose requests the test answers.
pub(super) struct Server {
    asked: UnboundedReceiver<Asked>,
    pub(super) endpoint: Endpoint,
    /// Makes connections go away in order.
    leave: Arc<Notify>,
}

impl Server {
    pub(super) async fn start(builder: Builder, tls: Option<TlsServer>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port()).with_tls(tls.is_some());
        let (sender, asked) = unbounded_channel();
        let leave = Arc::new(Notify::new());
        let leaving = leave.clone();
        tokio::spawn(async move {
            for number in 1.. {
                let (socket, _) = listener.accept().await.unwrap();
                let (builder, sender, leaving) = (builder.clone(), sender.clone(), leaving.clone());
                match &tls {
                    None => drop(tokio::spawn(serve(builder, socket, number, sender, leaving))),
                    Some(tls) => {
                        let (socket, info) = tls.accept(socket).await.unwrap();
                        assert_eq!(info.alpn.as_deref(), Some("h2"));
                        tokio::spawn(serve(builder, socket, number, sender, leaving));
                    }
                }
            }
        });
        Server { asked, endpoint, leave }
    }

    async fn plain() -> Server {
        Server::start(Builder::new(), None).await
    }

    pub(super) async fn next(&mut self) -> Asked {
        timeout(PATIENCE, self.asked.recv()).await.expect("no request").unwrap()
    }
}

async fn serve(
    builder: Builder,
    socket: impl AsyncRead + AsyncWrite + Unpin,
    number: usize,
    asked: UnboundedSender<Asked>,
    leave: Arc<Notify>,
) {
    let Ok(mut connection) = builder.handshake::<_, Bytes>(socket).await else {
        return;
    };
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                let _ = asked.send(Asked { request, respond, connection: number });
            }
            () = leave.notified() => connection.graceful_shutdown(),
        }
    }
}

impl Asked {
    /// Answers what must have come over the connection of that number.
    fn answer_over(&mut self, connection: usize) {
        assert_eq!(self.connection, connection);
        self.answer("ok");
    }

    pub(super) fn answer(&mut self, text: &str) {
        let mut stream = self.respond.send_response(HttpResponse::new(()), false).unwrap();
        stream.send_data(Bytes::copy_from_slice(text.as_bytes()), true).unwrap();
    }

    async fn body(&mut self) -> (String, Option<HeaderMap>) {
        let body = self.request.body_mut();
        let mut text = Vec::new();
        while let Some(chunk) = timeout(PATIENCE, body.data()).await.unwrap() {
            let chunk = chunk.unwrap();
            body.flow_control().release_capacity(chunk.len()).unwrap();
            text.extend_from_slice(&chunk);
        }
        (String::from_utf8(text).unwrap(), body.trailers().await.unwrap())
    }
}

fn http2() -> Upstream {
    Upstream::new(UpstreamConfig {
        speaks: Speaks::Http2,
        ..UpstreamConfig::default()
    })
}

async fn ask(upstream: &Upstream, endpoint: &Endpoint, request: &mut OutgoingRequest) -> Result {
    let timeouts = no_timeouts();
    let run = async {
        let mut response = upstream.exchange(0, endpoint, request, Terms::only(&timeouts)).await?;
        let body = response.body.collect(None).await?;
        Ok((
            response.head.status.code(),
            String::from_utf8(body.to_vec()).unwrap(),
            response.reused,
        ))
    };
    timeout(PATIENCE, run).await.expect("the exchange hangs")
}

async fn kind(upstream: &Upstream, server: &mut Server, act: impl FnOnce(Asked)) -> UpstreamErrorKind {
    let endpoint = server.endpoint.clone();
    let mut get = request(Method::Get, "");
    let (result, ()) = tokio::join!(ask(upstream, &endpoint, &mut get), async { act(server.next().await) });
    result.unwrap_err().kind
}

#[tokio::test]
async fn heads_are_those_of_http2() {
    let mut server = Server::plain().await;
    let upstream = http2();
    let mut post = request(Method::Post, "abc");
    post.headers.push("X-One", b"1").unwrap();
    post.target = "/a?b=<c>".to_owned();
    post.takes_trailers = true;
    let endpoint = server.endpoint.clone();
    let timeouts = no_timeouts();
    let (response, ()) = tokio::join!(upstream.exchange(0, &endpoint, &mut post, Terms::only(&timeouts)), async {
        let mut asked = server.next().await;
        let head = &asked.request;
        assert_eq!(head.uri().to_string(), "http://up/a?b=%3Cc%3E");
        let fields: Vec<_> = head
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(fields, [("x-one", "1"), ("content-length", "3"), ("te", "trailers")]);
        assert_eq!(asked.body().await.0, "abc");
        let response = HttpResponse::builder()
            .status(299)
            .header("x-two", "2")
            .header("proxy-x", "3");
        asked.respond.send_response(response.body(()).unwrap(), true).unwrap();
    });
    let response = response.unwrap();
    assert_eq!(
        (response.head.status.code(), response.head.version.to_string()),
        (299, "HTTP/2.0".to_owned())
    );
    assert_eq!(response.head.headers.find("x-two"), Some(&b"2"[..]));
    assert_eq!(response.head.headers.len(), 1);
}

#[tokio::test]
async fn requests_that_come_together_share_a_connection() {
    let mut server = Server::plain().await;
    let upstream = http2();
    let endpoint = server.endpoint.clone();
    let asking = async {
        let mut all = Vec::new();
        for number in 0..20 {
            let (upstream, endpoint) = (&upstream, &endpoint);
            all.push(async move {
                let text = number.to_string();
                let mut post = request(Method::Post, text.clone());
                assert_eq!(ask(upstream, endpoint, &mut post).await.unwrap().1, text);
            });
        }
        futures_util::future::join_all(all).await;
    };
    let answering = async {
        let mut all = Vec::new();
        for _ in 0..20 {
            all.push(server.next().await);
        }
        for mut asked in all {
            assert_eq!(asked.connection, 1);
            let (text, _) = asked.body().await;
            asked.answer(&text);
        }
    };
    tokio::join!(asking, answering);
}

#[tokio::test]
async fn a_full_connection_gets_another_beside_it() {
    let mut builder = Builder::new();
    builder.max_concurrent_streams(2);
    let mut server = Server::start(builder, None).await;
    let upstream = http2();
    let endpoint = server.endpoint.clone();
    let ask = |_| async {
        let mut get = request(Method::Get, "");
        ask(&upstream, &endpoint, &mut get).await.unwrap()
    };
    let answering = async {
        let mut all = [server.next().await, server.next().await, server.next().await];
        let mut connections = all.each_ref().map(|asked| asked.connection);
        connections.sort_unstable();
        assert_eq!(connections, [1, 1, 2]);
        for asked in &mut all {
            asked.answer("ok");
        }
    };
    tokio::join!(ask(1), ask(2), ask(3), answering);
}

#[tokio::test]
async fn bodies_that_nobody_reads_do_not_stall_other_requests() {
    let mut server = Server::plain().await;
    let upstream = http2();
    let endpoint = server.endpoint.clone();
    let timeouts = no_timeouts();
    let mut held = Vec::new();
    // More than the windows of all streams on a connection take.
    let long = Bytes::from(vec![b'x'; 150_000]);
    for number in 0..=MAX_STREAMS {
        let mut get = request(Method::Get, "");
        let asking = upstream.exchange(0, &endpoint, &mut get, Terms::only(&timeouts));
        let (response, stream) = tokio::join!(asking, async {
            let mut asked = server.next().await;
            assert_eq!(asked.connection, 1 + number / MAX_STREAMS);
            let mut stream = asked.respond.send_response(HttpResponse::new(()), false).unwrap();
            stream.send_data(long.clone(), true).unwrap();
            stream
        });
        held.push((response.unwrap(), stream));
    }
    // A place that was given back on the first connection is used again, and the connection's window has room.
    drop(held.pop());
    drop(held.swap_remove(0));
    let mut get = request(Method::Get, "");
    let (response, ()) = tokio::join!(ask(&upstream, &endpoint, &mut get), async {
        let mut asked = server.next().await;
        asked.answer_over(1);
    });
    response.unwrap();
}

#[tokio::test]
async fn bodies_and_trailers_go_both_ways() {
    let mut server = Server::plain().await;
    let upstream = http2();
    let endpoint = server.endpoint.clone();
    let (feed, body) = fed(None, &[("x-sum", "1")]);
    let mut post = OutgoingRequest {
        body: Content::Stream(body),
        ..request(Method::Post, "")
    };
    let timeouts = no_timeouts();
    let (response, ()) = tokio::join!(upstream.exchange(0, &endpoint, &mut post, Terms::only(&timeouts)), async {
        let mut asked = server.next().await;
        assert_eq!(asked.request.headers().get("content-length"), None);
        // The answer begins before the request has ended.
        let mut stream = asked.respond.send_response(HttpResponse::new(()), false).unwrap();
        give(&feed, "more");
        drop(feed);
        tokio::spawn(async move {
            let (text, trailers) = asked.body().await;
            stream.send_data(text.into(), false).unwrap();
            let mut answered = trailers.unwrap();
            answered.insert("grpc-status", "0".parse().unwrap());
            stream.send_trailers(answered).unwrap();
        });
    });
    let mut body = response.unwrap().body;
    assert_eq!(body.take_arrived(), None);
    assert_eq!(body.collect(None).await.unwrap(), "more");
    let trailers: Vec<_> = body.trailers().iter().map(|field| field.name().to_owned()).collect();
    assert_eq!(trailers, ["x-sum", "grpc-status"]);
}

#[tokio::test]
async fn large_bodies_pass() {
    let mut server = Server::plain().await;
    let upstream = http2();
    let endpoint = server.endpoint.clone();
    let large = "0123456789".repeat(300_000);
    let mut post = request(Method::Post, large.clone());
    let (result, ()) = tokio::join!(ask(&upstream, &endpoint, &mut post), async {
        let mut asked = server.next().await;
        let (text, _) = asked.body().await;
        assert!(text == large);
        asked.answer(&text);
    });
    assert!(result.unwrap().1 == large);
}

#[tokio::test]
async fn failures_have_their_outcomes() {
    let mut server = Server::plain().await;
    let upstream = http2();
    for (reason, expected) in [
        (Reason::REFUSED_STREAM, UpstreamErrorKind::Refused),
        (Reason::INTERNAL_ERROR, UpstreamErrorKind::Reset),
        (Reason::CANCEL, UpstreamErrorKind::Reset),
    ] {
        let kind = kind(&upstream, &mut server, |mut asked| asked.respond.send_reset(reason)).await;
        assert_eq!(kind, expected);
    }
    let mut unsendable = request(Method::Get, "");
    unsendable.headers = HeaderBlock::new(Direction::Request);
    unsendable.headers.push("host", b"a b").unwrap();
    let endpoint = server.endpoint.clone();
    let error = ask(&upstream, &endpoint, &mut unsendable).await.unwrap_err();
    assert_eq!(error.kind, UpstreamErrorKind::Build);
}

#[tokio::test]
async fn an_upstream_that_says_nothing_is_left_in_time() {
    let mut server = Server::plain().await;
    let upstream = http2();
    let timeouts = AttemptTimeouts {
        first_byte: SHORT,
        ..no_timeouts()
    };
    let mut get = request(Method::Get, "");
    let endpoint = server.endpoint.clone();
    let (result, mut asked) = tokio::join!(upstream.exchange(0, &endpoint, &mut get, Terms::only(&timeouts)), async {
        server.next().await
    });
    assert_eq!(result.unwrap_err().kind, UpstreamErrorKind::Timeout);
    let reset = timeout(PATIENCE, poll_fn(|cx| asked.respond.poll_reset(cx))).await.unwrap();
    assert_eq!(reset.unwrap(), Reason::CANCEL);
    // Perhaps nobody hears on the connection: the next request has another one.
    assert_eq!(asked.connection, 1);
    let mut again = request(Method::Get, "");
    let (result, ()) = tokio::join!(ask(&upstream, &endpoint, &mut again), async {
        server.next().await.answer_over(2);
    });
    assert_eq!(result.unwrap(), (200, "ok".to_owned(), false));
}

#[tokio::test]
async fn a_connection_that_has_served_its_time_ends_with_its_last_stream() {
    let mut server = Server::plain().await;
    let upstream = Upstream::new(UpstreamConfig {
        speaks: Speaks::Http2,
        max_requests: Some(1),
        ..UpstreamConfig::default()
    });
    let endpoint = server.endpoint.clone();
    for connection in [1, 2] {
        let mut get = request(Method::Get, "");
        let (result, ()) = tokio::join!(ask(&upstream, &endpoint, &mut get), async {
            server.next().await.answer_over(connection);
        });
        assert_eq!(result.unwrap(), (200, "ok".to_owned(), false));
    }
    let closed = async {
        while upstream.numbers().open > 1 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, closed).await.expect("a connection that nothing uses stays");
}

#[tokio::test]
async fn a_shared_connection_is_opened_in_advance_and_replaced_when_it_has_ended() {
    let mut server = Server::plain().await;
    let upstream = Upstream::new(UpstreamConfig {
        speaks: Speaks::Http2,
        max_requests: Some(1),
        ..UpstreamConfig::default()
    });
    let endpoint = server.endpoint.clone();
    for _ in 0..3 {
        upstream.keep_ready(0, &endpoint, 2, None).await.unwrap();
        assert_eq!((upstream.numbers().new, upstream.numbers().reused), (1, 0));
    }
    server.leave.notify_waiters();
    let replaced = async {
        while upstream.numbers().new == 1 {
            upstream.keep_ready(0, &endpoint, 2, None).await.unwrap();
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, replaced).await.expect("what has ended is taken as ready");
    let mut get = request(Method::Get, "");
    let (result, ()) = tokio::join!(ask(&upstream, &endpoint, &mut get), async {
        server.next().await.answer_over(2);
    });
    assert_eq!(result.unwrap(), (200, "ok".to_owned(), true));
}

#[tokio::test]
async fn one_of_those_that_wait_takes_over_from_a_request_that_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port());
    let upstream = Arc::new(http2());
    let begin = || {
        let (upstream, endpoint) = (upstream.clone(), endpoint.clone());
        tokio::spawn(async move { ask(&upstream, &endpoint, &mut request(Method::Get, "")).await.unwrap() })
    };
    let opener = begin();
    let _silent = listener.accept().await.unwrap();
    let waiting: Vec<_> = (0..5).map(|_| begin()).collect();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    opener.abort();
    let (socket, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
    let (sender, mut asked) = unbounded_channel();
    // Whoever opened another connection would wait for ever.
    tokio::spawn(serve(Builder::new(), socket, 2, sender, Arc::default()));
    for _ in 0..5 {
        timeout(PATIENCE, asked.recv()).await.unwrap().unwrap().answer("ok");
    }
    for asking in waiting {
        assert_eq!(asking.await.unwrap().1, "ok");
    }
}

#[tokio::test]
async fn a_body_nobody_wants_is_cancelled() {
    let mut server = Server::plain().await;
    let upstream = http2();
    let mut get = request(Method::Get, "");
    let endpoint = server.endpoint.clone();
    let timeouts = no_timeouts();
    let (response, mut stream) = tokio::join!(upstream.exchange(0, &endpoint, &mut get, Terms::only(&timeouts)), async {
        let mut asked = server.next().await;
        asked.respond.send_response(HttpResponse::new(()), false).unwrap()
    });
    drop(response);
    let reset = timeout(PATIENCE, poll_fn(|cx| stream.poll_reset(cx))).await.unwrap();
    assert_eq!(reset.unwrap(), Reason::CANCEL);
}

#[tokio::test]
async fn a_connection_that_goes_away_is_replaced() {
    let mut server = Server::plain().await;
    let upstream = http2();
    let endpoint = server.endpoint.clone();
    let mut get = request(Method::Get, "");
    for (connection, is_reused) in [(1, false), (1, true), (2, false)] {
        if connection == 2 {
            server.leave.notify_one();
            let gone = async {
                while upstream.numbers().open > 0 {
                    tokio::task::yield_now().await;
                }
            };
            timeout(PATIENCE, gone).await.unwrap();
        }
        let (result, ()) = tokio::join!(ask(&upstream, &endpoint, &mut get), async {
            server.next().await.answer_over(connection);
        });
        let (_, _, reused) = result.unwrap();
        assert_eq!(reused, is_reused);
    }
}

#[tokio::test]
async fn interim_responses_are_passed_on() {
    let mut server = Server::plain().await;
    let upstream = http2();
    let interim = Interim::default();
    let timeouts = no_timeouts();
    let terms = Terms {
        interim: Some(&interim),
        ..Terms::only(&timeouts)
    };
    let mut get = request(Method::Get, "");
    let endpoint = server.endpoint.clone();
    let (response, ()) = tokio::join!(upstream.exchange(0, &endpoint, &mut get, terms), async {
        let mut asked = server.next().await;
        for status in [100, 103] {
            let hint = HttpResponse::builder().status(status).header("link", "</a>");
            asked.respond.send_informational(hint.body(()).unwrap()).unwrap();
        }
        asked.answer("ok");
    });
    assert_eq!(response.unwrap().head.status.code(), 200);
    let heads = interim.take();
    assert_eq!(heads.len(), 1);
    assert_eq!(
        (heads[0].status.code(), heads[0].headers.find("link")),
        (103, Some(&b"</a>"[..]))
    );
}

fn tls(alpn: Vec<Alpn>) -> (TlsServer, Upstream) {
    let (server, client) = trusted(&["127.0.0.1"], alpn);
    let upstream = Upstream::new(UpstreamConfig {
        tls: Arc::new(client),
        ..UpstreamConfig::default()
    });
    (server, upstream)
}

#[tokio::test]
async fn over_tls_the_handshake_decides() {
    let (server, upstream) = tls(vec![Alpn::H2, Alpn::Http11]);
    let mut server = Server::start(Builder::new(), Some(server)).await;
    let endpoint = server.endpoint.clone();
    for is_reused in [false, true] {
        let mut get = request(Method::Get, "");
        let (result, ()) = tokio::join!(ask(&upstream, &endpoint, &mut get), async {
            let mut asked = server.next().await;
            assert_eq!(asked.request.uri().scheme_str(), Some("https"));
            asked.answer("ok");
        });
        assert_eq!(result.unwrap(), (200, "ok".to_owned(), is_reused));
    }
}

#[tokio::test]
async fn an_upstream_without_http2_is_spoken_to_as_ever() {
    let (server, upstream) = tls(vec![Alpn::Http11]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port()).with_tls(true);
    let answering = async {
        let (socket, _) = listener.accept().await.unwrap();
        let (mut socket, info) = server.accept(socket).await.unwrap();
        assert_eq!(info.alpn.as_deref(), Some("http/1.1"));
        for _ in 0..2 {
            let mut text = Vec::new();
            while !text.ends_with(b"\r\n\r\n") {
                text.push(socket.read_u8().await.unwrap());
            }
            socket.write_all(OK.as_bytes()).await.unwrap();
        }
    };
    let asking = async {
        for is_reused in [false, true] {
            let mut get = request(Method::Get, "");
            assert_eq!(
                ask(&upstream, &endpoint, &mut get).await.unwrap(),
                (200, "ok".to_owned(), is_reused)
            );
        }
    };
    tokio::join!(answering, asking);
}
