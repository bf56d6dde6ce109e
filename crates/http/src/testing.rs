//! Received fields, bodies that tests feed, pairs of connected sockets, and both ends of TLS.

use std::io;
use std::path::PathBuf;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use temblor_testkit::Authority;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::body::{Body, Broken, ReadBody};
use crate::message::{Headers, Name, Slot};
use crate::tls::{
    Alpn, CertificateSettings, ClientSettings, DefaultCertificate, MinVersion, ServerSettings, TlsClient, TlsServer,
};

/// Received fields. Names are in lower case.
pub(crate) fn headers_of<'a>(fields: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Headers {
    let mut buffer = Vec::new();
    let mut slots = Vec::new();
    let mut put = |text: &[u8]| {
        buffer.extend_from_slice(text);
        ((buffer.len() - text.len()) as u32, text.len() as u32)
    };
    for (name, value) in fields {
        let (name_start, name_len) = put(name.as_bytes());
        let (value_start, value_len) = put(value);
        slots.push(Slot {
            known: Name::from_lower(name.as_bytes()),
            name_start,
            name_len,
            value_start,
            value_len,
        });
    }
    Headers::new(Bytes::from(buffer), slots)
}

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Gives parts to a body; dropping it ends the body.
pub(crate) type Feed = UnboundedSender<Result<Bytes, Broken>>;

struct Fed {
    parts: UnboundedReceiver<Result<Bytes, Broken>>,
    left: Option<u64>,
    trailers: &'static [(&'static str, &'static str)],
}

impl ReadBody for Fed {
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        let part = ready!(self.parts.poll_recv(cx)).transpose();
        if let (Some(left), Ok(Some(part))) = (&mut self.left, &part) {
            *left = left.saturating_sub(part.len() as u64);
        }
        Poll::Ready(part)
    }

    fn remaining(&self) -> Option<u64> {
        self.left
    }

    fn visit_trailers(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        for (name, value) in self.trailers {
            visit(name, value.as_bytes());
        }
    }
}

/// A body of announced length, or of none, followed by trailers.
pub(crate) fn fed(left: Option<u64>, trailers: &'static [(&'static str, &'static str)]) -> (Feed, Body) {
    let (feed, parts) = unbounded_channel();
    (feed, Box::new(Fed { parts, left, trailers }))
}

/// Gives a part.
pub(crate) fn give(feed: &Feed, part: &'static str) {
    feed.send(Ok(Bytes::from_static(part.as_bytes()))).unwrap();
}

/// Reads up to and including this text; a text that does not come in time fails the test.
pub(crate) async fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut text = Vec::new();
    let read = async {
        while !text.ends_with(end.as_bytes()) {
            text.push(stream.read_u8().await.unwrap());
        }
    };
    let done = timeout(PATIENCE, read).await;
    assert!(
        done.is_ok(),
        "{end:?} does not come behind {:?}",
        String::from_utf8_lossy(&text)
    );
    String::from_utf8(text).unwrap()
}

/// Reads until the connection ends, which must happen in time; the result says whether it was an orderly end.
pub(crate) async fn read_all(stream: &mut TcpStream) -> (String, io::Result<usize>) {
    let mut text = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut text))
        .await
        .expect("connection stays open");
    (String::from_utf8(text).unwrap(), end)
}

/// A certificate for the names in it, which asks nothing of clients.
pub(crate) fn certificate((cert, key): (PathBuf, PathBuf)) -> CertificateSettings {
    CertificateSettings {
        cert,
        key,
        names: None,
        client: None,
    }
}

/// A server of HTTP/1.1 that shows these certificates.
pub(crate) fn tls_settings(certificates: Vec<CertificateSettings>) -> ServerSettings {
    ServerSettings {
        certificates,
        default: DefaultCertificate::First,
        min_version: MinVersion::Tls12,
        alpn: vec![Alpn::Http11],
        reload: None,
        tickets: true,
    }
}

/// A server that shows a certificate of these names, and a client that trusts it.
pub(crate) fn trusted(names: &[&str], alpn: Vec<Alpn>) -> (TlsServer, TlsClient) {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Test Authority").unwrap();
    let files = authority.server(names).unwrap().write(folder.path(), "one").unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, authority.pem()).unwrap();
    let mut settings = tls_settings(vec![certificate(files)]);
    settings.alpn = alpn;
    let client = TlsClient::new(ClientSettings {
        ca: Some(ca),
        ..ClientSettings::default()
    });
    (TlsServer::new(settings).unwrap(), client.unwrap())
}

/// Both ends of a connection.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    (client, server)
}
