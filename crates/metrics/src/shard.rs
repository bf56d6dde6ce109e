//! One copy of a structure for each worker, so that counting touches memory that no other worker writes.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Shards that structures made from now on get.
static SHARDS: AtomicUsize = AtomicUsize::new(1);

thread_local! {
    static CURRENT: Cell<usize> = const { Cell::new(0) };
}

/// Structures made from now on have at least `count` shards. To be called before the threads that use them start.
pub fn expect_shards(count: usize) {
    SHARDS.fetch_max(count, Ordering::Relaxed);
}

/// The calling thread counts in shard `at` from now on; threads that never say so share the first one.
pub fn enter_shard(at: usize) {
    CURRENT.set(at);
}

/// Padded so that two workers never share a cache line, nor a pair of lines fetched together.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Padded<T>(T);

/// A structure of counters, once for each worker.
#[derive(Debug)]
pub struct Sharded<T> {
    /// Never empty: the first shard stands apart.
    first: Padded<T>,
    others: Box<[Padded<T>]>,
}

impl<T> Sharded<T> {
    /// As many shards as there are workers, each made by `make`.
    pub fn new(make: impl Fn() -> T) -> Self {
        Self {
            first: Padded(make()),
            others: (1..SHARDS.load(Ordering::Relaxed)).map(|_| Padded(make())).collect(),
        }
    }

    /// The calling thread's shard.
    pub fn mine(&self) -> &T {
        let at = CURRENT.get();
        match at.checked_sub(1).and_then(|at| self.others.get(at)) {
            Some(shard) => &shard.0,
            None => &self.first.0,
        }
    }

    /// All shards, to be summed.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first.0).chain(self.others.iter().map(|shard| &shard.0))
    }

    /// The sum of one number over all shards.
    pub fn sum(&self, number: impl Fn(&T) -> u64) -> u64 {
        self.iter().map(number).fold(0, u64::wrapping_add)
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
    use crate::Counter;

    #[test]
    fn every_thread_counts_in_its_own_shard_and_the_sum_is_exact() {
        expect_shards(4);
        let counters: Arc<Sharded<Counter>> = Arc::default();
        let threads: Vec<_> = (0..6)
            .map(|at| {
                let counters = Arc::clone(&counters);
                thread::spawn(move || {
                    enter_shard(at);
                    for _ in 0..1000 {
                        counters.mine().one();
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        // Two threads are more than there are shards and use the first one.
        let counts: Vec<u64> = counters.iter().map(Counter::get).collect();
        assert_eq!(counts, [3000, 1000, 1000, 1000]);
        assert_eq!(counters.sum(Counter::get), 6000);
    }
}
