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

/// Things that come and go, counted within a shard; a thing may go in another shard than it came in. Read with [`crate::Sharded::present`].
#[derive(Debug, Default)]
pub struct Presence {
    come: Tally,
    gone: Tally,
}

impl Presence {
    /// One more is there.
    pub fn come(&self) {
        self.come.one();
    }

    /// One has gone.
    pub fn go(&self) {
        self.gone.one();
    }
}

/// How many things came and stayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Present {
    /// All that ever came.
    pub ever: u64,
    /// Those that are there.
    pub now: u64,
}

impl Present {
    /// The sums over all shards.
    pub(crate) fn sum<'a, I: Iterator<Item = &'a Presence>>(shards: impl Fn() -> I) -> Self {
        // What has gone first: a thing that comes and goes meanwhile must not make the difference negative.
        let gone = shards().fold(0, |sum: u64, shard| sum.wrapping_add(shard.gone.get()));
        let ever = shards().fold(0, |sum: u64, shard| sum.wrapping_add(shard.come.get()));
        Self {
            ever,
            now: ever.saturating_sub(gone),
        }
    }
}
