//! The current flow, behind an atomic pointer: a change of links is seen by the next event.

use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::flow::Flow;

/// Holder of the current flow.
pub struct FlowCell {
    current: ArcSwap<Flow>,
    changed: Notify,
    /// Flows before the current one, as long as something may be under way by them.
    former: Mutex<Vec<Weak<Flow>>>,
}

impl Default for FlowCell {
    fn default() -> Self {
        Self {
            current: ArcSwap::from_pointee(Flow::default()),
            changed: Notify::new(),
            former: Mutex::default(),
        }
    }
}

impl FlowCell {
    /// The current flow.
    pub fn load(&self) -> Arc<Flow> {
        self.current.load_full()
    }

    /// Whether `flow` is the current one. Cheaper than loading it: this touches no memory that others write.
    pub fn is(&self, flow: &Arc<Flow>) -> bool {
        Arc::ptr_eq(&self.current.load(), flow)
    }

    /// Puts a new flow in place; events that are under way stay with theirs.
    pub fn store(&self, flow: Arc<Flow>) {
        let before = self.current.swap(flow);
        let mut former = self.former.lock();
        former.retain(|flow| flow.strong_count() > 0);
        former.push(Arc::downgrade(&before));
        drop(former);
        drop(before);
        self.changed.notify_waiters();
    }

    /// Waits until `flow` is no longer the current one; for those who would hold it while they wait for something else.
    pub async fn changed_from(&self, flow: &Arc<Flow>) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if !self.is(flow) {
                return;
            }
            changed.await;
        }
    }

    /// Whether something may still be under way by links that are no longer the current ones.
    pub(crate) fn has_former(&self) -> bool {
        self.former.lock().iter().any(|flow| flow.strong_count() > 0)
    }
}
