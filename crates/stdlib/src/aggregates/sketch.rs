//! The quantile sketch of `dds` (spec/stdlib.md 8.2), a `DDSketch` of relative accuracy 0.01.
//!
//! Bucket `k` holds the values above `g^(k-1)` up to and including `g^k`; values up to [`SMALLEST`] have a bucket of their own below
//! all others. The number of buckets is bounded: the lowest are collapsed into one.

use std::collections::BTreeMap;

const ACCURACY: f64 = 0.01;
const GROWTH: f64 = 1.0 + 2.0 * ACCURACY / (1.0 - ACCURACY);
const SMALLEST: f64 = 1e-9;
const MOST_BUCKETS: i32 = 2048;

/// Statistics of numbers that are not negative.
#[derive(Clone, Debug, Default)]
pub(super) struct Sketch {
    buckets: BTreeMap<i32, u64>,
    zeros: u64,
    count: u64,
    sum: f64,
    range: Option<(f64, f64)>,
}

impl Sketch {
    /// Takes in one number, which must not be negative.
    pub(super) fn add(&mut self, number: f64) {
        self.count += 1;
        self.sum += number;
        self.widen(number, number);
        if number > SMALLEST {
            *self.buckets.entry(bucket(number)).or_default() += 1;
            self.collapse();
        } else {
            self.zeros += 1;
        }
    }

    /// Takes in all numbers of another sketch.
    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.zeros += other.zeros;
        if let Some((low, high)) = other.range {
            self.widen(low, high);
        }
        for (key, count) in &other.buckets {
            *self.buckets.entry(*key).or_default() += count;
        }
        self.collapse();
    }

    fn widen(&mut self, low: f64, high: f64) {
        self.range = Some(self.range.map_or((low, high), |(min, max)| (min.min(low), max.max(high))));
    }

    /// Adds the buckets that are too far below the highest to the lowest one that may stay.
    fn collapse(&mut self) {
        let (Some((&first, _)), Some((&last, _))) = (self.buckets.first_key_value(), self.buckets.last_key_value()) else {
            return;
        };
        let lowest = last.saturating_sub(MOST_BUCKETS - 1);
        if first < lowest {
            let kept = self.buckets.split_off(&lowest);
            let collapsed: u64 = std::mem::replace(&mut self.buckets, kept).into_values().sum();
            *self.buckets.entry(lowest).or_default() += collapsed;
        }
    }

    /// How many numbers were taken in.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Their exact sum.
    pub(super) fn sum(&self) -> f64 {
        self.sum
    }

    /// Smallest and largest of them, exact; nothing if there are none.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    /// The number below which the share `share` (0 to 1) of all numbers lies; 0 if there are none.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let Some((min, max)) = self.range else { return 0.0 };
        if share <= 0.0 {
            return min;
        }
        if share >= 1.0 {
            return max;
        }
        let rank = (share * (self.count - 1) as f64 + 1.0).floor() as u64;
        let mut total = self.zeros;
        if total >= rank {
            return 0.0_f64.clamp(min, max);
        }
        for (key, count) in &self.buckets {
            total += count;
            if total >= rank {
                let estimate = 2.0 * (f64::from(*key) * GROWTH.ln()).exp() / (1.0 + GROWTH);
                return estimate.clamp(min, max);
            }
        }
        max
    }
}

fn bucket(number: f64) -> i32 {
    (number.ln() / GROWTH.ln()).ceil() as i32
}
