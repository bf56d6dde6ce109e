//! Numbers that only grow.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::shard::is_alone;

/// A count of things that happened, or a sum, that any thread adds to. Wraps around after 2^64.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts one.
    pub fn one(&self) {
        self.add(1);
    }

    /// Adds.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// The present number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A [`Counter`] within a shard ([`crate::Sharded::mine`]): a worker is alone there, and pays no more than for a plain number.
#[derive(Debug, Default)]
pub struct Tally(AtomicU64);

impl Tally {
    /// Counts one.
    pub fn one(&self) {
        self.add(1);
    }

    /// Adds.
    pub fn add(&self, more: u64) {
        if is_alone() {
            self.0
                .store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
        } else {
            self.0.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// The present number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
