//! The signal that connections should end (`proxy.md` 2.17).

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

/// How long after an answer, or after it was accepted, a connection does not count as idle in a drain (`proxy.md` 2.17): the next request may be
/// on its way already, and a close would take its answer away.
pub(crate) const BETWEEN_REQUESTS: Duration = Duration::from_secs(1);

/// Starts a drain. Dropping it without starting leaves the connections alone.
#[derive(Debug)]
pub struct DrainTrigger(watch::Sender<bool>);

impl DrainTrigger {
    /// From now on idle connections close and running requests are the last of their connections. Once is enough.
    pub fn start(&self) {
        self.0.send_replace(true);
    }
}

/// Tells connections that a drain has begun.
#[derive(Clone, Debug)]
pub struct Drain(watch::Receiver<bool>);

/// A trigger and the signal it gives.
pub fn drain() -> (DrainTrigger, Drain) {
    let (trigger, signal) = watch::channel(false);
    (DrainTrigger(trigger), Drain(signal))
}

impl Drain {
    /// Has the drain begun?
    pub fn has_started(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the beginning of the drain, for ever if there will be none.
    pub async fn started(mut self) {
        if self.0.wait_for(|started| *started).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until a connection idle since then has to end for the drain.
    pub(crate) async fn over_for(self, since: Instant) {
        self.started().await;
        sleep(BETWEEN_REQUESTS.saturating_sub(since.elapsed())).await;
    }
}

/// The signal as one connection waits for it, again and again: waiting is registered once, after that a wait costs a
/// comparison.
pub(crate) struct DrainWatch {
    signal: Drain,
    started: Pin<Box<dyn Future<Output = ()> + Send>>,
    registered: Option<Waker>,
    has_started: bool,
}

impl DrainWatch {
    pub(crate) fn new(signal: Drain) -> DrainWatch {
        DrainWatch {
            started: Box::pin(signal.clone().started()),
            registered: None,
            has_started: signal.has_started(),
            signal,
        }
    }

    pub(crate) fn has_started(&mut self) -> bool {
        // The version check is one atomic load; the value is behind a lock. It fails once the trigger is gone, and a trigger may
        // go after its start.
        if !self.has_started && self.signal.0.has_changed().unwrap_or(true) {
            self.has_started = self.signal.has_started();
        }
        self.has_started
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_started() {
            return Poll::Ready(());
        }
        if self.registered.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return Poll::Pending;
        }
        let result = self.started.as_mut().poll(cx);
        self.has_started = result.is_ready();
        self.registered = Some(cx.waker().clone());
        result
    }
}
