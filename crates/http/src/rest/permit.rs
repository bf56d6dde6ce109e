//! Bounded numbers: open tunnels (spec/proxy.md 2.2).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Slots of one artefact's instance.
#[derive(Debug)]
pub(crate) struct Permits {
    taken: AtomicUsize,
    limit: usize,
}

/// A taken slot; given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit(Arc<Permits>);

impl Permits {
    /// `limit` free slots.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            taken: AtomicUsize::new(0),
            limit,
        })
    }

    /// Takes a slot; `None` if there is none.
    pub(crate) fn try_acquire(self: &Arc<Self>) -> Option<Permit> {
        let take = |taken: usize| (taken < self.limit).then_some(taken + 1);
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Relaxed, take).ok()?;
        Some(Permit(Arc::clone(self)))
    }

    /// Taken slots.
    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_bounded_and_come_back() {
        let permits = Permits::new(2);
        let first = permits.try_acquire();
        let second = permits.try_acquire();
        assert!(first.is_some() && second.is_some());
        assert!(permits.try_acquire().is_none());
        drop(first);
        assert!(permits.try_acquire().is_some());
    }
}
