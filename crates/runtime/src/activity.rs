//! Counts what is still under way, so that a drain knows when nothing is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

#[derive(Debug, Default)]
struct Inner {
    count: AtomicUsize,
    emptied: Notify,
    /// What is counted here is counted there too.
    whole: Option<Activity>,
}

/// A counter of connections and loose work. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Activity(Arc<Inner>);

/// One thing under way; it is over when this is dropped.
#[derive(Debug)]
pub struct Active {
    part: Arc<Inner>,
    _whole: Option<Box<Active>>,
}

impl Activity {
    /// A counter of a part: what it counts counts here as well.
    #[must_use]
    pub fn part(&self) -> Self {
        Self(Arc::new(Inner {
            whole: Some(self.clone()),
            ..Inner::default()
        }))
    }

    /// Counts one more.
    pub fn begin(&self) -> Active {
        self.0.count.fetch_add(1, Ordering::AcqRel);
        Active {
            part: Arc::clone(&self.0),
            _whole: self.0.whole.as_ref().map(|whole| Box::new(whole.begin())),
        }
    }

    /// How many are under way.
    pub fn count(&self) -> usize {
        self.0.count.load(Ordering::Acquire)
    }

    /// Waits until nothing is under way.
    pub async fn ended(&self) {
        loop {
            let emptied = self.0.emptied.notified();
            tokio::pin!(emptied);
            emptied.as_mut().enable();
            if self.count() == 0 {
                return;
            }
            emptied.await;
        }
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        if self.part.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.part.emptied.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_counts_for_the_whole_and_ends_alone() {
        let whole = Activity::default();
        let (one, other) = (whole.part(), whole.part());
        let (first, second) = (one.begin(), other.begin());
        assert_eq!((whole.count(), one.count(), other.count()), (2, 1, 1));
        drop(first);
        one.ended().await;
        assert_eq!((whole.count(), other.count()), (1, 1));
        drop(second);
        whole.ended().await;
    }
}
