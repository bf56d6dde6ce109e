//! HTTP/2 for tests: a client and an upstream over the `h2` library, driven by a thread of their own, so that tests stay plain code.

mod client;
mod upstream;

use std::io;
use std::thread::{Builder as Thread, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use http::HeaderMap;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::timeout;

pub use h2::Reason;

pub use client::{Http2Client, Http2Request, Http2Response, Http2Stream};
pub use upstream::Http2Upstream;

/// How long anything may take; longer than any test needs on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A thread that drives sockets. Dropping it stops it.
#[derive(Debug)]
struct Driver {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Driver {
    fn start() -> io::Result<Driver> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = Thread::new().name("http2".to_owned()).spawn(move || {
            // Either way it is over.
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Driver {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Runs what must end in time.
    fn run<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        self.handle.block_on(in_time(work))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, "nothing in time");
    timeout(PATIENCE, work).await.map_err(|_| late())?
}

/// Whether a server left a request alone because it ends the connection in order, and says so: then it may be sent again on another one
/// (RFC 9113 6.8 and 8.7).
pub fn was_not_taken(error: &io::Error) -> bool {
    let error = error.get_ref().and_then(|inner| inner.downcast_ref::<h2::Error>());
    error.is_some_and(|error| {
        let leaves_orderly = error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
        error.is_remote() && (leaves_orderly || error.reason() == Some(Reason::REFUSED_STREAM))
    })
}

/// Sends as the other side gives room.
async fn send(stream: &mut SendStream<Bytes>, mut bytes: Bytes, is_last: bool) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.reserve_capacity(bytes.len());
        if stream.capacity() == 0 {
            match std::future::poll_fn(|cx| stream.poll_capacity(cx)).await {
                Some(room) => room.map_err(io::Error::other)?,
                None => return Err(io::ErrorKind::BrokenPipe.into()),
            };
        }
        let part = bytes.split_to(stream.capacity().min(bytes.len()));
        let is_end = is_last && bytes.is_empty();
        stream.send_data(part, is_end).map_err(io::Error::other)?;
        if is_end {
            return Ok(());
        }
    }
    if is_last {
        stream.send_data(bytes, true).map_err(io::Error::other)?;
    }
    Ok(())
}

/// Reads so many bytes of a body, fewer at its end.
async fn receive_bytes(body: &mut RecvStream, count: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while bytes.len() < count
        && let Some(part) = body.data().await
    {
        let part = part.map_err(io::Error::other)?;
        body.flow_control().release_capacity(part.len()).map_err(io::Error::other)?;
        bytes.extend_from_slice(&part);
    }
    Ok(bytes)
}

/// Reads a body to its end.
async fn receive(body: &mut RecvStream) -> io::Result<(Vec<u8>, HeaderMap)> {
    let mut bytes = Vec::new();
    while let Some(part) = body.data().await {
        let part = part.map_err(io::Error::other)?;
        body.flow_control().release_capacity(part.len()).map_err(io::Error::other)?;
        bytes.extend_from_slice(&part);
    }
    let trailers = body.trailers().await.map_err(io::Error::other)?;
    Ok((bytes, trailers.unwrap_or_default()))
}
