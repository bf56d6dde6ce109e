//! A client that sends exact bytes and reads one response at a time.

use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConnection, ProtocolVersion, StreamOwned};
use socket2::SockRef;

use crate::message::{Expect, Message, MessageReader};
use crate::tls::TlsOptions;

/// How long a client waits for a response unless told otherwise; longer than any test needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The bytes of a request. `Host` is added unless given, `Content-Length` if there is a body.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
        head.push_str("Host: localhost\r\n");
    }
    for (name, value) in headers {
        // Writing to a string cannot fail.
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    head.push_str(body);
    head.into_bytes()
}

/// A response as it came.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Head and body.
    pub message: Message,
}

impl Response {
    /// First value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.message.header(name)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.message.body
    }

    /// The body as JSON, null if it is none.
    pub fn json(&self) -> serde_json::Value {
        self.message.json()
    }
}

/// What a client writes to and reads from.
#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes).and_then(|()| stream.flush()),
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(bytes),
            Self::Tls(stream) => stream.read(bytes),
        }
    }
}

/// One connection to a server.
#[derive(Debug)]
pub struct RawClient {
    stream: Stream,
    reader: MessageReader,
    patience: Duration,
}

impl RawClient {
    /// Connects to a loopback port.
    pub fn connect(port: u16) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: Stream::Plain(stream),
            reader: MessageReader::default(),
            patience: PATIENCE,
        })
    }

    /// Connects to a loopback port and completes a TLS handshake, asking for `name`.
    pub fn connect_tls(port: u16, name: &str, options: &TlsOptions) -> io::Result<Self> {
        Self::connect(port)?.secured(name, options)
    }

    /// Completes a TLS handshake on the connection, after whatever was sent on it plainly.
    pub fn secured(self, name: &str, options: &TlsOptions) -> io::Result<Self> {
        let Stream::Plain(mut socket) = self.stream else {
            return Err(io::Error::other("TLS is there already"));
        };
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let mut connection = ClientConnection::new(Arc::new(options.config()?), name).map_err(io::Error::other)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        Ok(Self {
            stream: Stream::Tls(Box::new(StreamOwned::new(connection, socket))),
            ..self
        })
    }

    fn connection(&self) -> Option<&ClientConnection> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => Some(&stream.conn),
        }
    }

    /// The certificate that the server showed, in DER form; empty without TLS.
    pub fn shown_certificate(&self) -> Vec<u8> {
        let chain = self.connection().and_then(|connection| connection.peer_certificates());
        chain.and_then(<[_]>::first).map(|der| der.to_vec()).unwrap_or_default()
    }

    /// The application protocol agreed on in the handshake.
    pub fn alpn(&self) -> Option<String> {
        let protocol = self.connection()?.alpn_protocol()?;
        Some(String::from_utf8_lossy(protocol).into_owned())
    }

    /// Is it TLS 1.3?
    pub fn is_tls13(&self) -> bool {
        let version = self.connection().and_then(|connection| connection.protocol_version());
        version == Some(ProtocolVersion::TLSv1_3)
    }

    /// Waits at most so long for a response.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Reads a response to anything but `HEAD`; interim responses count.
    pub fn receive(&mut self) -> io::Result<Response> {
        self.receive_as(Expect::Response)
    }

    /// Reads a response to `HEAD`.
    pub fn receive_head(&mut self) -> io::Result<Response> {
        self.receive_as(Expect::HeadResponse)
    }

    /// Sends a request (see [`request`]) and reads its final response.
    pub fn ask(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> io::Result<Response> {
        self.send(&request(method, target, headers, body))?;
        let expect = if method == "HEAD" {
            Expect::HeadResponse
        } else {
            Expect::Response
        };
        loop {
            let response = self.receive_as(expect)?;
            if response.status >= 200 {
                return Ok(response);
            }
        }
    }

    /// Waits until the server closes the connection and returns everything it sent until then.
    pub fn receive_end(&mut self) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + self.patience;
        while self.fill(deadline)? {}
        Ok(self.reader.rest().to_vec())
    }

    /// Reads so many bytes, for protocols that are no HTTP/1.1.
    pub fn receive_bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + self.patience;
        while self.reader.rest().len() < count {
            if !self.fill(deadline)? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.reader.space().drain(..count).collect())
    }

    /// Ends the sending direction.
    pub fn half_close(&self) -> io::Result<()> {
        self.stream.socket().shutdown(Shutdown::Write)
    }

    /// Breaks the connection: the server gets a reset.
    pub fn reset(self) -> io::Result<()> {
        SockRef::from(self.stream.socket()).set_linger(Some(Duration::ZERO))
    }

    fn receive_as(&mut self, expect: Expect) -> io::Result<Response> {
        let deadline = Instant::now() + self.patience;
        let mut at_end = false;
        loop {
            if let Some(message) = self.reader.take(expect, at_end)? {
                let status = message
                    .word(1)
                    .parse()
                    .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "no status code"))?;
                return Ok(Response { status, message });
            }
            if at_end {
                let got = String::from_utf8_lossy(self.reader.rest()).into_owned();
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("closed after {got:?}")));
            }
            at_end = !self.fill(deadline)?;
        }
    }

    /// Reads once; false at the end of the stream.
    fn fill(&mut self, deadline: Instant) -> io::Result<bool> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "no complete response in time"));
        }
        self.stream.socket().set_read_timeout(Some(left))?;
        let mut bytes = [0; 16 << 10];
        match self.stream.read(&mut bytes) {
            Ok(count) => {
                self.reader.push(&bytes[..count]);
                Ok(count > 0)
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(true),
            Err(error) => Err(error),
        }
    }
}
