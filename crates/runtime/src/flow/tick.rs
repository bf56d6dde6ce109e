//! Ticks: one timer for all pipelines and sinks of the process (spec/operators-and-flow.md A.5).
//!
//! Pipelines to which nothing more is to come get a signal to drain in place of each tick, so that what one lets go can pass the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use temblor_event::Signal;
use temblor_pipeline::outputs::Outputs;
use tokio::time::{MissedTickBehavior, interval};

use super::island::Held;
use super::{Dispatch, Flow, LinksOf};
use crate::clock::now_ns;
use crate::ids::{PipelineIx, SinkIx};
use crate::shared::FlowCell;
use crate::shutdown::{Phase, Shutdown};

/// Time between two ticks.
const TICK: Duration = Duration::from_millis(100);

/// What others may know and want of the ticks.
#[derive(Debug, Default)]
pub(crate) struct Ticks {
    /// Held during a tick. Whoever holds it takes no other lock of the runtime but gates of islands.
    gate: Mutex<()>,
    drains_all: AtomicBool,
}

impl Ticks {
    /// From now on nothing more is to come to any pipeline.
    pub(crate) fn drain_all(&self) {
        self.drains_all.store(true, Ordering::Release);
    }

    /// Calls `look` while there is no tick.
    pub(crate) fn between<R>(&self, look: impl FnOnce() -> R) -> R {
        let _gate = self.gate.lock();
        look()
    }
}

/// Sends ticks until the drain time is over.
pub(crate) async fn run_ticks(cell: Arc<FlowCell>, ticks: Arc<Ticks>, mut shutdown: Shutdown) {
    let mut timer = interval(TICK);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {
                let drains_all = ticks.drains_all.load(Ordering::Acquire);
                ticks.between(|| tick_and_go_on(&cell.load(), now_ns(), drains_all));
            }
            () = shutdown.reached(Phase::Stopped) => return,
        }
    }
}

/// A tick that does not wait for what it causes: the next one comes in time although an upstream is slow.
fn tick_and_go_on(flow: &Arc<Flow>, now_ns: u64, drains_all: bool) {
    for (ix, caused) in tick(flow, now_ns, drains_all) {
        let active = flow.pipeline(ix).map(|node| node.activity.begin());
        tokio::spawn(async move {
            caused.finish().await;
            drop(active);
        });
    }
}

/// Gives a signal to everything; what it causes in an island happens before anything else does there. What is still under way then is given
/// back, by the pipeline it comes from.
pub(super) fn tick(flow: &Arc<Flow>, now_ns: u64, drains_all: bool) -> Vec<(PipelineIx, Dispatch)> {
    let mut outputs = Outputs::new();
    let mut dispatch = Dispatch::detached(Arc::clone(flow));
    let mut caused = Vec::new();
    for at in 0..flow.pipelines.len() {
        let ix = PipelineIx(at as u32);
        let Some(node) = flow.pipeline(ix) else { continue };
        let signal = if drains_all || node.is_leaving {
            Signal::Drain { ingest_ns: now_ns }
        } else {
            Signal::Tick { ingest_ns: now_ns }
        };
        let links = LinksOf { flow, node, depth: 0 };
        let mut held = Held::default();
        held.enter(flow, ix);
        node.with_state(|graph, state| graph.signal(state, signal, &links, &mut outputs));
        dispatch.run.take_results(flow, ix, &mut outputs);
        outputs.clear();
        dispatch.run.run_work_within(flow, &mut held);
        if dispatch.is_pending() {
            let next = Dispatch::detached(Arc::clone(flow));
            caused.push((ix, std::mem::replace(&mut dispatch, next)));
        }
    }
    for at in 0..flow.sinks.len() {
        let ix = SinkIx(at as u32);
        let signal = Signal::Tick { ingest_ns: now_ns };
        let insight = flow.sink(ix).and_then(|node| node.sink.on_signal(signal));
        if let Some(insight) = insight {
            flow.feedback_from_sink(ix, insight);
        }
    }
    caused
}

impl Flow {
    /// Events, or results in the making, that a pipeline holds and that would be lost if it ended now.
    pub(crate) fn held(&self, ix: PipelineIx) -> u64 {
        let Some(node) = self.pipeline(ix).filter(|node| node.state.is_some()) else {
            return 0;
        };
        let mut gate = Held::default();
        gate.enter(self, ix);
        node.with_state(|_, state| state.held())
    }

    /// Ends a pipeline's operators, whoever still knows this flow.
    pub(crate) fn end(&self, ix: PipelineIx) {
        let Some(node) = self.pipeline(ix).filter(|node| node.state.is_some()) else {
            return;
        };
        let mut gate = Held::default();
        gate.enter(self, ix);
        node.with_state(|_, state| state.end());
    }
}
