//! Islands: pipelines that are linked to each other and of which at least one keeps state.
//!
//! Events pass an island in one total order, from the first of its pipelines to the sinks behind the last. Whoever runs something in
//! it holds the island's gate. Invariants: one gate is held at a time, never across an await; the lock of a pipeline's state is taken
//! under the gate only, so nobody ever waits for it.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::{Flow, Target};
use crate::ids::PipelineIx;

/// The gate of an island.
#[derive(Debug, Default)]
pub struct Island(Mutex<()>);

/// The gate that a run holds, if any.
#[derive(Default)]
pub(super) struct Held<'f> {
    gate: Option<(&'f Arc<Island>, MutexGuard<'f, ()>)>,
}

impl<'f> Held<'f> {
    /// Holds the gate of the pipeline's island, and no other.
    pub(super) fn enter(&mut self, flow: &'f Flow, ix: PipelineIx) {
        let island = flow.pipeline(ix).and_then(|node| node.island.as_ref());
        let is_held = match (&self.gate, island) {
            (Some((held, _)), Some(wanted)) => Arc::ptr_eq(held, wanted),
            _ => false,
        };
        if !is_held {
            self.leave();
            self.gate = island.map(|island| (island, island.0.lock()));
        }
    }

    /// Lets go.
    pub(super) fn leave(&mut self) {
        self.gate = None;
    }
}

impl Flow {
    /// Puts the pipelines that are linked to each other into islands. Part of building a flow.
    pub(crate) fn compute_islands(&mut self) {
        let count = self.pipelines.len();
        let mut leader: Vec<usize> = (0..count).collect();
        for at in 0..count {
            for target in self.pipelines[at].outputs.iter().flatten() {
                // The pipeline of metrics is linked to all, and would make one island of them.
                if let Target::Pipeline(entry) = target
                    && self.metrics.as_ref().is_none_or(|metrics| metrics.pipeline != entry.pipeline)
                {
                    join(&mut leader, at, entry.pipeline.0 as usize);
                }
            }
        }
        let leaders: Vec<usize> = (0..count).map(|at| leader_of(&leader, at)).collect();
        let mut islands: Vec<Option<Arc<Island>>> = vec![None; count];
        for (at, node) in self.pipelines.iter().enumerate() {
            if node.state.is_some() {
                islands[leaders[at]].get_or_insert_default();
            }
        }
        for (at, node) in self.pipelines.iter_mut().enumerate() {
            node.island.clone_from(&islands[leaders[at]]);
        }
    }
}

fn leader_of(leader: &[usize], mut at: usize) -> usize {
    while leader[at] != at {
        at = leader[at];
    }
    at
}

fn join(leader: &mut [usize], one: usize, other: usize) {
    let (one, other) = (leader_of(leader, one), leader_of(leader, other));
    leader[one.max(other)] = one.min(other);
}
