//! What interrupts a waiting request: its deadline, and the end of the process or of its onramp.
//!
//! One alarm serves requests of a connection one after the other; streams at the same time have one each. Moving its timer to a later time costs an atomic, and the wait for the
//! end is registered once per task, so neither is felt on the normal path.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use parking_lot::Mutex;
use temblor_runtime::shutdown::{Phase, Shutdown};
use tokio::time::{Instant, Sleep, sleep_until};

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interruption {
    /// The deadline passed.
    Deadline,
    /// The drain time is over.
    Stopped,
    /// That of the onramp alone.
    Undeployed,
}

struct Inner {
    timer: Pin<Box<Sleep>>,
    shutdown: Shutdown,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
    registered: Option<Waker>,
    /// The end has come. Streams of HTTP/2 may begin after it, with an alarm that has rung already.
    has_ended: bool,
}

/// See the module's documentation.
pub(crate) struct Alarm {
    inner: Mutex<Inner>,
}

impl Alarm {
    /// An alarm for the requests of one connection, one at a time.
    pub(crate) fn new(shutdown: Shutdown) -> Self {
        let mut waiting = shutdown.clone();
        Self {
            inner: Mutex::new(Inner {
                timer: Box::pin(sleep_until(Instant::now())),
                shutdown,
                stopped: Box::pin(async move { waiting.reached(Phase::Stopped).await }),
                registered: None,
                has_ended: false,
            }),
        }
    }

    /// Waits for the deadline or the end of the process or onramp.
    pub(crate) async fn wait(&self, deadline: Instant) -> Interruption {
        poll_fn(|cx| self.inner.lock().poll(cx, deadline)).await
    }
}

impl Inner {
    fn poll(&mut self, cx: &mut Context<'_>, deadline: Instant) -> Poll<Interruption> {
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        if self.timer.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Interruption::Deadline);
        }
        if self.has_ended {
            return Poll::Ready(self.end());
        }
        let is_registered = self.registered.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if is_registered && !self.shutdown.has_moved() {
            return Poll::Pending;
        }
        if !is_registered {
            self.registered = Some(cx.waker().clone());
        }
        ready!(self.stopped.as_mut().poll(cx));
        self.has_ended = true;
        Poll::Ready(self.end())
    }

    fn end(&self) -> Interruption {
        match self.shutdown.phase() {
            Phase::Undeployed => Interruption::Undeployed,
            Phase::Running | Phase::Draining | Phase::Stopped => Interruption::Stopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use temblor_runtime::shutdown::ShutdownSender;
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_with_the_process() {
        let sender = ShutdownSender::default();
        let alarm = Alarm::new(sender.receiver());
        let far = Instant::now() + Duration::from_hours(1);
        let end = async {
            yield_now().await;
            sender.advance(Phase::Draining);
            yield_now().await;
            sender.advance(Phase::Stopped);
        };
        let (interruption, ()) = tokio::join!(alarm.wait(far), end);
        assert_eq!(interruption, Interruption::Stopped);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_with_the_onramp() {
        let sender = ShutdownSender::default();
        let alarm = Alarm::new(sender.receiver());
        sender.advance(Phase::Draining);
        sender.advance(Phase::Undeployed);
        let far = Instant::now() + Duration::from_hours(1);
        for _ in 0..2 {
            assert_eq!(alarm.wait(far).await, Interruption::Undeployed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_wait_has_its_own_deadline() {
        let sender = ShutdownSender::default();
        let alarm = Alarm::new(sender.receiver());
        for seconds in [5, 1, 3] {
            let begin = Instant::now();
            assert_eq!(alarm.wait(begin + Duration::from_secs(seconds)).await, Interruption::Deadline);
            assert_eq!(begin.elapsed().as_secs(), seconds);
        }
    }
}
