//! One accepted connection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::sleep;

use super::behaviour::Behaviour;
use super::{Shared, echo};
use crate::message::{Expect, Message, MessageReader};

/// What the connection does next.
enum Next {
    Continue,
    Close,
    Reset,
}

/// The other side left.
struct Gone;

pub(super) struct Connection {
    stream: TcpStream,
    number: u64,
    shared: Arc<Shared>,
    behaviour: watch::Receiver<Behaviour>,
    reader: MessageReader,
    served: u64,
}

impl Connection {
    pub(super) fn new(stream: TcpStream, shared: Arc<Shared>) -> Self {
        let number = shared.log.update(|log| {
            log.connections += 1;
            log.connections
        });
        // Only speed is lost if the socket cannot be set so.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            number,
            behaviour: shared.behaviour.subscribe(),
            shared,
            reader: MessageReader::default(),
            served: 0,
        }
    }

    pub(super) async fn run(mut self) {
        if *self.behaviour.borrow() == Behaviour::ResetOnAccept {
            return self.reset();
        }
        loop {
            let Some(request) = self.next_request().await else { return };
            self.served += 1;
            match self.answer(&request).await {
                Ok(Next::Continue) if !self.is_used_up() => {}
                Ok(Next::Continue | Next::Close) => return,
                Ok(Next::Reset) => return self.reset(),
                Err(Gone) => return self.shared.log.update(|log| log.abandoned += 1),
            }
        }
    }

    fn is_used_up(&self) -> bool {
        let limit = *self.shared.requests_per_connection.lock();
        limit.is_some_and(|limit| self.served >= limit)
    }

    fn reset(self) {
        // A connection that cannot be reset is closed, and a test that depends on it fails.
        let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    async fn next_request(&mut self) -> Option<Message> {
        loop {
            match self.reader.take(Expect::Request, false) {
                Ok(Some(request)) => {
                    self.shared.record(self.number, &request);
                    return Some(request);
                }
                Ok(None) => {}
                Err(error) => {
                    self.shared.log.update(|log| log.torn.push(error.to_string()));
                    return None;
                }
            }
            if self.read().await.is_err() {
                if !self.reader.rest().is_empty() {
                    let rest = String::from_utf8_lossy(self.reader.rest()).into_owned();
                    self.shared.log.update(|log| log.torn.push(rest));
                }
                return None;
            }
        }
    }

    async fn read(&mut self) -> Result<(), Gone> {
        let before = self.reader.rest().len();
        match self.stream.read_buf(self.reader.space()).await {
            Ok(0) | Err(_) => return Err(Gone),
            Ok(_) => {}
        }
        if self.shared.keeps_bytes.load(Ordering::Relaxed) {
            let new = &self.reader.rest()[before..];
            self.shared
                .log
                .update(|log| log.bytes.entry(self.number).or_default().extend_from_slice(new));
        }
        Ok(())
    }

    async fn answer(&mut self, request: &Message) -> Result<Next, Gone> {
        let mut behaviour = self.behaviour.borrow_and_update().clone();
        loop {
            behaviour = match behaviour {
                Behaviour::Hold => self.held().await?,
                Behaviour::Slow(delay, then) => {
                    self.delayed(delay).await?;
                    *then
                }
                settled => return self.settle(&settled, request).await,
            };
        }
    }

    async fn settle(&mut self, behaviour: &Behaviour, request: &Message) -> Result<Next, Gone> {
        let is_head = request.word(0) == "HEAD";
        match behaviour {
            Behaviour::Echo => {
                let origin = self.stream.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default();
                self.write(&echo::bytes(request, &origin), Next::Continue).await
            }
            Behaviour::Answer(canned) => self.write(&canned.bytes(is_head), Next::Continue).await,
            Behaviour::ResetOnAccept | Behaviour::ResetAfterRequest => Ok(Next::Reset),
            // `answer` never passes the last two on.
            Behaviour::CloseAfterRequest | Behaviour::Hold | Behaviour::Slow(..) => Ok(Next::Close),
            Behaviour::HalfHead => self.write(b"HTTP/1.1 200 OK\r\nServer: half", Next::Reset).await,
            Behaviour::HalfBody => {
                let bytes = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{\"half\": 1";
                self.write(bytes, Next::Reset).await
            }
            Behaviour::Raw { bytes, close } => {
                let next = if *close { Next::Close } else { Next::Continue };
                self.write(bytes, next).await
            }
            Behaviour::Dribble { bytes, piece, close } => {
                for part in bytes.chunks((*piece).max(1)) {
                    self.write(part, Next::Continue).await?;
                    yield_now().await;
                }
                Ok(if *close { Next::Close } else { Next::Continue })
            }
        }
    }

    async fn write(&mut self, bytes: &[u8], next: Next) -> Result<Next, Gone> {
        if self.stream.write_all(bytes).await.is_err() {
            return Err(Gone);
        }
        if let Next::Reset = next {
            // A reset overtakes what the receiver has not read yet; this gives it the time to read.
            sleep(Duration::from_millis(20)).await;
        }
        Ok(next)
    }

    async fn held(&mut self) -> Result<Behaviour, Gone> {
        let mut behaviour = self.behaviour.clone();
        loop {
            tokio::select! {
                changed = behaviour.changed() => match changed {
                    Ok(()) => return Ok(behaviour.borrow_and_update().clone()),
                    Err(_) => return Err(Gone),
                },
                read = self.read() => read?,
            }
        }
    }

    async fn delayed(&mut self, delay: Duration) -> Result<(), Gone> {
        let wake = sleep(delay);
        tokio::pin!(wake);
        loop {
            tokio::select! {
                () = &mut wake => return Ok(()),
                read = self.read() => read?,
            }
        }
    }
}
