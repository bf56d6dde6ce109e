//! Sources (onramps): where events enter. A source drives itself; it is never polled.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use temblor_config::Settings;
use temblor_event::{Insight, InsightKind, Uid};
use temblor_metrics::Metrics;
use temblor_value::Str;
use tokio::sync::Notify;

use crate::activity::Activity;
use crate::exit::Exit;
use crate::ids::SourceIx;
use crate::reload::Reload;
use crate::shared::FlowCell;
use crate::shutdown::Shutdown;
use crate::sockets::Sockets;
use crate::worker::Workers;

/// A source cannot be started.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// What a source instance is given.
#[derive(Clone)]
pub struct SourceCx {
    /// Its position in the registry.
    pub ix: SourceIx,
    /// Its uid.
    pub uid: Uid,
    /// Its own name, port included (spec/artefacts.md 1.3).
    pub url: String,
    /// Name of this machine, for origins.
    pub hostname: Str,
    /// The current links.
    pub flow: Arc<FlowCell>,
    /// Feedback.
    pub control: Arc<SourceControl>,
    /// Threads of the data path.
    pub workers: Arc<Workers>,
    /// Tells when to stop.
    pub shutdown: Shutdown,
    /// Counts connections and loose work for the drain.
    pub activity: Activity,
    /// Asks for the end of the process.
    pub exit: Exit,
    /// Tells when files may have changed.
    pub reload: Reload,
    /// Where to listen.
    pub sockets: Sockets,
    /// Where what it counts can be read.
    pub metrics: Metrics,
    /// What the process as a whole is set to.
    pub settings: Arc<Settings>,
}

/// A source that was built (bound, opened) and not started yet.
pub trait Source: Send {
    /// Starts taking in events. Called once, when something is linked to `out`.
    fn start(self: Box<Self>) -> Result<(), StartError>;
}

/// What a source does with an insight.
pub type Listener = Box<dyn Fn(&Insight) + Send + Sync>;

/// Where insights reach a source.
#[derive(Default)]
pub struct SourceControl {
    is_paused: AtomicBool,
    resumed: Notify,
    listener: OnceLock<Listener>,
}

impl SourceControl {
    /// Hands every insight to `listener` from now on; for sources of transactional events. A second listener has no effect.
    pub fn listen(&self, listener: Listener) {
        // An error only means that there is a listener already.
        let _ = self.listener.set(listener);
    }

    /// Takes an insight: pause and resume switch the intake (spec/artefacts.md 1.8).
    pub fn take(&self, insight: &Insight) {
        if let Some(listener) = self.listener.get() {
            listener(insight);
        }
        match insight.kind {
            InsightKind::Pause => self.is_paused.store(true, Ordering::Release),
            InsightKind::Resume => {
                self.is_paused.store(false, Ordering::Release);
                self.resumed.notify_waiters();
            }
            _ => {}
        }
    }

    /// Whether the circuit breaker holds the source.
    pub fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Acquire)
    }

    /// Waits until the source may go on.
    pub async fn running(&self) {
        loop {
            let resumed = self.resumed.notified();
            if !self.is_paused() {
                return;
            }
            resumed.await;
        }
    }
}
