//! How running parts learn that they must end (spec/proxy.md 2.17).

use tokio::sync::watch;

/// Phases of a part's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Takes in work.
    Running,
    /// Finishes what it has.
    Draining,
    /// The drain time is over.
    Stopped,
    /// The same for this part alone: the process goes on.
    Undeployed,
}

/// The side that decides.
#[derive(Debug)]
pub struct ShutdownSender(watch::Sender<Phase>);

/// The side that obeys; cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Receiver<Phase>);

impl Default for ShutdownSender {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Running))
    }
}

impl ShutdownSender {
    /// A receiver.
    pub fn receiver(&self) -> Shutdown {
        Shutdown(self.0.subscribe())
    }

    /// Moves on to `phase`; never back.
    pub fn advance(&self, phase: Phase) {
        self.0.send_if_modified(|present| {
            let is_later = phase > *present;
            if is_later {
                *present = phase;
            }
            is_later
        });
    }
}

impl Shutdown {
    /// The present phase.
    pub fn phase(&self) -> Phase {
        *self.0.borrow()
    }

    /// Whether the phase is another one than when this side was made. Costs an atomic load, unlike [`Shutdown::phase`].
    pub fn has_moved(&self) -> bool {
        // An error means that the sender is gone, and then nothing may be waited for any more.
        self.0.has_changed().unwrap_or(true)
    }

    /// Waits until `phase` or a later one. Also resolves when the deciding side is gone.
    pub async fn reached(&mut self, phase: Phase) {
        // An error means that the sender is gone, and then nothing may be waited for any more.
        let _ = self.0.wait_for(|present| *present >= phase).await;
    }
}
