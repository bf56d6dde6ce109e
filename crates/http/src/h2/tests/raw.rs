//! Bytes written by hand: what no orderly client sends.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::server::PREFACE;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WHOLE: u8 = 1 | 4;
const END_HEADERS: u8 = 4;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Fields as literals that are not indexed (RFC 7541 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127);
            block.push(text.len() as u8);
            block.extend(text.as_bytes());
        }
    }
    block
}

/// An orderly head with something behind it.
fn with(more: &[(&str, &str)]) -> Vec<u8> {
    let mut fields = vec![
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/x"),
        (":authority", "a.example"),
    ];
    fields.extend(more);
    block(&fields)
}

struct Raw {
    stream: TcpStream,
    server: Server,
    patience: Duration,
}

impl Raw {
    async fn connect(config: ServerConfig) -> Raw {
        let (mut stream, server) = start(config).await;
        // In parts: the beginning alone must not be taken for anything else.
        for part in PREFACE.chunks(7) {
            stream.write_all(part).await.unwrap();
            tokio::task::yield_now().await;
        }
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        Raw {
            stream,
            server,
            patience: PATIENCE,
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Type, flags, stream and payload of the next frame; `None` at the end.
    async fn receive(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        match timeout(self.patience, self.stream.read_exact(&mut head)).await.unwrap() {
            Ok(_) => {}
            Err(_) => return None,
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.stream.read_exact(&mut payload).await.unwrap();
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some((head[3], head[4], stream, payload))
    }

    /// The next frame of these types.
    async fn receive_any(&mut self, kinds: &[u8]) -> Option<(u8, u8, u32, Vec<u8>)> {
        loop {
            match self.receive().await {
                Some(frame) if !kinds.contains(&frame.0) => {}
                other => return other,
            }
        }
    }
}

fn code(payload: &[u8]) -> u32 {
    u32::from_be_bytes(payload[payload.len() - 4..].try_into().unwrap())
}

#[tokio::test]
async fn malformed_messages_end_their_stream() {
    let without = |left_out: &str| {
        let all = [
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/x"),
            (":authority", "a.example"),
        ];
        let kept: Vec<_> = all.into_iter().filter(|(name, _)| *name != left_out).collect();
        block(&kept)
    };
    let cases = [
        with(&[("X-Upper", "1")]),
        with(&[("x bad", "1")]),
        with(&[("x", "a\0b")]),
        with(&[("x", "a\rb")]),
        with(&[("x", "a\nb")]),
        with(&[("x", " a")]),
        with(&[("x", "a ")]),
        with(&[("x", "\ta")]),
        with(&[("connection", "close")]),
        with(&[("keep-alive", "timeout=1")]),
        with(&[("proxy-connection", "close")]),
        with(&[("transfer-encoding", "chunked")]),
        with(&[("upgrade", "websocket")]),
        with(&[("te", "gzip")]),
        with(&[(":unknown", "1")]),
        with(&[(":method", "POST")]),
        with(&[("x", "1"), (":late", "1")]),
        with(&[("content-length", "1")]),
        with(&[("content-length", "x")]),
        with(&[("content-length", "0"), ("content-length", "1")]),
        without(":method"),
        without(":scheme"),
        without(":path"),
    ];
    for head in &cases {
        let mut raw = Raw::connect(config()).await;
        raw.send(&frame(HEADERS, WHOLE, 1, head)).await;
        let (kind, _, _, payload) = raw.receive_any(&[RST_STREAM, GOAWAY, HEADERS]).await.unwrap();
        let text = String::from_utf8_lossy(head).into_owned();
        // What the library finds while it decodes ends the connection.
        let code = match kind {
            RST_STREAM => code(&payload),
            GOAWAY => u32::from_be_bytes(payload[4..8].try_into().unwrap()),
            _ => panic!("{text:?} is answered"),
        };
        assert_eq!(code, 1, "{text:?}");
        assert!(raw.server.log.try_recv().is_err());
    }
}

#[tokio::test]
async fn ambiguous_and_impossible_requests_are_refused() {
    let mut raw = Raw::connect(config()).await;
    let path = |path| {
        block(&[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "a.example"),
        ])
    };
    let cases = [
        with(&[("host", "b.example")]),
        with(&[("host", "a.example:81")]),
        with(&[("host", "a.example"), ("host", "a.example")]),
        block(&[(":method", "GET"), (":scheme", "http"), (":path", "/x")]),
        block(&[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/x"),
            (":authority", "u@a.example"),
        ]),
        path("*"),
        path("/\u{e9}"),
    ];
    for (number, head) in cases.iter().enumerate() {
        let stream = 1 + 2 * number as u32;
        raw.send(&frame(HEADERS, WHOLE, stream, head)).await;
        let (kind, _, at, payload) = raw.receive_any(&[RST_STREAM, GOAWAY, HEADERS]).await.unwrap();
        let text = String::from_utf8_lossy(head).into_owned();
        assert_eq!((kind, at), (HEADERS, stream), "{text:?} {payload:?}");
        assert_eq!(raw.server.logged().await, "bad_request", "{text:?}");
    }
    let accepted = [
        with(&[("host", "A.EXAMPLE:80")]),
        block(&[(":method", "GET"), (":scheme", "http"), (":path", "/x"), ("host", "h")]),
        block(&[
            (":method", "OPTIONS"),
            (":scheme", "http"),
            (":path", "*"),
            (":authority", "a"),
        ]),
    ];
    for (number, head) in accepted.iter().enumerate() {
        let stream = 101 + 2 * number as u32;
        raw.send(&frame(HEADERS, WHOLE, stream, head)).await;
        let (kind, _, at, _) = raw.receive_any(&[RST_STREAM, GOAWAY, HEADERS]).await.unwrap();
        assert_eq!((kind, at), (HEADERS, stream));
        assert!(raw.server.log.try_recv().is_err());
    }
}

#[tokio::test]
async fn data_beyond_the_announced_length_ends_the_stream() {
    let mut raw = Raw::connect(config()).await;
    let head = block(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/collect"),
        (":authority", "a"),
        ("content-length", "2"),
    ]);
    for (stream, data) in [(1, "abc"), (3, "a")] {
        raw.send(&frame(HEADERS, END_HEADERS, stream, &head)).await;
        raw.send(&frame(0, 1, stream, data.as_bytes())).await;
        let (kind, _, at, payload) = raw.receive_any(&[RST_STREAM, GOAWAY, HEADERS]).await.unwrap();
        assert_eq!((kind, at, code(&payload)), (RST_STREAM, stream, 1), "{data}");
    }
}

#[tokio::test]
async fn a_head_too_large_is_refused_by_the_library() {
    let limits = crate::limits::ServerLimits {
        head: 300,
        ..crate::limits::ServerLimits::default()
    };
    let mut raw = Raw::connect(ServerConfig { limits, ..config() }).await;
    let long = "v".repeat(100);
    raw.send(&frame(HEADERS, WHOLE, 1, &with(&[("a", &long), ("b", &long), ("c", &long)])))
        .await;
    let (kind, _, at, payload) = raw.receive_any(&[RST_STREAM, GOAWAY, HEADERS]).await.unwrap();
    assert_eq!((kind, at), (HEADERS, 1), "{payload:?}");
    // The name by its number in the static table, the value in the code of RFC 7541, appendix B.
    assert_eq!(payload[..5], [0x48, 0x83, 0x69, 0x90, 0xff], "not a 431: {payload:?}");
}

#[tokio::test]
async fn floods_of_control_frames_end_the_connection() {
    let mut raw = Raw::connect(config()).await;
    let flood = frame(PING, 0, 0, &[7; 8]).repeat(1001);
    raw.send(&flood).await;
    let (_, _, _, payload) = raw.receive_any(&[GOAWAY]).await.unwrap();
    assert_eq!(u32::from_be_bytes(payload[4..8].try_into().unwrap()), 11);
    while raw.receive().await.is_some() {}
    drop(raw.stream);
    raw.server.ended().await;
}

#[tokio::test]
async fn a_drain_is_told_twice() {
    let mut raw = Raw::connect(config()).await;
    raw.send(&frame(HEADERS, WHOLE, 1, &with(&[]))).await;
    raw.receive_any(&[HEADERS]).await.unwrap();
    raw.server.drain.start();
    let (_, _, _, payload) = raw.receive_any(&[GOAWAY]).await.unwrap();
    assert_eq!(payload[..4], [0x7f, 0xff, 0xff, 0xff]);
    let (_, _, _, ping) = raw.receive_any(&[PING]).await.unwrap();
    raw.send(&frame(PING, 1, 0, &ping)).await;
    let (_, _, _, payload) = raw.receive_any(&[GOAWAY]).await.unwrap();
    assert_eq!(payload[..4], [0, 0, 0, 1]);
    assert!(raw.receive().await.is_none());
    drop(raw.stream);
    raw.server.ended().await;
}

#[tokio::test]
async fn a_client_that_does_not_answer_pings_is_left() {
    let mut config = config();
    config.http2.ping = SHORT;
    let mut raw = Raw::connect(config).await;
    raw.receive_any(&[PING]).await.unwrap();
    raw.patience = 10 * PATIENCE;
    tokio::time::pause();
    raw.receive_any(&[GOAWAY]).await.unwrap();
    while raw.receive().await.is_some() {}
    raw.server.ended().await;
}

#[tokio::test]
async fn what_the_client_resets_counts_until_its_work_has_stopped() {
    let mut config = config();
    config.http2.max_streams = 2;
    let mut raw = Raw::connect(config).await;
    let stubborn = block(&[
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/stubborn"),
        (":authority", "a"),
    ]);
    for stream in [1, 3] {
        raw.send(&frame(HEADERS, WHOLE, stream, &stubborn)).await;
        assert_eq!(raw.server.logged().await, "waiting");
        raw.send(&frame(RST_STREAM, 0, stream, &8u32.to_be_bytes())).await;
    }
    raw.send(&frame(HEADERS, WHOLE, 5, &with(&[]))).await;
    let (kind, _, at, payload) = raw.receive_any(&[RST_STREAM, GOAWAY, HEADERS]).await.unwrap();
    assert_eq!((kind, at, code(&payload)), (RST_STREAM, 5, 7));
    raw.server.script.release.notify_waiters();
    let mut stream = 7;
    // What has stopped makes room as soon as the connection looks.
    raw.send(&frame(HEADERS, WHOLE, stream, &with(&[]))).await;
    loop {
        let (kind, _, at, _) = raw.receive_any(&[RST_STREAM, GOAWAY, HEADERS]).await.unwrap();
        assert_eq!(at, stream);
        if kind == HEADERS {
            break;
        }
        assert_eq!(kind, RST_STREAM);
        stream += 2;
        raw.send(&frame(HEADERS, WHOLE, stream, &with(&[]))).await;
    }
}

#[tokio::test]
async fn a_client_that_does_not_hear_of_a_drain_begins_nothing_more() {
    let mut raw = Raw::connect(config()).await;
    let waiting = block(&[
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/wait"),
        (":authority", "a"),
    ]);
    raw.send(&frame(HEADERS, WHOLE, 1, &waiting)).await;
    assert_eq!(raw.server.logged().await, "waiting");
    tokio::time::pause();
    raw.server.drain.start();
    raw.receive_any(&[PING]).await.unwrap();
    raw.send(&frame(HEADERS, WHOLE, 3, &with(&[]))).await;
    let (kind, _, at, _) = raw.receive_any(&[RST_STREAM, HEADERS]).await.unwrap();
    assert_eq!((kind, at), (HEADERS, 3));
    tokio::time::advance(Duration::from_secs(1)).await;
    raw.send(&frame(HEADERS, WHOLE, 5, &with(&[]))).await;
    let (kind, _, at, payload) = raw.receive_any(&[RST_STREAM, HEADERS]).await.unwrap();
    assert_eq!((kind, at, code(&payload)), (RST_STREAM, 5, 7));
}

#[tokio::test]
async fn a_connection_that_was_just_accepted_outlives_the_beginning_of_a_drain() {
    let (mut stream, server) = start(config()).await;
    server.drain.start();
    stream.write_all(b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let text = crate::testing::read_to(&mut stream, "\r\n").await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}

#[tokio::test]
async fn anything_but_the_preface_is_http1() {
    let (mut stream, _server) = start(config()).await;
    stream.write_all(b"PRI * HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let text = crate::testing::read_to(&mut stream, "\r\n").await;
    assert!(text.starts_with("HTTP/1.1 400"), "{text}");
    let (mut stream, _server) = start(config()).await;
    stream.write_all(b"P").await.unwrap();
    stream.write_all(b"OST /x HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let text = crate::testing::read_to(&mut stream, "\r\n").await;
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
}
