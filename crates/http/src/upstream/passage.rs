//! A tunnel through a proxy to an upstream (RFC 9110 9.3.6): what is spoken behind it is no matter of the proxy's.
//!
//! Whoever is behind the tunnel may speak first, so nothing is read past a head: what has come is looked at, and taken up to the head's end.

use std::io;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Endpoint;
use super::proxies::Proxy;
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::h1::ResponseParser;
use crate::limits::ClientLimits;
use crate::message::Method;

/// What a proxy answers that wants to know who asks.
const WANTS_CREDENTIALS: u16 = 407;
/// Bytes of an answer that are looked at together.
const LOOKED_AT: usize = 2 << 10;

/// Asks the proxy at the other end of a new connection for a tunnel. Takes as long as the proxy does.
pub(super) async fn open(mut socket: TcpStream, proxy: &Proxy, endpoint: &Endpoint) -> Result<TcpStream, UpstreamError> {
    socket.write_all(request(proxy, endpoint).as_bytes()).await.map_err(lost)?;
    let limits = ClientLimits::default();
    let mut parser = ResponseParser::default();
    let mut read = BytesMut::new();
    loop {
        if take_of_head(&mut socket, &mut read).await.map_err(lost)? == 0 {
            return Err(failed("the proxy has closed the connection"));
        }
        let parsed = parser.advance(&mut read, &limits, &Method::Connect);
        let Some(message) = parsed.map_err(|_| failed("the proxy's answer is malformed"))? else {
            continue;
        };
        let status = message.head.status;
        if status.is_interim() {
            parser = ResponseParser::default();
        } else if status.is_successful() {
            return Ok(socket);
        } else if status.code() == WANTS_CREDENTIALS {
            return Err(failed("the proxy wants other credentials"));
        } else {
            return Err(failed("the proxy opens no tunnel"));
        }
    }
}

/// Reads more of a head, of which `read` is the begin, and nothing behind it; 0 bytes are the end of the stream.
async fn take_of_head(socket: &mut TcpStream, read: &mut BytesMut) -> io::Result<usize> {
    let mut seen = [0; LOOKED_AT];
    let count = socket.peek(&mut seen).await?;
    let seen = seen.get_mut(..count).unwrap_or_default();
    let wanted = end_of_head(read, seen).unwrap_or(count);
    let taken = seen.get_mut(..wanted).unwrap_or_default();
    socket.read_exact(taken).await?;
    read.extend_from_slice(taken);
    Ok(wanted)
}

/// Where in `seen` the empty line behind a head ends whose begin was read.
fn end_of_head(read: &[u8], seen: &[u8]) -> Option<usize> {
    let before = read.get(read.len().saturating_sub(2)..).unwrap_or_default();
    let mut last = before.iter().copied().rfind(|byte| *byte != b'\r');
    let end = seen.iter().position(|byte| match byte {
        b'\r' => false,
        byte => last.replace(*byte) == Some(b'\n') && *byte == b'\n',
    });
    end.map(|at| at + 1)
}

fn request(proxy: &Proxy, endpoint: &Endpoint) -> String {
    let target = endpoint.host_and_port();
    let mut text = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n");
    if let Some(authorization) = proxy.authorization() {
        text.push_str("proxy-authorization: ");
        text.push_str(authorization);
        text.push_str("\r\n");
    }
    text.push_str("\r\n");
    text
}

fn failed(detail: &'static str) -> UpstreamError {
    UpstreamError::new(UpstreamErrorKind::Connect, detail)
}

fn lost(error: io::Error) -> UpstreamError {
    UpstreamError::io(UpstreamErrorKind::Connect, "the connection to the proxy broke", error)
}
