//! Durations in buckets of fixed bounds (`proxy.md` 6.3).
//!
//! Counted in whole nanoseconds, so that finding a bucket compares integers and sums are exact.

use std::sync::Arc;
use std::time::Duration;

use crate::{Sharded, Tally};

/// The bounds of the specification, in seconds.
const DEFAULT_S: [f64; 18] = [
    0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
];

/// Upper bounds of buckets, in seconds, ascending; above the last one there is one more bucket. A clone is a reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Buckets(Arc<Bounds>);

#[derive(Debug, PartialEq)]
struct Bounds {
    seconds: Vec<f64>,
    nanoseconds: Vec<u64>,
}

impl Bounds {
    fn of(seconds: Vec<f64>) -> Self {
        Self {
            nanoseconds: seconds.iter().map(|bound| (bound * 1e9).round() as u64).collect(),
            seconds,
        }
    }
}

impl Buckets {
    /// Buckets with these bounds in seconds; `None` unless there is at least one, all are finite and above 0, and each is above the one
    /// before, by a nanosecond at least.
    pub fn new(seconds: Vec<f64>) -> Option<Self> {
        let bounds = Bounds::of(seconds);
        let is_good = bounds.seconds.iter().all(|bound| bound.is_finite())
            && bounds.nanoseconds.first().is_some_and(|first| *first > 0)
            && bounds.nanoseconds.is_sorted_by(|one, next| one < next);
        is_good.then(|| Self(Arc::new(bounds)))
    }

    /// The bounds in seconds.
    pub fn seconds(&self) -> &[f64] {
        &self.0.seconds
    }

    /// The bucket of a duration: the first whose bound is not below it.
    fn of(&self, ns: u64) -> usize {
        self.0.nanoseconds.partition_point(|bound| *bound < ns)
    }

    fn count(&self) -> usize {
        self.0.nanoseconds.len() + 1
    }
}

impl Default for Buckets {
    fn default() -> Self {
        Self(Arc::new(Bounds::of(DEFAULT_S.to_vec())))
    }
}

/// A distribution of durations, sharded.
#[derive(Debug)]
pub struct Histogram {
    buckets: Buckets,
    shards: Sharded<Shard>,
}

#[derive(Debug)]
struct Shard {
    counts: Box<[Tally]>,
    sum_ns: Tally,
}

impl Histogram {
    /// An empty one.
    pub fn new(buckets: &Buckets) -> Self {
        let shard = || Shard {
            counts: (0..buckets.count()).map(|_| Tally::default()).collect(),
            sum_ns: Tally::default(),
        };
        Self {
            shards: Sharded::new(shard),
            buckets: buckets.clone(),
        }
    }

    /// Counts a duration.
    pub fn observe(&self, duration: Duration) {
        let ns = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let shard = self.shards.mine();
        shard.counts[self.buckets.of(ns)].one();
        shard.sum_ns.add(ns);
    }

    /// What was counted so far. Taken while others count, the sum may be ahead of the counts by what is being counted.
    pub fn snapshot(&self) -> Snapshot {
        let counts = (0..self.buckets.count()).map(|at| self.shards.sum(|shard| shard.counts[at].get()));
        Snapshot {
            counts: counts.collect(),
            buckets: self.buckets.clone(),
            sum_s: self.shards.sum(|shard| shard.sum_ns.get()) as f64 / 1e9,
        }
    }
}

/// A distribution at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) buckets: Buckets,
    /// By bucket, not cumulated.
    pub(crate) counts: Vec<u64>,
    pub(crate) sum_s: f64,
}

impl Snapshot {
    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds another one with the same bounds.
    pub(crate) fn merge(&mut self, other: &Snapshot) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.sum_s += other.sum_s;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_counts_in_the_first_bucket_it_does_not_exceed() {
        let buckets = Buckets::new(vec![0.001, 0.01]).unwrap();
        let histogram = Histogram::new(&buckets);
        for ns in [0, 1_000_000, 1_000_001, 10_000_000, 10_000_001, u64::MAX / 4] {
            histogram.observe(Duration::from_nanos(ns));
        }
        let snapshot = histogram.snapshot();
        assert_eq!(snapshot.counts, [2, 2, 2]);
        assert_eq!(snapshot.count(), 6);
    }

    #[test]
    fn the_sum_is_in_seconds() {
        let histogram = Histogram::new(&Buckets::default());
        histogram.observe(Duration::from_millis(1500));
        histogram.observe(Duration::from_millis(250));
        assert_eq!(histogram.snapshot().sum_s, 1.75);
    }

    #[test]
    fn bounds_ascend_and_are_positive() {
        assert!(Buckets::new(vec![0.5, 1.0]).is_some());
        for bad in [
            vec![],
            vec![0.0],
            vec![-1.0],
            vec![1.0, 1.0],
            vec![2.0, 1.0],
            vec![f64::NAN],
            vec![1.0, f64::INFINITY],
        ] {
            assert!(Buckets::new(bad.clone()).is_none(), "{bad:?}");
        }
    }
}
