//! Two connections joined after an upgrade (`proxy.md` 2.9): what one side sends the other gets, until both have ended.
//!
//! Knows no protocol: an engine gives its connection as a [`TunnelEnd`]. Everything runs in the task that waits.
//!
//! Where one direction breaks the other one still delivers what it has: the last words of a side that went may stand there. Then both ends
//! hand on what they keep, and all of that in bounded time.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};

use crate::timeouts::after;
use crate::timer::Timer;

/// How long a broken tunnel goes on delivering without getting anywhere.
const PARTING: Duration = Duration::from_secs(3);

/// One end of a tunnel.
pub trait TunnelEnd: Send {
    /// The next bytes; empty at the end of the other side's sending.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>>;

    /// Sends some of the bytes and says how many. What the end itself keeps back leaves with the next call of either sending function,
    /// so an empty text flushes.
    fn poll_send(&mut self, cx: &mut Context<'_>, bytes: &Bytes) -> Poll<io::Result<usize>>;

    /// Ends the sending direction.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Waits until what was sent would outlive the end. Nothing is sent or finished afterwards.
    fn poll_delivered(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
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
    Broken,
}

impl Lane {
    /// Ready at the end, which may be a break.
    fn poll(&mut self, from: &mut dyn TunnelEnd, to: &mut dyn TunnelEnd, cx: &mut Context<'_>) -> Poll<()> {
        if !self.is_broken() && ready!(self.poll_steps(from, to, cx)).is_err() {
            self.state = LaneState::Broken;
        }
        Poll::Ready(())
    }

    fn is_broken(&self) -> bool {
        self.state == LaneState::Broken
    }

    /// Is there something that waits for the receiver?
    fn is_delivering(&self) -> bool {
        match self.state {
            LaneState::Open => !self.waiting.is_empty(),
            LaneState::Ending => true,
            LaneState::Done | LaneState::Broken => false,
        }
    }

    fn poll_steps(&mut self, from: &mut dyn TunnelEnd, to: &mut dyn TunnelEnd, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
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
                LaneState::Done | LaneState::Broken => return Poll::Ready(Ok(())),
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
    let mut patience = bounds.idle;
    let mut deadline = after(patience);
    let (mut moved, mut was_broken) = (0, false);
    let is_broken = poll_fn(|cx| {
        let both = [up.poll(client, upstream, cx), down.poll(upstream, client, cx)];
        let is_broken = up.is_broken() || down.is_broken();
        if both.iter().all(Poll::is_ready) || is_broken && !up.is_delivering() && !down.is_delivering() {
            return Poll::Ready(is_broken);
        }
        if bounds.stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(false);
        }
        if is_broken && !was_broken {
            patience = Some(patience.map_or(PARTING, |idle| idle.min(PARTING)));
        }
        if up.count + down.count != moved || is_broken != was_broken {
            moved = up.count + down.count;
            was_broken = is_broken;
            deadline = after(patience);
        }
        timer.poll(cx, deadline).map(|()| is_broken)
    })
    .await;
    if is_broken {
        part(client, upstream, bounds).await;
    }
    Moved {
        up: up.count,
        down: down.count,
    }
}

/// Has both ends of a broken tunnel deliver what was sent.
async fn part(client: &mut dyn TunnelEnd, upstream: &mut dyn TunnelEnd, bounds: &mut TunnelBounds) {
    let mut timer = Timer::default();
    let deadline = after(Some(PARTING));
    poll_fn(|cx| {
        let both = [client.poll_delivered(cx), upstream.poll_delivered(cx)];
        if both.iter().all(Poll::is_ready) || bounds.stopped.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        timer.poll(cx, deadline)
    })
    .await;
}

#[cfg(test)]
mod tests;
