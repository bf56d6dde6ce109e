//! How running parts learn that they must end (spec/proxy.md 2.17).

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
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

    fn phase(&self) -> Phase {
        *self.0.borrow()
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

/// The side that decides for the whole process and so for each of its parts. Its lock is never held while anything is opened or written, so
/// that an end can always be decided.
#[derive(Debug, Default)]
pub(crate) struct WholeShutdown(Mutex<Whole>);

#[derive(Debug, Default)]
struct Whole {
    sender: ShutdownSender,
    parts: Vec<Weak<ShutdownSender>>,
}

impl WholeShutdown {
    /// A receiver of the process's phase.
    pub(crate) fn receiver(&self) -> Shutdown {
        self.0.lock().sender.receiver()
    }

    /// The present phase.
    pub(crate) fn phase(&self) -> Phase {
        self.0.lock().sender.phase()
    }

    /// The sender of a new part: in the process's phase, and following it as long as the part keeps it.
    pub(crate) fn part(&self) -> Arc<ShutdownSender> {
        let mut whole = self.0.lock();
        let part = Arc::new(ShutdownSender::default());
        part.advance(whole.sender.phase());
        whole.parts.retain(|part| part.strong_count() > 0);
        whole.parts.push(Arc::downgrade(&part));
        part
    }

    /// Moves the process and all its parts on to `phase`; never back.
    pub(crate) fn advance(&self, phase: Phase) {
        let whole = self.0.lock();
        whole.sender.advance(phase);
        for part in whole.parts.iter().filter_map(Weak::upgrade) {
            part.advance(phase);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_in_the_phase_of_the_process_whenever_they_were_made() {
        let whole = WholeShutdown::default();
        let early = whole.part();
        whole.advance(Phase::Draining);
        let late = whole.part();
        let phases = || [whole.phase(), early.receiver().phase(), late.receiver().phase()];
        assert_eq!(phases(), [Phase::Draining; 3]);
        early.advance(Phase::Undeployed);
        whole.advance(Phase::Stopped);
        assert_eq!(phases(), [Phase::Stopped, Phase::Undeployed, Phase::Stopped]);
    }
}
