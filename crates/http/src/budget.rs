//! The process's memory for bodies that are read before they go on (`proxy.md` 3.3 and 7, `memory.buffers`).
//!
//! One number for all artefacts, since memory is one. Bodies so small that 65,536 of them fit do not count: a shared counter would cost
//! every small request more than it protects.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

/// The budget of this process. Without limit until one is set.
pub static BUFFERS: Budget = Budget::new();

/// How many bodies that do not count fit into a budget.
const UNCOUNTED: u64 = 65_536;

/// Bytes that may be held together.
#[derive(Debug)]
pub struct Budget {
    limit: AtomicU64,
    held: AtomicU64,
}

/// The budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsedUp;

impl Budget {
    /// Without limit.
    pub const fn new() -> Budget {
        Budget {
            limit: AtomicU64::new(u64::MAX),
            held: AtomicU64::new(0),
        }
    }

    /// From now on at most so many bytes; 0: no limit.
    pub fn limit_to(&self, bytes: u64) {
        let limit = if bytes == 0 { u64::MAX } else { bytes };
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Bytes held at present.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Room for a body that is about to be read.
    pub(crate) fn hold(&'static self) -> Held {
        Held { budget: self, bytes: 0 }
    }

    fn limit(&self) -> u64 {
        self.limit.load(Ordering::Relaxed)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget::new()
    }
}

/// A body's part of the budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: &'static Budget,
    bytes: u64,
}

impl Held {
    /// The body has grown to so many bytes.
    pub(crate) fn grow_to(&mut self, bytes: u64) -> Result<(), UsedUp> {
        let limit = self.budget.limit();
        if bytes <= self.bytes || bytes <= limit / UNCOUNTED {
            return Ok(());
        }
        let more = bytes - self.bytes;
        let before = self.budget.held.fetch_add(more, Ordering::Relaxed);
        self.bytes = bytes;
        // What is beyond the limit goes back when this is dropped.
        if before.saturating_add(more) > limit {
            Err(UsedUp)
        } else {
            Ok(())
        }
    }

    /// The complete body, which keeps its part as long as anybody has bytes of it.
    pub(crate) fn keep_for(self, body: Bytes) -> Bytes {
        if self.bytes == 0 {
            return body;
        }
        Bytes::from_owner(Counted { body, _held: self })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

struct Counted {
    body: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(bytes: u64) -> &'static Budget {
        let budget = Box::leak(Box::new(Budget::new()));
        budget.limit_to(bytes);
        budget
    }

    fn held(budget: &Budget) -> u64 {
        budget.held.load(Ordering::Relaxed)
    }

    #[test]
    fn bodies_share_a_budget_and_give_it_back_with_their_last_byte() {
        let budget = budget(100);
        let mut first = budget.hold();
        assert!(first.grow_to(40).is_ok() && first.grow_to(60).is_ok() && first.grow_to(50).is_ok());
        let body = first.keep_for(Bytes::from(vec![1; 60]));
        let part = body.slice(3..4);
        drop(body);
        assert_eq!(held(budget), 60);
        let mut second = budget.hold();
        assert_eq!(second.grow_to(40), Ok(()));
        assert_eq!(second.grow_to(41), Err(UsedUp));
        drop(second);
        assert_eq!(held(budget), 60);
        drop(part);
        assert_eq!(held(budget), 0);
    }

    #[test]
    fn small_bodies_do_not_count() {
        let budget = budget(10 * UNCOUNTED);
        let mut small = budget.hold();
        assert!(small.grow_to(10).is_ok());
        assert_eq!(held(budget), 0);
        let bytes = Bytes::from_static(b"small");
        assert_eq!(small.keep_for(bytes.clone()).as_ptr(), bytes.as_ptr());
        let mut large = budget.hold();
        assert!(large.grow_to(11).is_ok());
        assert_eq!(held(budget), 11);
    }

    #[test]
    fn without_limit_nothing_is_refused() {
        let budget = budget(0);
        let mut large = budget.hold();
        assert!(large.grow_to(u64::MAX / 2).is_ok());
    }
}
