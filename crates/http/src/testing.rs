//! Bodies that tests feed, and pairs of connected sockets.

use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::body::{Body, Broken, ReadBody};

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

/// Both ends of a connection.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (server, _) = listener.accept().await.unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    (client, server)
}
