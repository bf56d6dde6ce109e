//! The life of a server connection: requests come and are answered on streams, independently of each other.
//!
//! All of it is one task. The library's connection moves frames; each stream is a future of its own in a set that polls only those that
//! were woken. They are not tasks: then every frame would wake the connection's task across the scheduler, and a connection that ends would
//! leave them behind. What the streams have written leaves together, in one flush.
//!
//! A connection ends without hurry (`proxy.md` 2.17): it tells the client with GOAWAY, answers what was asked, and closes when the client
//! knows. What breaks the limits of `proxy.md` 2.12 ends at once.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use ::h2::server::{Builder, Connection};
use ::h2::{Ping, PingPong, Reason};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;

use super::frames::FrameCounter;
use super::gauge::{Gauge, Gauged};
use super::stream::{Ended, Streams};
use crate::connection::ConnectionInfo;
use crate::server::{Drain, DrainWatch, Handler, Incoming, PREFACE, ServerConfig, end_of_life};
use crate::timeouts::{after, by, earlier};
use crate::timer::Timer;

/// Resets by the client before an answer within [`RESET_WINDOW`], and streams reset before they were seen.
const MAX_RESETS: u32 = 200;
/// The time in which resets are counted.
const RESET_WINDOW: Duration = Duration::from_secs(10);
/// How long a client may take to answer a ping.
const PONG: Duration = Duration::from_secs(10);
/// How long a client has to show that it has heard of the connection's end; streams that it begins later are refused.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long the last word to a client may take.
const CLOSING: Duration = Duration::from_secs(5);
/// Bytes of one answer that wait to be written although the client has room for them.
const SEND_BUFFER: usize = 64 << 10;

/// Serves a connection until it ends. Errors of the connection end it; nobody is left to be told.
pub(crate) async fn serve<H: Handler>(
    incoming: Incoming,
    info: &ConnectionInfo,
    config: &ServerConfig,
    drain: Drain,
    handler: &H,
) {
    let gauge = Arc::new(Gauge::default());
    let (transport, arrived) = incoming.into_parts();
    let frames = FrameCounter::behind(PREFACE.len());
    let gauged = Gauged::new(transport, arrived, frames, Arc::clone(&gauge));
    let mut connection = tokio::select! {
        biased;
        shaken = handshake(gauged, config) => shaken,
        () = drain.clone().over_for(Instant::now()) => None,
    };
    let streams = Streams { info, config, handler };
    let mut running = FuturesUnordered::new();
    let mut watch = Watch::new(config, drain, end_of_life(config, info), gauge);
    if let Some(connection) = &mut connection {
        watch.pings = config
            .http2
            .ping
            .and_then(|interval| Some(Pings::new(connection.ping_pong()?, interval)));
    }
    poll_fn(|cx| {
        loop {
            while let Poll::Ready(Some(ended)) = running.poll_next_unpin(cx) {
                watch.note(ended);
            }
            let Some(open) = &mut connection else {
                return if running.is_empty() { Poll::Ready(()) } else { Poll::Pending };
            };
            let mut has_new = false;
            let accepted = loop {
                match open.poll_accept(cx) {
                    Poll::Ready(Some(Ok((request, mut respond)))) => {
                        has_new = true;
                        while let Poll::Ready(Some(ended)) = running.poll_next_unpin(cx) {
                            watch.note(ended);
                        }
                        if watch.has_room(running.len()) {
                            watch.requests += 1;
                            running.push(streams.serve(request, respond));
                        } else {
                            respond.send_reset(Reason::REFUSED_STREAM);
                            watch.resets.count();
                        }
                    }
                    other => break other,
                }
            };
            if accepted.is_ready() {
                // Streams that are left learn of it when the connection goes.
                connection = None;
            } else if !has_new {
                match watch.poll(cx, running.is_empty()) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Step::Drain) => open.graceful_shutdown(),
                    Poll::Ready(Step::Close(reason)) => open.abrupt_shutdown(reason),
                    Poll::Ready(Step::Drop) => connection = None,
                }
            }
        }
    })
    .await;
}

async fn handshake(gauged: Gauged, config: &ServerConfig) -> Option<Connection<Gauged, Bytes>> {
    let settings = &config.http2;
    let mut builder = Builder::new();
    builder
        .initial_window_size(settings.stream_window)
        .initial_connection_window_size(settings.connection_window)
        .max_concurrent_streams(settings.max_streams)
        .max_header_list_size(config.limits.head as u32)
        .max_pending_accept_reset_streams(MAX_RESETS as usize)
        .max_send_buffer_size(SEND_BUFFER);
    if settings.extended_connect {
        builder.enable_connect_protocol();
    }
    by(after(config.timeouts.head), builder.handshake(gauged)).await?.ok()
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Tell the client, and end when all is answered.
    Drain,
    /// Tell the client and end.
    Close(Reason),
    /// End; the client takes no word.
    Drop,
}

/// How far a connection's end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// The client was told, at that time.
    Draining(Instant),
    /// It is to be over at that time.
    Closing(Option<Instant>),
}

/// Looks for reasons to end a connection.
struct Watch<'c> {
    config: &'c ServerConfig,
    drain: DrainWatch,
    end_of_life: Option<Instant>,
    gauge: Arc<Gauge>,
    phase: Phase,
    requests: u64,
    wants_close: bool,
    resets: Resets,
    /// When a connection without streams has to end.
    idle_end: Option<Instant>,
    /// The number of requests before it became so; `None` while it is not.
    idle_after: Option<u64>,
    stall: Stall,
    pings: Option<Pings>,
    timer: Timer,
}

impl<'c> Watch<'c> {
    fn new(config: &'c ServerConfig, drain: Drain, end_of_life: Option<Instant>, gauge: Arc<Gauge>) -> Watch<'c> {
        Watch {
            config,
            drain: DrainWatch::new(drain),
            end_of_life,
            gauge,
            phase: Phase::Open,
            requests: 0,
            wants_close: false,
            resets: Resets::default(),
            idle_end: None,
            idle_after: None,
            stall: Stall::default(),
            pings: None,
            timer: Timer::default(),
        }
    }

    /// A stream has ended.
    fn note(&mut self, ended: Ended) {
        match ended {
            Ended::Quietly => {}
            Ended::ByReset => self.resets.count(),
            Ended::WithClose => self.wants_close = true,
        }
    }

    /// May a further stream begin beside so many? What the client reset counts until its work has stopped (`proxy.md` 2.12); and the library
    /// refuses streams in a drain only when the client has answered its ping.
    fn has_room(&self, running: usize) -> bool {
        let is_late = match self.phase {
            Phase::Open => false,
            Phase::Draining(since) => since.elapsed() >= FAREWELL,
            Phase::Closing(_) => true,
        };
        !is_late && running < self.config.http2.max_streams as usize
    }

    /// The next step, as soon as one is due. `is_idle`: no stream is open.
    fn poll(&mut self, cx: &mut Context<'_>, is_idle: bool) -> Poll<Step> {
        if !matches!(self.phase, Phase::Closing(_)) && (self.resets.are_too_many || self.gauge.is_abused()) {
            return self.close(Reason::ENHANCE_YOUR_CALM);
        }
        let stall_end = self.stall.end(self.gauge.blocked_at(), self.config.timeouts.write);
        let deadline = match self.phase {
            Phase::Open => {
                if self.wants_close || self.config.limits.is_used_up(self.requests) || self.drain.poll(cx).is_ready() {
                    return self.start_drain();
                }
                earlier(self.idle_end(is_idle), self.end_of_life)
            }
            // With nothing left to answer and nothing on its way, a client that does not answer has heard enough.
            Phase::Draining(since) if is_idle && stall_end.is_none() => since.checked_add(FAREWELL),
            Phase::Draining(_) => None,
            Phase::Closing(end) => end,
        };
        let ping_end = match &mut self.pings {
            Some(pings) => pings.poll(cx),
            None => None,
        };
        let next = earlier(earlier(deadline, stall_end), ping_end);
        if self.timer.poll(cx, next).is_pending() {
            return Poll::Pending;
        }
        let now = Instant::now();
        let is_over = |end: Option<Instant>| end.is_some_and(|end| now >= end);
        if is_over(stall_end) {
            return Poll::Ready(Step::Drop);
        }
        if is_over(ping_end) && self.pings.as_mut().is_some_and(|pings| !pings.send(now)) {
            return self.close(Reason::NO_ERROR);
        }
        match self.phase {
            Phase::Open if is_over(deadline) => self.start_drain(),
            Phase::Draining(_) if is_over(deadline) => self.close(Reason::NO_ERROR),
            Phase::Closing(_) if is_over(deadline) => Poll::Ready(Step::Drop),
            // A ping was sent: the connection is polled, and then asked again.
            _ => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn start_drain(&mut self) -> Poll<Step> {
        self.phase = Phase::Draining(Instant::now());
        Poll::Ready(Step::Drain)
    }

    fn close(&mut self, reason: Reason) -> Poll<Step> {
        self.phase = Phase::Closing(after(Some(CLOSING)));
        // Whether the client is there is no question any more.
        self.pings = None;
        Poll::Ready(Step::Close(reason))
    }

    fn idle_end(&mut self, is_idle: bool) -> Option<Instant> {
        let idle_after = is_idle.then_some(self.requests);
        if self.idle_after != idle_after {
            self.idle_after = idle_after;
            self.idle_end = idle_after.and_then(|requests| after(self.config.timeouts.idle_after(requests)));
        }
        self.idle_end
    }
}

/// Resets by the client.
#[derive(Debug, Default)]
struct Resets {
    count: u32,
    since: Option<Instant>,
    are_too_many: bool,
}

impl Resets {
    fn count(&mut self) {
        let now = Instant::now();
        let is_recent = self
            .since
            .is_some_and(|since| now.saturating_duration_since(since) < RESET_WINDOW);
        if !is_recent {
            self.since = Some(now);
            self.count = 0;
        }
        self.count += 1;
        self.are_too_many |= self.count > MAX_RESETS;
    }
}

/// A client that takes nothing of what is written.
#[derive(Debug, Default)]
struct Stall {
    at: Option<u64>,
    end: Option<Instant>,
}

impl Stall {
    /// When it has lasted too long.
    fn end(&mut self, blocked_at: Option<u64>, patience: Option<Duration>) -> Option<Instant> {
        if self.at != blocked_at {
            self.at = blocked_at;
            self.end = blocked_at.and_then(|_| after(patience));
        }
        self.end
    }
}

/// Asks the client now and then whether it is there.
struct Pings {
    library: PingPong,
    interval: Duration,
    /// When the next ping is due, or the answer to the last one.
    due: Option<Instant>,
    is_waiting: bool,
}

impl Pings {
    fn new(library: PingPong, interval: Duration) -> Pings {
        Pings {
            library,
            interval,
            due: after(Some(interval)),
            is_waiting: false,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Option<Instant> {
        if self.is_waiting && self.library.poll_pong(cx).is_ready() {
            self.is_waiting = false;
            self.due = after(Some(self.interval));
        }
        self.due
    }

    /// Sends a ping; false if the one before is without answer.
    fn send(&mut self, now: Instant) -> bool {
        if self.is_waiting {
            return false;
        }
        self.is_waiting = self.library.send_ping(Ping::opaque()).is_ok();
        self.due = now.checked_add(if self.is_waiting { PONG } else { self.interval });
        true
    }
}
