//! One copy of a structure for each worker, so that counting touches memory that no other worker writes.
//!
//! Worker N counts in shard N + 1, in which no other thread of its process counts; all threads that are no workers share shard 0. That a worker
//! is alone is what lets it count without atomic additions.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::counter::{Presence, Present};

/// Workers for which structures made from now on have shards.
static WORKERS: AtomicUsize = AtomicUsize::new(0);

/// The shard of threads that are no workers.
const SHARED: usize = 0;

thread_local! {
    static CURRENT: Cell<usize> = const { Cell::new(SHARED) };
}

/// Structures made from now on have shards for so many workers. To be called before the workers start.
pub fn expect_workers(count: usize) {
    WORKERS.fetch_max(count, Ordering::Relaxed);
}

/// The calling thread counts as worker `at` from now on. No other thread may do so for the same structures.
pub fn count_as_worker(at: usize) {
    CURRENT.set(at + 1);
}

/// Whether the calling thread has its shards for itself.
pub(crate) fn is_alone() -> bool {
    CURRENT.get() != SHARED
}

/// Padded so that two workers never share a cache line, nor a pair of lines fetched together.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T>(T);

/// A structure of counters, once for each worker and once for all others.
#[derive(Debug)]
pub struct Sharded<T> {
    shared: Padded<T>,
    workers: Box<[Padded<T>]>,
}

impl<T> Sharded<T> {
    /// Shards for all workers, each made by `make`.
    pub fn new(make: impl Fn() -> T) -> Self {
        Self {
            shared: Padded(make()),
            workers: (0..WORKERS.load(Ordering::Relaxed)).map(|_| Padded(make())).collect(),
        }
    }

    /// The calling thread's shard.
    pub fn mine(&self) -> &T {
        let worker = CURRENT.get().wrapping_sub(1);
        match self.workers.get(worker) {
            Some(shard) => &shard.0,
            None => &self.shared.0,
        }
    }

    /// All shards, to be summed.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.shared.0).chain(self.workers.iter().map(|shard| &shard.0))
    }

    /// The sum of one number over all shards.
    pub fn sum(&self, number: impl Fn(&T) -> u64) -> u64 {
        self.iter().map(number).fold(0, u64::wrapping_add)
    }

    /// What came and stayed, over all shards.
    pub fn present(&self, of: impl Fn(&T) -> &Presence) -> Present {
        Present::sum(|| self.iter().map(&of))
    }
}

impl<T: Default> Default for Sharded<T> {
    fn default() -> Self {
        Self::new(T::default)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;
    use crate::Tally;

    #[test]
    fn workers_count_alone_and_others_together_and_the_sum_is_exact() {
        expect_workers(3);
        let tallies: Arc<Sharded<Tally>> = Arc::default();
        let threads: Vec<_> = [Some(0), None, Some(1), None, Some(2), None]
            .into_iter()
            .map(|worker| {
                let tallies = Arc::clone(&tallies);
                thread::spawn(move || {
                    if let Some(at) = worker {
                        count_as_worker(at);
                    }
                    for _ in 0..10_000 {
                        tallies.mine().one();
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        let counts: Vec<u64> = tallies.iter().map(Tally::get).collect();
        assert_eq!(counts, [30_000, 10_000, 10_000, 10_000]);
        assert_eq!(tallies.sum(Tally::get), 60_000);
    }

    #[test]
    fn what_comes_here_may_go_elsewhere() {
        expect_workers(3);
        let things: Arc<Sharded<Presence>> = Arc::default();
        things.mine().come();
        things.mine().come();
        let elsewhere = Arc::clone(&things);
        let going = thread::spawn(move || {
            count_as_worker(1);
            elsewhere.mine().go();
        });
        going.join().unwrap();
        assert_eq!(things.present(|thing| thing), Present { ever: 2, now: 1 });
    }
}
