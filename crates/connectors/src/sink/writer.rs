//! The thread that writes for a sink: events leave in the order in which they were submitted, and no worker waits for a slow disk or a
//! full pipe.
//!
//! Submitting never waits and never loses: bytes go to a buffer, and while that is too full, submitting gives a future that ends when
//! there is room. The thread takes the whole buffer at a time, writes it and flushes, so that every event is flushed. Acknowledgements
//! are given after that.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use temblor_event::{Insight, InsightKind};
use temblor_runtime::clock::now_ns;
use temblor_runtime::sink::{Delivery, Exchange, Reply, Withdrawal};
use temblor_runtime::source::StartError;
use tokio::sync::{Notify, oneshot};

/// Bytes in the buffer above which submitters wait.
const ROOM: usize = 1 << 20;
/// How long closing waits for the last bytes to be written.
const LAST_WRITE: Duration = Duration::from_secs(5);

/// The submitting side. Dropping it closes it.
pub(super) struct Writer(Arc<Shared>);

struct Shared {
    /// For logs.
    url: String,
    state: Mutex<State>,
    /// There is something to do for the thread, or it has ended.
    changed: Condvar,
    /// The buffer was taken.
    taken: Notify,
}

#[derive(Default)]
struct State {
    buffer: Vec<u8>,
    /// Events in it.
    events: usize,
    /// Events that the thread is writing.
    in_hand: usize,
    /// Those who want to know what became of what they put into the buffer.
    waiting: Vec<oneshot::Sender<bool>>,
    is_closed: bool,
    has_ended: bool,
}

impl Writer {
    /// Starts the thread; `name` tells it apart from others.
    pub(super) fn start(name: &str, url: String, output: impl Write + Send + 'static) -> Result<Self, StartError> {
        let shared = Arc::new(Shared {
            url,
            state: Mutex::default(),
            changed: Condvar::new(),
            taken: Notify::new(),
        });
        let of_thread = Arc::clone(&shared);
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || of_thread.run(output))
            .map_err(|error| StartError(format!("cannot start a thread: {error}")))?;
        Ok(Self(shared))
    }

    /// Tells how many events are not written yet, as long as anybody wants to know.
    pub(super) fn queue(&self) -> impl Fn() -> usize + Send + Sync + use<> {
        let shared = Arc::clone(&self.0);
        move || {
            let state = shared.state.lock();
            state.events + state.in_hand
        }
    }

    /// Takes the bytes of an event. `ack`: the feedback to give when they are written; it becomes a failure if they cannot be.
    pub(super) fn submit(&self, bytes: &[u8], ack: Option<Insight>) -> Delivery {
        let mut state = self.0.state.lock();
        if state.is_closed {
            drop(state);
            tracing::warn!(target: "tremor_runtime::offramp", "[Sink::{}] an event came after the end", self.0.url);
            return Delivery::done(ack.map(|ack| judged(ack, false)));
        }
        let was_idle = state.buffer.is_empty() && state.waiting.is_empty();
        state.buffer.extend_from_slice(bytes);
        state.events += 1;
        let is_full = state.buffer.len() > ROOM;
        let result = ack.as_ref().map(|_| {
            let (sender, receiver) = oneshot::channel();
            state.waiting.push(sender);
            receiver
        });
        drop(state);
        if was_idle {
            self.0.changed.notify_all();
        }
        match (ack, result) {
            (Some(ack), Some(result)) => Delivery::Exchange(Exchange {
                about: Some(ack.clone()),
                future: Box::pin(async move {
                    let is_written = result.await.unwrap_or(false);
                    Reply {
                        insight: Some(judged(ack, is_written)),
                        ..Reply::default()
                    }
                }),
                answers: false,
                withdrawal: Withdrawal::Never,
            }),
            _ if is_full => {
                let shared = Arc::clone(&self.0);
                Delivery::Exchange(Exchange {
                    future: Box::pin(async move {
                        shared.room().await;
                        Reply::default()
                    }),
                    answers: false,
                    withdrawal: Withdrawal::Always,
                    about: None,
                })
            }
            _ => Delivery::Queued,
        }
    }

    /// Takes nothing more and waits, for a bounded time, until everything is written.
    pub(super) fn close(&self) {
        let mut state = self.0.state.lock();
        state.is_closed = true;
        self.0.changed.notify_all();
        let timed_out = self
            .0
            .changed
            .wait_while_for(&mut state, |state| !state.has_ended, LAST_WRITE)
            .timed_out();
        if timed_out {
            tracing::error!(target: "tremor_runtime::offramp", "[Sink::{}] not everything could be written", self.0.url);
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.0.state.lock().is_closed = true;
        self.0.changed.notify_all();
    }
}

impl Shared {
    async fn room(&self) {
        loop {
            let taken = self.taken.notified();
            tokio::pin!(taken);
            taken.as_mut().enable();
            if self.state.lock().buffer.len() <= ROOM {
                return;
            }
            taken.await;
        }
    }

    fn run(&self, mut output: impl Write) {
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let mut state = self.state.lock();
            state.in_hand = 0;
            while state.buffer.is_empty() && state.waiting.is_empty() && !state.is_closed {
                self.changed.wait(&mut state);
            }
            if state.buffer.is_empty() && state.waiting.is_empty() {
                state.has_ended = true;
                drop(state);
                self.changed.notify_all();
                return;
            }
            std::mem::swap(&mut state.buffer, &mut bytes);
            state.in_hand = std::mem::take(&mut state.events);
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            self.taken.notify_waiters();
            let is_written = self.write(&mut output, &bytes);
            for one in waiting {
                // Nobody may wait any more.
                let _ = one.send(is_written);
            }
        }
    }

    fn write(&self, output: &mut impl Write, bytes: &[u8]) -> bool {
        let result: io::Result<()> = output.write_all(bytes).and_then(|()| output.flush());
        if let Err(error) = &result {
            tracing::error!(target: "tremor_runtime::offramp", "[Sink::{}] cannot write: {error}", self.url);
        }
        result.is_ok()
    }
}

fn judged(mut ack: Insight, is_written: bool) -> Insight {
    ack.ingest_ns = now_ns();
    if !is_written {
        ack.kind = InsightKind::Fail;
    }
    ack
}

#[cfg(test)]
mod tests;
