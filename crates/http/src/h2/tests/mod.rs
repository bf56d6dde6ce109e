//! The server against the library's client and against bytes written by hand, over loopback sockets.

mod bodies;
mod ends;
mod frames;
mod messages;
mod raw;
mod stall;
mod tunnels;

use std::sync::Arc;
use std::time::Duration;

use ::h2::client::{self, ResponseFuture, SendRequest};
use ::h2::{Reason, RecvStream, SendStream};
use bytes::Bytes;
use http::{HeaderMap, Request as HttpRequest, Response as HttpResponse};
use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::body::{Body, Content};
use crate::connection::{Addresses, ConnectionInfo};
use crate::error::{BodyError, Refusal};
use crate::message::{Headers, ResponseHead, Status, Version};
use crate::server::{
    Answer, DrainTrigger, Finished, Handler, Http2Settings, Incoming, Request, Response, ServerConfig, Switch, drain, serve,
};
use crate::testing::{PATIENCE, pair};
use crate::tunnel::{Tunnel, TunnelBounds};

const SHORT: Option<Duration> = Some(Duration::from_millis(60));

/// A handler whose behaviour is chosen by the path.
struct Script {
    release: Notify,
    log: mpsc::UnboundedSender<String>,
    /// The body of the next answer to `/body`.
    body: Mutex<Option<Body>>,
    /// The upstream's end of the next answer to `/tunnel`.
    tunnel: Mutex<Option<Tunnel>>,
    /// How the last exchange has ended.
    finished: Mutex<Option<Finished>>,
}

impl Script {
    fn new(log: mpsc::UnboundedSender<String>) -> Self {
        Self {
            release: Notify::new(),
            log,
            body: Mutex::default(),
            tunnel: Mutex::default(),
            finished: Mutex::default(),
        }
    }

    async fn answer(&self, mut request: Request<'_>) -> Result<Answer, BodyError> {
        let mut response = Response::new(Status::OK);
        let path = request.head.target.path().to_owned();
        let argument = path.rsplit('/').next().unwrap_or_default();
        match path.split('/').nth(1).unwrap_or_default() {
            "head" => {
                let fields = request.head.headers.iter();
                let lines = fields.map(|field| format!("{}: {}\n", field.name(), field.text()));
                let head = &request.head;
                let text = format!("{} {} {}\n", head.method.as_str(), head.target.as_str(), head.version);
                response.body = whole(text + &lines.collect::<String>());
                response.status = argument.parse().ok().and_then(Status::new).unwrap_or(Status::OK);
            }
            "collect" => response.body = request.body.collect(Some(100_000)).await?.into(),
            "arrived" => {
                let arrived = request.body.take_arrived();
                response.body = whole(format!("{}", arrived.map_or(-1, |bytes| bytes.len() as i64)));
            }
            "remaining" => response.body = whole(format!("{:?}", request.body.remaining())),
            "trailers" => {
                request.body.collect(None).await?;
                let trailers = request.body.trailers();
                let lines = trailers.iter().map(|field| format!("{}: {}\n", field.name(), field.text()));
                response.body = whole(lines.collect::<String>());
            }
            "lend" => response.body = Content::Stream(request.body.lend()),
            "early" => response.body = whole("early"),
            "status" => {
                response.status = Status::new(argument.parse().unwrap()).unwrap();
                response.body = whole("body");
                response.declared_length = Some(12345);
            }
            "fields" => {
                response.headers.push("X-One", b"1").unwrap();
                response.headers.push("set-cookie", b"a=1").unwrap();
                response.headers.push("set-cookie", b"b=2").unwrap();
                response.headers.push("connection", b"x-one").unwrap();
                response.headers.push("transfer-encoding", b"chunked").unwrap();
            }
            "size" => response.body = whole(vec![b'x'; argument.parse().unwrap()]),
            "body" => response.body = Content::Stream(self.body.lock().take().unwrap()),
            "tunnel" => {
                response.headers.push("sec-websocket-accept", b"x").unwrap();
                response.headers.push("x-kept", b"1").unwrap();
                return Ok(Answer::Switch(Box::new(Switch {
                    headers: response.headers,
                    protocol: "websocket".to_owned(),
                    tunnel: self.tunnel.lock().take().unwrap(),
                    bounds: TunnelBounds {
                        idle: None,
                        stopped: Box::pin(std::future::pending()),
                        held: Box::new(()),
                    },
                })));
            }
            "ask-to-close" => response.headers.push("connection", b"close").unwrap(),
            "close" => return Ok(Answer::Close),
            "hints" => {
                let interim = request.body.interim().unwrap();
                interim.send(ResponseHead {
                    status: Status::new(103).unwrap(),
                    version: Version::Http11,
                    headers: Headers::default(),
                });
                tokio::select! {
                    () = self.release.notified() => {}
                    () = request.body.client_gone() => return Err(BodyError::Gone),
                }
            }
            "stubborn" => {
                self.log.send("waiting".to_owned()).unwrap();
                self.release.notified().await;
            }
            "wait" => {
                self.log.send("waiting".to_owned()).unwrap();
                tokio::select! {
                    () = self.release.notified() => response.body = whole("released"),
                    () = request.body.client_gone() => {
                        self.log.send("gone".to_owned()).unwrap();
                        return Err(BodyError::Gone);
                    }
                }
            }
            _ => response.body = whole(path),
        }
        Ok(response.into())
    }
}

impl Handler for Script {
    type Notes = ();

    async fn handle(&self, request: Request<'_>, (): &mut ()) -> Answer {
        match self.answer(request).await {
            Ok(answer) => answer,
            Err(BodyError::Refused(refusal)) => Answer::Refuse(refusal),
            Err(BodyError::Gone | BodyError::NoRoom) => Answer::Close,
        }
    }

    fn refuse(&self, refusal: &Refusal, (): &mut ()) -> Answer {
        self.log.send(refusal.reason.name().to_owned()).unwrap();
        Answer::Refuse(*refusal)
    }

    fn end(&self, (): (), _connection: &ConnectionInfo, finished: &Finished) {
        *self.finished.lock() = Some(*finished);
    }
}

fn whole(text: impl Into<Bytes>) -> Content {
    Content::Whole(text.into())
}

/// A running server and the other end of its connection.
struct Server {
    script: Arc<Script>,
    log: mpsc::UnboundedReceiver<String>,
    drain: DrainTrigger,
    task: JoinHandle<()>,
}

fn config() -> ServerConfig {
    ServerConfig {
        http2: Http2Settings {
            cleartext: true,
            ..Http2Settings::default()
        },
        ..ServerConfig::default()
    }
}

async fn start(config: ServerConfig) -> (TcpStream, Server) {
    let (stream, accepted) = pair().await;
    let (sender, log) = mpsc::unbounded_channel();
    let script = Arc::new(Script::new(sender));
    let (drain, signal) = drain();
    let handler = script.clone();
    let task = tokio::spawn(async move {
        let info = ConnectionInfo::direct(Addresses::of(&accepted).unwrap());
        let detected = Incoming::detect(accepted.into(), &info, &config, signal.clone()).await;
        if let Some(incoming) = detected {
            serve(incoming, &info, &config, signal, &*handler).await;
        }
    });
    let server = Server {
        script,
        log,
        drain,
        task,
    };
    (stream, server)
}

impl Server {
    async fn logged(&mut self) -> String {
        timeout(PATIENCE, self.log.recv()).await.unwrap().unwrap()
    }

    async fn ended(self) {
        timeout(PATIENCE, self.task).await.unwrap().unwrap();
    }
}

/// The library's client, its connection driven beside it.
struct Client {
    requests: SendRequest<Bytes>,
    driver: JoinHandle<Result<(), ::h2::Error>>,
}

async fn connect(config: ServerConfig) -> (Client, Server) {
    connect_as(config, &client::Builder::new()).await
}

async fn connect_as(config: ServerConfig, builder: &client::Builder) -> (Client, Server) {
    let (stream, server) = start(config).await;
    let (requests, connection) = builder.handshake(stream).await.unwrap();
    let driver = tokio::spawn(connection);
    (Client { requests, driver }, server)
}

fn get(path: &str) -> HttpRequest<()> {
    HttpRequest::get(format!("http://a.example{path}")).body(()).unwrap()
}

fn post(path: &str) -> HttpRequest<()> {
    HttpRequest::post(format!("http://a.example{path}")).body(()).unwrap()
}

impl Client {
    async fn send(&mut self, request: HttpRequest<()>) -> ResponseFuture {
        self.open(request, true).await.0
    }

    async fn open(&mut self, request: HttpRequest<()>, is_whole: bool) -> (ResponseFuture, SendStream<Bytes>) {
        let ready = self.requests.clone().ready();
        let mut requests = timeout(PATIENCE, ready).await.unwrap().unwrap();
        requests.send_request(request, is_whole).unwrap()
    }

    async fn ask(&mut self, request: HttpRequest<()>) -> (HttpResponse<()>, String) {
        read(self.send(request).await).await
    }

    /// Why the connection ended.
    async fn ended(self) -> Result<(), ::h2::Error> {
        timeout(PATIENCE, self.driver).await.unwrap().unwrap()
    }
}

async fn read(response: ResponseFuture) -> (HttpResponse<()>, String) {
    let response = timeout(PATIENCE, response).await.unwrap().unwrap();
    let (parts, body) = response.into_parts();
    let (body, _) = read_body(body).await.unwrap();
    (HttpResponse::from_parts(parts, ()), body)
}

async fn read_body(mut body: RecvStream) -> Result<(String, Option<HeaderMap>), ::h2::Error> {
    let mut text = Vec::new();
    while let Some(chunk) = timeout(PATIENCE, body.data()).await.unwrap() {
        let chunk = chunk?;
        body.flow_control().release_capacity(chunk.len()).unwrap();
        text.extend_from_slice(&chunk);
    }
    let trailers = timeout(PATIENCE, body.trailers()).await.unwrap()?;
    Ok((String::from_utf8(text).unwrap(), trailers))
}

/// The reason for which the server reset a stream instead of an answer.
async fn reset_of(response: ResponseFuture) -> Option<Reason> {
    timeout(PATIENCE, response).await.unwrap().unwrap_err().reason()
}

fn header<'a>(response: &'a HttpResponse<()>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

fn status(response: &HttpResponse<()>) -> u16 {
    response.status().as_u16()
}
