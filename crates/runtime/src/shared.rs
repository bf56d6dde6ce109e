//! The current flow, behind an atomic pointer: a change of links is seen by the next event.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::flow::Flow;

/// Holder of the current flow.
pub struct FlowCell(ArcSwap<Flow>);

impl Default for FlowCell {
    fn default() -> Self {
        Self(ArcSwap::from_pointee(Flow::default()))
    }
}

impl FlowCell {
    /// The current flow.
    pub fn load(&self) -> Arc<Flow> {
        self.0.load_full()
    }

    /// Whether `flow` is the current one. Cheaper than loading it: this touches no memory that others write.
    pub fn is(&self, flow: &Arc<Flow>) -> bool {
        Arc::ptr_eq(&self.0.load(), flow)
    }

    /// Puts a new flow in place; events that are under way stay with theirs.
    pub fn store(&self, flow: Arc<Flow>) {
        self.0.store(flow);
    }
}
