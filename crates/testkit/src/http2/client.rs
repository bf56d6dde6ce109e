//! A client with one connection.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::ext::Protocol;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;

use super::{Driver, receive, receive_bytes, send};
use crate::tls::TlsOptions;

/// A request.
#[derive(Clone, Debug, Default)]
pub struct Http2Request {
    /// The method; empty for `GET`.
    pub method: &'static str,
    /// The protocol that extended CONNECT asks for; empty for any other request.
    pub protocol: &'static str,
    /// Path and query.
    pub path: String,
    /// The authority; empty for `localhost`.
    pub authority: String,
    /// Fields, in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
    /// Trailers.
    pub trailers: Vec<(&'static str, String)>,
}

impl Http2Request {
    /// A GET.
    pub fn get(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            ..Self::default()
        }
    }

    /// A POST of JSON.
    pub fn post(path: &str, body: impl Into<Bytes>) -> Self {
        Self {
            method: "POST",
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into(),
            ..Self::get(path)
        }
    }

    /// Asks for another protocol.
    pub fn switch(path: &str, protocol: &'static str) -> Self {
        Self {
            method: "CONNECT",
            protocol,
            ..Self::get(path)
        }
    }

    fn head(&self, scheme: &str) -> io::Result<Request<()>> {
        let method = if self.method.is_empty() { "GET" } else { self.method };
        let authority = if self.authority.is_empty() {
            "localhost"
        } else {
            &self.authority
        };
        let uri = format!("{scheme}://{authority}{}", self.path);
        let mut request = Request::builder()
            .method(method)
            .uri(uri)
            .body(())
            .map_err(io::Error::other)?;
        *request.headers_mut() = fields(&self.headers)?;
        if !self.protocol.is_empty() {
            request.extensions_mut().insert(Protocol::from(self.protocol));
        }
        Ok(request)
    }
}

fn fields(given: &[(&'static str, String)]) -> io::Result<HeaderMap> {
    let mut fields = HeaderMap::new();
    for (name, value) in given {
        let value = HeaderValue::from_str(value).map_err(io::Error::other)?;
        fields.append(HeaderName::from_static(name), value);
    }
    Ok(fields)
}

/// A response as it came.
#[derive(Clone, Debug)]
pub struct Http2Response {
    /// The status.
    pub status: u16,
    /// Fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// Trailers.
    pub trailers: HeaderMap,
}

impl Http2Response {
    /// First value of a field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// First value of a trailer.
    pub fn trailer(&self, name: &str) -> Option<&str> {
        self.trailers.get(name)?.to_str().ok()
    }

    /// The body as JSON, null if it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Http2Client {
    driver: Arc<Driver>,
    requests: SendRequest<Bytes>,
    scheme: &'static str,
    ended: oneshot::Receiver<Result<(), h2::Error>>,
}

impl Http2Client {
    /// Connects to a loopback port without TLS.
    pub fn connect(port: u16) -> io::Result<Self> {
        Self::connect_behind(port, b"")
    }

    /// Connects and sends this first: a PROXY header.
    pub fn connect_behind(port: u16, header: &[u8]) -> io::Result<Self> {
        let driver = Arc::new(Driver::start()?);
        let socket = driver.run(async {
            let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            socket.write_all(header).await?;
            Ok(socket)
        })?;
        Self::over(driver, socket, "http")
    }

    /// Connects to a loopback port and completes a TLS handshake, asking for `name`.
    pub fn connect_tls(port: u16, name: &str, options: &TlsOptions) -> io::Result<Self> {
        let driver = Arc::new(Driver::start()?);
        let connector = TlsConnector::from(Arc::new(options.clone().offering(&["h2"]).config()?));
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let socket = driver.run(async {
            let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            connector.connect(name, socket).await
        })?;
        if socket.get_ref().1.alpn_protocol() != Some(b"h2") {
            return Err(io::Error::other("HTTP/2 was not agreed on"));
        }
        Self::over(driver, socket, "https")
    }

    fn over<T>(driver: Arc<Driver>, socket: T, scheme: &'static str) -> io::Result<Self>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = Builder::new();
        // Room for other answers beside one that a test does not read.
        builder.initial_connection_window_size(1 << 20);
        let shaking = async { builder.handshake(socket).await.map_err(io::Error::other) };
        let (requests, connection) = driver.run(shaking)?;
        let (sender, ended) = oneshot::channel();
        driver.handle.spawn(async move {
            // Nobody may be left to hear of it.
            let _ = sender.send(connection.await);
        });
        Ok(Self {
            driver,
            requests,
            scheme,
            ended,
        })
    }

    /// Sends a request and reads its response.
    pub fn ask(&self, request: &Http2Request) -> io::Result<Http2Response> {
        let mut stream = self.open(request)?;
        if let Err(error) = stream.send(&request.body, request.trailers.is_empty()) {
            // A stream that takes nothing more has ended; why is said where its response would be.
            return Err(stream.response().err().unwrap_or(error));
        }
        if !request.trailers.is_empty() {
            stream.send_trailers(&request.trailers)?;
        }
        stream.response()
    }

    /// Sends the head of a request.
    pub fn open(&self, request: &Http2Request) -> io::Result<Http2Stream> {
        let head = request.head(self.scheme)?;
        let requests = self.requests.clone();
        let opening = async {
            let mut requests = requests.ready().await.map_err(io::Error::other)?;
            requests.send_request(head, false).map_err(io::Error::other)
        };
        let (response, sending) = self.driver.run(opening)?;
        Ok(Http2Stream {
            driver: Arc::clone(&self.driver),
            response: Some(response),
            sending,
            body: None,
        })
    }

    /// Does the server take extended CONNECT? Known behind the first answer.
    pub fn allows_switch(&self) -> bool {
        self.requests.is_extended_connect_protocol_enabled()
    }

    /// Waits until the connection has ended; the reason that the server gave, `NO_ERROR` for an orderly end.
    pub fn ended(self) -> io::Result<Reason> {
        let Self {
            driver, requests, ended, ..
        } = self;
        drop(requests);
        let ended = driver.run(async { ended.await.map_err(io::Error::other) })?;
        match ended {
            Ok(()) => Ok(Reason::NO_ERROR),
            Err(error) => error.reason().ok_or_else(|| io::Error::other(error)),
        }
    }
}

/// One request under way.
#[derive(Debug)]
pub struct Http2Stream {
    driver: Arc<Driver>,
    response: Option<ResponseFuture>,
    sending: SendStream<Bytes>,
    body: Option<(u16, HeaderMap, RecvStream)>,
}

impl Http2Stream {
    /// Sends a part of the body as far as the server gives room, which must be in time.
    pub fn send(&mut self, bytes: &[u8], is_last: bool) -> io::Result<()> {
        let bytes = Bytes::copy_from_slice(bytes);
        self.driver.run(send(&mut self.sending, bytes, is_last))
    }

    /// Ends the body with trailers.
    pub fn send_trailers(&mut self, trailers: &[(&'static str, String)]) -> io::Result<()> {
        self.sending.send_trailers(fields(trailers)?).map_err(io::Error::other)
    }

    /// Resets the stream.
    pub fn reset(&mut self) {
        self.sending.send_reset(Reason::CANCEL);
    }

    /// The reason for which the server has reset the stream, once it has.
    pub fn reset_reason(&mut self) -> io::Result<Reason> {
        let sending = &mut self.sending;
        let reset = async {
            std::future::poll_fn(|cx| sending.poll_reset(cx))
                .await
                .map_err(io::Error::other)
        };
        self.driver.run(reset)
    }

    /// Waits for the head of the response and says its status.
    pub fn head(&mut self) -> io::Result<u16> {
        if let Some(response) = self.response.take() {
            let response = self.driver.run(async { response.await.map_err(io::Error::other) })?;
            let (parts, body) = response.into_parts();
            self.body = Some((parts.status.as_u16(), parts.headers, body));
        }
        let head = self.body.as_ref().map(|(status, ..)| *status);
        head.ok_or_else(|| io::Error::other("the response was read already"))
    }

    /// First value of a field of the response.
    pub fn header(&mut self, name: &str) -> io::Result<Option<String>> {
        self.head()?;
        let value = self.body.as_ref().and_then(|(_, headers, _)| headers.get(name));
        Ok(value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()))
    }

    /// Sends a text and reads as many bytes at the same time.
    pub fn talk(&mut self, text: &[u8]) -> io::Result<Vec<u8>> {
        self.head()?;
        let Some((.., body)) = &mut self.body else {
            return Err(io::Error::other("the response was read already"));
        };
        let sending = send(&mut self.sending, Bytes::copy_from_slice(text), false);
        self.driver.run(async {
            let (sent, received) = tokio::join!(sending, receive_bytes(body, text.len()));
            sent?;
            received
        })
    }

    /// Reads so many bytes, fewer at the end.
    pub fn read(&mut self, count: usize) -> io::Result<Vec<u8>> {
        self.head()?;
        match &mut self.body {
            Some((.., body)) => self.driver.run(receive_bytes(body, count)),
            None => Ok(Vec::new()),
        }
    }

    /// The next part of the response's body, for which the server gets no room again; empty at the end.
    pub fn receive_some(&mut self) -> io::Result<Bytes> {
        self.head()?;
        let Some((.., body)) = &mut self.body else {
            return Ok(Bytes::new());
        };
        let part = self
            .driver
            .run(async { body.data().await.transpose().map_err(io::Error::other) })?;
        Ok(part.unwrap_or_default())
    }

    /// Gives the server room for so many bytes more.
    pub fn release(&mut self, count: usize) -> io::Result<()> {
        match &mut self.body {
            Some((.., body)) => body.flow_control().release_capacity(count).map_err(io::Error::other),
            None => Ok(()),
        }
    }

    /// Reads the rest of the response.
    pub fn response(mut self) -> io::Result<Http2Response> {
        self.head()?;
        let Some((status, headers, mut body)) = self.body.take() else {
            return Err(io::Error::other("the response was read already"));
        };
        let (body, trailers) = self.driver.run(receive(&mut body))?;
        Ok(Http2Response {
            status,
            headers,
            body,
            trailers,
        })
    }
}
