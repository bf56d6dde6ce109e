//! Server connections over real sockets, byte by byte.

mod bodies;
mod drains;
mod time;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout;

use crate::body::Content;
use crate::connection::{Addresses, ConnectionInfo};
use crate::error::{BodyError, Refusal, RefusalReason};
use crate::h1::serve;
use crate::limits::ServerLimits;
use crate::message::Status;
use crate::server::{Answer, DrainTrigger, Handler, Request, Response, ServerConfig, drain};
use crate::testing::{PATIENCE, pair, read_all, read_to};
use crate::timeouts::ServerTimeouts;

const SHORT: Option<Duration> = Some(Duration::from_millis(60));

fn body(text: impl Into<Bytes>) -> Content {
    Content::Whole(text.into())
}

/// A handler whose behaviour is chosen by the path.
struct Script {
    release: Notify,
    log: mpsc::UnboundedSender<String>,
}

impl Script {
    async fn answer(&self, mut request: Request<'_>) -> Result<Response, BodyError> {
        let mut response = Response::new(Status::OK);
        let path = request.head.target.path().to_owned();
        let argument = path.rsplit('/').next().unwrap_or_default();
        match path.split('/').nth(1).unwrap_or_default() {
            "echo" => response.body = request.body.collect(Some(100_000)).await?.into(),
            "trailers" => {
                request.body.collect(None).await?;
                let trailers: Vec<_> = request.body.trailers().iter().map(|field| field.name().to_owned()).collect();
                response.body = body(trailers.join(","));
            }
            "chunks" => {
                let mut length = 0;
                while let Some(chunk) = request.body.next_chunk().await? {
                    length += chunk.len();
                }
                response.body = body(length.to_string());
            }
            "early" => response.body = body("early"),
            "status" => {
                response.status = Status::new(argument.parse().unwrap()).unwrap();
                response.body = body("body");
                response.headers.push("X-One", b"1").unwrap();
            }
            "declared" => {
                response.status = Status::new(argument.parse().unwrap()).unwrap();
                response.declared_length = Some(12345);
            }
            "close" => response.headers.push("connection", b"close").unwrap(),
            "size" => response.body = body(vec![b'x'; argument.parse().unwrap()]),
            "wait" => {
                self.log.send("waiting".to_owned()).unwrap();
                tokio::select! {
                    () = self.release.notified() => response.body = body("released"),
                    () = request.body.client_gone() => {
                        self.log.send("gone".to_owned()).unwrap();
                        return Err(BodyError::Gone);
                    }
                }
            }
            _ => response.body = body(path),
        }
        Ok(response)
    }
}

impl Handler for Script {
    type Notes = ();

    async fn handle(&self, request: Request<'_>, (): &mut ()) -> Answer {
        if request.head.target.path() == "/nothing" {
            return Answer::Close;
        }
        match self.answer(request).await {
            Ok(response) => response.into(),
            Err(BodyError::Refused(refusal)) => Answer::Refuse(refusal),
            Err(BodyError::Gone | BodyError::NoRoom) => Answer::Close,
        }
    }

    fn refuse(&self, refusal: &Refusal, (): &mut ()) -> Answer {
        self.log.send(refusal.reason.name().to_owned()).unwrap();
        if refusal.reason == RefusalReason::Expectation {
            Answer::Close
        } else {
            Answer::Refuse(*refusal)
        }
    }
}

struct Server {
    stream: TcpStream,
    script: Arc<Script>,
    log: mpsc::UnboundedReceiver<String>,
    drain: DrainTrigger,
    task: JoinHandle<()>,
}

async fn connect(config: ServerConfig) -> Server {
    let (stream, accepted) = pair().await;
    let (sender, log) = mpsc::unbounded_channel();
    let script = Arc::new(Script {
        release: Notify::new(),
        log: sender,
    });
    let (drain, signal) = drain();
    let handler = script.clone();
    let task = tokio::spawn(async move {
        let info = ConnectionInfo::direct(Addresses::of(&accepted).unwrap());
        serve(accepted.into(), &info, &config, signal, &*handler).await;
    });
    Server {
        stream,
        script,
        log,
        drain,
        task,
    }
}

impl Server {
    async fn send(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    /// Reads up to and including this text.
    async fn read_to(&mut self, end: &str) -> String {
        read_to(&mut self.stream, end).await
    }

    /// Reads to the end of the connection.
    async fn read_all(&mut self) -> String {
        let (text, end) = read_all(&mut self.stream).await;
        end.unwrap();
        text
    }

    async fn exchange(&mut self, text: &str) -> String {
        self.send(text).await;
        self.read_all().await
    }

    async fn logged(&mut self) -> String {
        timeout(PATIENCE, self.log.recv()).await.unwrap().unwrap()
    }

    async fn ended(self) {
        drop(self.stream);
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

fn last(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
}

/// The response without its date.
fn undated(text: &str) -> String {
    let lines: Vec<_> = text.split("\r\n").filter(|line| !line.starts_with("date: ")).collect();
    assert_eq!(lines.len() + text.matches("\r\ndate: ").count(), text.split("\r\n").count());
    lines.join("\r\n")
}

#[tokio::test]
async fn requests_follow_each_other_on_one_connection() {
    let mut server = connect(ServerConfig::default()).await;
    server.send(get("/one")).await;
    assert_eq!(
        undated(&server.read_to("/one").await),
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n/one"
    );
    let rest = server.exchange(&last("/two")).await;
    assert_eq!(
        undated(&rest),
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\n/two"
    );
    assert!(rest.contains(" GMT\r\n"));
    server.ended().await;
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_and_input_after_close_is_ignored() {
    let mut server = connect(ServerConfig::default()).await;
    let requests = [
        get("/1"),
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".into(),
        last("/3"),
        get("/4"),
    ];
    let text = server.exchange(&requests.concat()).await;
    let bodies: Vec<_> = text
        .split("\r\n\r\n")
        .skip(1)
        .map(|part| part.split("HTTP").next().unwrap())
        .collect();
    assert_eq!(bodies, ["/1", "abc", "/3"]);
}

#[tokio::test]
async fn input_may_be_cut_anywhere() {
    let text = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".to_owned()
        + &last("/end");
    for at in [1, 20, 59, 61, 62, 64, 66, 70, 73, 75, 77] {
        let mut server = connect(ServerConfig::default()).await;
        server.send(&text[..at]).await;
        tokio::task::yield_now().await;
        let answer = server.exchange(&text[at..]).await;
        assert!(
            answer.contains("\r\n\r\nabcde") && answer.ends_with("\r\n\r\n/end"),
            "{at}: {answer}"
        );
    }
}

#[tokio::test]
async fn bodies_larger_than_buffers_arrive_and_leave_whole() {
    let body = "0123456789abcdef".repeat(6_000);
    let mut server = connect(ServerConfig::default()).await;
    let head = format!(
        "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let answer = server.exchange(&(head + &body)).await;
    assert!(answer.ends_with(&format!("\r\n\r\n{body}")));

    let mut server = connect(ServerConfig::default()).await;
    let chunk = |bytes: &[u8]| format!("{:x}\r\n{}\r\n", bytes.len(), str::from_utf8(bytes).unwrap());
    let chunks = body.as_bytes().chunks(20_000).map(chunk).collect::<Vec<_>>().concat();
    let request =
        format!("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    assert!(server.exchange(&request).await.ends_with(&format!("\r\n\r\n{body}")));

    let mut server = connect(ServerConfig::default()).await;
    let request =
        format!("POST /chunks HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n");
    assert!(server.exchange(&request).await.ends_with(&format!("\r\n\r\n{}", body.len())));
}

#[tokio::test]
async fn large_answers_wait_for_a_slow_reader() {
    let mut server = connect(ServerConfig::default()).await;
    server.send(last("/size/20000000")).await;
    server.read_to("\r\n\r\n").await;
    assert_eq!(server.read_all().await.len(), 20_000_000);
}

#[tokio::test]
async fn trailers_reach_the_handler() {
    let mut server = connect(ServerConfig::default()).await;
    let text = "POST /trailers HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\nHost: b\r\n\r\n";
    assert!(server.exchange(text).await.ends_with("\r\n\r\nx-sum"));
}

#[tokio::test]
async fn http_1_0_ends_unless_asked_to_stay() {
    let mut server = connect(ServerConfig::default()).await;
    let answer = server.exchange("GET /a HTTP/1.0\r\n\r\n").await;
    assert_eq!(
        undated(&answer),
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n/a"
    );

    let mut server = connect(ServerConfig::default()).await;
    server.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").await;
    assert!(server.read_to("/a").await.contains("\r\nconnection: keep-alive\r\n"));
    assert!(server.exchange(&last("/b")).await.ends_with("/b"));
}

#[tokio::test]
async fn some_answers_have_no_body() {
    for (method, path, expected) in [
        (
            "HEAD",
            "/size/7",
            "HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\n",
        ),
        (
            "HEAD",
            "/declared/200",
            "HTTP/1.1 200 OK\r\ncontent-length: 12345\r\nconnection: close\r\n\r\n",
        ),
        (
            "GET",
            "/status/204",
            "HTTP/1.1 204 No Content\r\nx-one: 1\r\nconnection: close\r\n\r\n",
        ),
        (
            "GET",
            "/status/304",
            "HTTP/1.1 304 Not Modified\r\nx-one: 1\r\nconnection: close\r\n\r\n",
        ),
        (
            "GET",
            "/declared/304",
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 12345\r\nconnection: close\r\n\r\n",
        ),
        ("GET", "/status/199", "HTTP/1.1 199 \r\nx-one: 1\r\nconnection: close\r\n\r\n"),
        (
            "GET",
            "/status/999",
            "HTTP/1.1 999 \r\nx-one: 1\r\ncontent-length: 4\r\nconnection: close\r\n\r\nbody",
        ),
    ] {
        let mut server = connect(ServerConfig::default()).await;
        let answer = server
            .exchange(&format!("{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
            .await;
        assert_eq!(undated(&answer), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn a_program_may_close_the_connection() {
    let mut server = connect(ServerConfig::default()).await;
    assert!(server.exchange(&get("/close")).await.contains("\r\nconnection: close\r\n"));
    let mut server = connect(ServerConfig::default()).await;
    assert_eq!(server.exchange(&get("/nothing")).await, "");
}

#[tokio::test]
async fn refusals_are_answered_as_specified() {
    let mut server = connect(ServerConfig::default()).await;
    let answer = server.exchange("GET / HTTP/1.1\nHost: a\n\n").await;
    assert_eq!(
        undated(&answer),
        "HTTP/1.1 400 Bad Request\r\nserver: Tremor\r\ncontent-type: application/json\r\ncontent-length: 59\r\nconnection: close\r\n\r\n\
         {\"error\":\"the request is malformed\",\"reason\":\"bad_request\"}"
    );
    assert_eq!(server.logged().await, "bad_request");

    for (text, status) in [
        ("GET / HTTP/2.0\r\n", 505),
        ("CONNECT a:1 HTTP/1.1\r\n", 501),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (
            "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
            400,
        ),
        (
            "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx : y\r\n\r\n",
            400,
        ),
    ] {
        let mut server = connect(ServerConfig {
            server_header: String::new(),
            ..ServerConfig::default()
        })
        .await;
        let answer = server.exchange(text).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{text}: {answer}");
        assert!(!answer.contains("\r\nserver:"));
    }
}

#[tokio::test]
async fn the_handler_decides_what_a_refusal_gets() {
    let mut server = connect(ServerConfig::default()).await;
    assert_eq!(server.exchange("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n").await, "");
    assert_eq!(server.logged().await, "expectation");
}

#[tokio::test]
async fn a_refused_smuggled_request_is_never_seen() {
    let mut server = connect(ServerConfig::default()).await;
    let text = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
    let answer = server.exchange(text).await;
    assert!(answer.starts_with("HTTP/1.1 400 "));
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1);
}

#[tokio::test]
async fn a_client_that_goes_is_noticed() {
    let mut server = connect(ServerConfig::default()).await;
    server.send(get("/wait")).await;
    assert_eq!(server.logged().await, "waiting");
    server.stream.shutdown().await.unwrap();
    assert_eq!(server.logged().await, "gone");
    server.ended().await;

    let mut server = connect(ServerConfig {
        half_close: true,
        ..ServerConfig::default()
    })
    .await;
    server.send(get("/wait")).await;
    assert_eq!(server.logged().await, "waiting");
    server.stream.shutdown().await.unwrap();
    server.script.release.notify_one();
    assert!(server.read_all().await.ends_with("released"));
}

#[tokio::test]
async fn a_reset_is_noticed_while_waiting() {
    let mut server = connect(ServerConfig {
        half_close: true,
        ..ServerConfig::default()
    })
    .await;
    server.send(get("/wait")).await;
    assert_eq!(server.logged().await, "waiting");
    socket2::SockRef::from(&server.stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(server.stream);
    assert_eq!(timeout(PATIENCE, server.log.recv()).await.unwrap().unwrap(), "gone");
    timeout(PATIENCE, server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn further_requests_may_wait_while_one_is_handled() {
    let mut server = connect(ServerConfig::default()).await;
    server.send(get("/wait")).await;
    assert_eq!(server.logged().await, "waiting");
    let many: String = std::iter::repeat_n(get("/more"), 2_000).collect();
    let (mut reader, mut writer) = server.stream.into_split();
    let write = tokio::spawn(async move { writer.write_all((many + &last("/end")).as_bytes()).await.map(|()| writer) });
    server.script.release.notify_one();
    let mut text = String::new();
    timeout(PATIENCE, reader.read_to_string(&mut text)).await.unwrap().unwrap();
    write.await.unwrap().unwrap();
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 2_002);
}
