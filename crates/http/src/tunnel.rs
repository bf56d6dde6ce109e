//! Two connections joined after an upgrade (`proxy.md` 2.9): what one side sends the other gets, until both have ended.
//!
//! Knows no protocol: an engine gives its connection as a [`TunnelEnd`]. Everything runs in the task that waits.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};

use crate::timeouts::after;
use crate::timer::Timer;

/// One end of a tunnel.
pub trait TunnelEnd: Send {
    /// The next bytes; empty at the end of the other side's sending.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>>;

    /// Sends some of the bytes and says how many. What the end itself keeps back leaves with the next call of either sending function,
    /// so an empty text flushes.
    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &Bytes) -> Poll<io::Result<usize>>;

    /// Ends the sending direction.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

/// An open tunnel to an upstream, to be joined with a client. Dropping it closes it.
pub struct Tunnel {
    /// The upstream's end.
    pub end: Box<dyn TunnelEnd>,
    /// Given back when the tunnel ends: the offramp's place in `limits.tunnels`.
    pub held: Box<dyn Send>,
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tunnel")
    }
}

/// What bounds a tunnel.
pub struct TunnelBounds {
    /// Time without a byte in either direction; `None`: no limit.
    pub idle: Option<Duration>,
    /// The end of the drain time.
    pub stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
    /// Given back when the tunnel ends: the onramp's place in `limits.tunnels`.
    pub held: Box<dyn Send>,
}

impl fmt::Debug for TunnelBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TunnelBounds")
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}

/// One direction.
#[derive(Default)]
struct Lane {
    /// Received and not yet sent.
    waiting: Bytes,
    state: LaneState,
    /// Bytes that went through.
    count: u64,
}

#[derive(Default, PartialEq, Eq)]
enum LaneState {
    #[default]
    Open,
    Ending,
    Done,
}

impl Lane {
    fn poll(&mut self, from: &mut dyn TunnelEnd, to: &mut dyn TunnelEnd, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if !self.waiting.is_empty() {
                let sent = ready!(to.poll_send(cx, &self.waiting))?;
                self.waiting.advance(sent);
                self.count += sent as u64;
                continue;
            }
            match self.state {
                LaneState::Open => match from.poll_receive(cx)? {
                    Poll::Ready(bytes) if bytes.is_empty() => self.state = LaneState::Ending,
                    Poll::Ready(bytes) => self.waiting = bytes,
                    Poll::Pending => {
                        ready!(to.poll_send(cx, &Bytes::new()))?;
                        return Poll::Pending;
                    }
                },
                LaneState::Ending => {
                    ready!(to.poll_finish(cx))?;
                    self.state = LaneState::Done;
                }
                LaneState::Done => return Poll::Ready(Ok(())),
            }
        }
    }
}

/// Bytes that went through a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moved {
    /// From the client.
    pub(crate) up: u64,
    /// To the client.
    pub(crate) down: u64,
}

/// Joins two ends until both have ended, one of them breaks, nothing moves for too long, or the process stops.
pub(crate) async fn join(client: &mut dyn TunnelEnd, upstream: &mut dyn TunnelEnd, bounds: &mut TunnelBounds) -> Moved {
    let (mut up, mut down) = (Lane::default(), Lane::default());
    let mut timer = Timer::default();
    let mut deadline = after(bounds.idle);
    let mut moved = 0;
    poll_fn(|cx| {
        let both = [up.poll(client, upstream, cx), down.poll(upstream, client, cx)];
        let is_over = both.iter().any(|lane| matches!(lane, Poll::Ready(Err(_)))) || both.iter().all(Poll::is_ready);
        if is_over || bounds.stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if up.count + down.count != moved {
            moved = up.count + down.count;
            deadline = after(bounds.idle);
        }
        timer.poll(cx, deadline)
    })
    .await;
    Moved {
        up: up.count,
        down: down.count,
    }
}

#[cfg(test)]
mod tests;
