//! Counts what is still under way, so that a drain knows when nothing is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

#[derive(Debug, Default)]
struct Inner {
    count: AtomicUsize,
    emptied: Notify,
}

/// A counter of connections and loose work. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Activity(Arc<Inner>);

/// One thing under way; it is over when this is dropped.
#[derive(Debug)]
pub struct Active(Arc<Inner>);

impl Activity {
    /// Counts one more.
    pub fn begin(&self) -> Active {
        self.0.count.fetch_add(1, Ordering::AcqRel);
        Active(Arc::clone(&self.0))
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
        if self.0.count.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.emptied.notify_waiters();
        }
    }
}
