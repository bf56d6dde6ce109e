//! An upstream that does what the path says.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use h2::ext::Protocol;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use http::{HeaderMap, Request, Response};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::{Driver, receive, send};
use crate::port::listen;

#[derive(Debug)]
struct Shared {
    connections: AtomicUsize,
    requests: AtomicUsize,
    resets: AtomicUsize,
    leave: watch::Sender<usize>,
    max_streams: u32,
    takes_switches: bool,
}

/// See the module's documentation: `/size/N` answers N bytes, `/stall` nothing, `/refuse` with `REFUSED_STREAM`, `/reset` with a reset,
/// `/half` breaks its body off, `/grpc` sends every part of the body back as it comes and then `grpc-status: 0`. Everything else is told in
/// JSON. Extended CONNECT for a path `/no` is answered 403; for any other it opens a tunnel that gives back what comes, and ends its direction
/// behind a part `bye`. `x-told` says what was asked: method and path, the protocol, and whether there was a `sec-websocket-key`. Dropping it
/// stops it.
#[derive(Debug)]
pub struct Http2Upstream {
    port: u16,
    shared: Arc<Shared>,
    _driver: Driver,
}

impl Http2Upstream {
    /// An upstream at a free loopback port, without TLS, that takes so many streams of a connection.
    pub fn start(max_streams: u32) -> io::Result<Self> {
        Self::start_as(max_streams, false)
    }

    /// The same with extended CONNECT.
    pub fn start_taking_switches() -> io::Result<Self> {
        Self::start_as(100, true)
    }

    fn start_as(max_streams: u32, takes_switches: bool) -> io::Result<Self> {
        let driver = Driver::start()?;
        let listener = listen()?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        let (leave, _) = watch::channel(0);
        let shared = Arc::new(Shared {
            connections: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            resets: AtomicUsize::new(0),
            leave,
            max_streams,
            takes_switches,
        });
        let sharing = Arc::clone(&shared);
        driver.handle.spawn(async move {
            let Ok(listener) = TcpListener::from_std(listener) else {
                return;
            };
            while let Ok((socket, _)) = listener.accept().await {
                sharing.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(socket, Arc::clone(&sharing)));
            }
        });
        Ok(Self {
            port,
            shared,
            _driver: driver,
        })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Connections taken so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Requests taken so far.
    pub fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// Requests that the other side has reset.
    pub fn resets(&self) -> usize {
        self.shared.resets.load(Ordering::Relaxed)
    }

    /// Lets all connections end in order; new ones are taken.
    pub fn go_away(&self) {
        self.shared.leave.send_modify(|times| *times += 1);
    }
}

async fn serve(socket: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    let mut builder = Builder::new();
    builder.max_concurrent_streams(shared.max_streams);
    if shared.takes_switches {
        builder.enable_connect_protocol();
    }
    let Ok(mut connection) = builder.handshake::<_, Bytes>(socket).await else {
        return;
    };
    let mut leave = shared.leave.subscribe();
    loop {
        tokio::select! {
            accepted = connection.accept() => {
                let Some(Ok((request, respond))) = accepted else { return };
                shared.requests.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(answer(request, respond, Arc::clone(&shared)));
            }
            Ok(()) = leave.changed() => connection.graceful_shutdown(),
        }
    }
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>, shared: Arc<Shared>) {
    if request.method() == http::Method::CONNECT {
        if tunnel(request, respond).await.is_err() {
            shared.resets.fetch_add(1, Ordering::Relaxed);
        }
        return;
    }
    let path = request.uri().path().to_owned();
    let argument = path.rsplit('/').next().unwrap_or_default();
    match path.split('/').nth(1).unwrap_or_default() {
        "refuse" => respond.send_reset(Reason::REFUSED_STREAM),
        "reset" => respond.send_reset(Reason::INTERNAL_ERROR),
        "stall" => {
            if std::future::poll_fn(|cx| respond.poll_reset(cx)).await.is_ok() {
                shared.resets.fetch_add(1, Ordering::Relaxed);
            }
        }
        // What fails shows at the other side.
        "size" => drop(sized(respond, argument.parse().unwrap_or(0)).await),
        "half" => {
            if let Ok(mut stream) = respond.send_response(Response::new(()), false)
                && send(&mut stream, Bytes::from_static(b"half"), false).await.is_ok()
            {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                stream.send_reset(Reason::INTERNAL_ERROR);
            }
        }
        "grpc" => drop(grpc(request, respond).await),
        _ => drop(tell(request, respond).await),
    }
}

async fn sized(mut respond: SendResponse<Bytes>, size: usize) -> io::Result<()> {
    let mut stream = respond.send_response(Response::new(()), false).map_err(io::Error::other)?;
    send(&mut stream, Bytes::from(vec![b'x'; size]), true).await
}

async fn tunnel(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> io::Result<()> {
    let head = &request;
    let protocol = head.extensions().get::<Protocol>().map_or("", Protocol::as_str);
    let has_key = head.headers().contains_key("sec-websocket-key");
    let told = format!("{} {}|{protocol}|{has_key}", head.method(), head.uri().path());
    let is_refused = head.uri().path() == "/no";
    let response = Response::builder()
        .status(if is_refused { 403 } else { 200 })
        .header("x-told", told);
    let response = response.body(()).map_err(io::Error::other)?;
    let mut stream = respond.send_response(response, false).map_err(io::Error::other)?;
    if is_refused {
        return send(&mut stream, Bytes::from_static(b"no"), true).await;
    }
    let mut is_over = false;
    let mut body = request.into_body();
    while let Some(part) = body.data().await {
        let part = part.map_err(io::Error::other)?;
        body.flow_control().release_capacity(part.len()).map_err(io::Error::other)?;
        if !is_over {
            is_over = &part[..] == b"bye";
            send(&mut stream, part, is_over).await?;
        }
    }
    if is_over {
        Ok(())
    } else {
        send(&mut stream, Bytes::new(), true).await
    }
}

async fn grpc(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> io::Result<()> {
    let response = Response::builder().header("content-type", "application/grpc");
    let response = response.body(()).map_err(io::Error::other)?;
    let mut stream = respond.send_response(response, false).map_err(io::Error::other)?;
    let te = request.headers().get("te").cloned();
    let mut body = request.into_body();
    while let Some(part) = body.data().await {
        let part = part.map_err(io::Error::other)?;
        body.flow_control().release_capacity(part.len()).map_err(io::Error::other)?;
        send(&mut stream, part, false).await?;
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
    if let Some(te) = te {
        trailers.insert("x-te", te);
    }
    stream.send_trailers(trailers).map_err(io::Error::other)
}

async fn tell(mut request: Request<RecvStream>, mut respond: SendResponse<Bytes>) -> io::Result<()> {
    let (body, trailers) = receive(request.body_mut()).await?;
    let text = |fields: &HeaderMap| -> serde_json::Map<String, serde_json::Value> {
        let entries = fields.iter();
        entries
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
            .collect()
    };
    let told = json!({
        "method": request.method().as_str(),
        "uri": request.uri().to_string(),
        "headers": text(request.headers()),
        "body": String::from_utf8_lossy(&body),
        "trailers": text(&trailers),
    });
    let response = Response::builder().header("content-type", "application/json");
    let response = response.body(()).map_err(io::Error::other)?;
    let is_head = request.method() == http::Method::HEAD;
    let mut stream = respond.send_response(response, is_head).map_err(io::Error::other)?;
    if is_head {
        return Ok(());
    }
    send(&mut stream, Bytes::from(told.to_string()), true).await
}
