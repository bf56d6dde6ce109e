//! A tunnel through a proxy to an upstream (RFC 9110 9.3.6): what is spoken behind it is no matter of the proxy's.

use tokio::net::TcpStream;

use super::Endpoint;
use super::proxies::Proxy;
use crate::error::{UpstreamError, UpstreamErrorKind};
use crate::h1::{ResponseParser, Wire, WireError};
use crate::limits::ClientLimits;
use crate::message::Method;
use crate::transport::Transport;

/// What a proxy answers that wants to know who asks.
const WANTS_CREDENTIALS: u16 = 407;

/// Asks the proxy at the other end of a new connection for a tunnel. Takes as long as the proxy does.
pub(super) async fn open(socket: TcpStream, proxy: &Proxy, endpoint: &Endpoint) -> Result<TcpStream, UpstreamError> {
    let mut wire = Wire::new(socket.into());
    wire.write = request(proxy, endpoint).into_bytes();
    wire.send(&[], None).await.map_err(lost)?;
    let limits = ClientLimits::default();
    let mut parser = ResponseParser::default();
    loop {
        if wire.fill(None).await.map_err(lost)? == 0 {
            return Err(failed("the proxy has closed the connection"));
        }
        while let Some(message) = parser
            .advance(&mut wire.read, &limits, &Method::Connect)
            .map_err(|_| failed("the proxy's answer is malformed"))?
        {
            let status = message.head.status;
            if status.is_interim() {
                parser = ResponseParser::default();
                continue;
            }
            return match wire.into_transport() {
                // Whoever is behind the tunnel speaks when it is spoken to.
                Some(Transport::Plain(socket)) if status.is_successful() => Ok(socket),
                _ if status.code() == WANTS_CREDENTIALS => Err(failed("the proxy wants other credentials")),
                _ => Err(failed("the proxy opens no tunnel")),
            };
        }
    }
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

fn lost(error: WireError) -> UpstreamError {
    match error {
        WireError::Io(error) => UpstreamError::io(UpstreamErrorKind::Connect, "the connection to the proxy broke", error),
        WireError::Timeout => failed("the proxy takes too long"),
    }
}
