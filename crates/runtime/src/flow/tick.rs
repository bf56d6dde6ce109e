//! Ticks: one timer for all pipelines and sinks of the process (spec/operators-and-flow.md A.5).

use std::sync::Arc;
use std::time::Duration;

use temblor_event::Signal;
use temblor_pipeline::outputs::Outputs;
use tokio::time::{MissedTickBehavior, interval};

use super::island::Held;
use super::{Dispatch, Flow, LinksOf};
use crate::activity::Activity;
use crate::clock::now_ns;
use crate::ids::{PipelineIx, SinkIx};
use crate::shared::FlowCell;
use crate::shutdown::{Phase, Shutdown};

/// Time between two ticks.
const TICK: Duration = Duration::from_millis(100);

/// Sends ticks until the drain time is over.
pub async fn run_ticks(cell: Arc<FlowCell>, mut shutdown: Shutdown, activity: Activity) {
    let mut timer = interval(TICK);
    timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {
                let caused = tick(&cell.load(), Signal::Tick { ingest_ns: now_ns() });
                if caused.is_pending() {
                    // The next tick does not wait for an upstream.
                    let active = activity.begin();
                    tokio::spawn(async move {
                        caused.finish().await;
                        drop(active);
                    });
                }
            }
            () = shutdown.reached(Phase::Stopped) => return,
        }
    }
}

/// Gives a signal to everything; what it causes in an island happens before anything else does there.
pub(super) fn tick(flow: &Arc<Flow>, signal: Signal) -> Dispatch {
    let mut outputs = Outputs::new();
    let mut dispatch = Dispatch::detached(Arc::clone(flow));
    for at in 0..flow.pipelines.len() {
        let ix = PipelineIx(at as u32);
        let Some(node) = flow.pipeline(ix) else { continue };
        let links = LinksOf { flow, node, depth: 0 };
        let mut held = Held::default();
        held.enter(flow, ix);
        node.with_state(|graph, state| graph.signal(state, signal, &links, &mut outputs));
        dispatch.run.take_results(flow, ix, &mut outputs);
        outputs.clear();
        dispatch.run.run_work_within(flow, &mut held);
    }
    for at in 0..flow.sinks.len() {
        let ix = SinkIx(at as u32);
        let insight = flow.sink(ix).and_then(|node| node.sink.on_signal(signal));
        if let Some(insight) = insight {
            flow.feedback_from_sink(ix, insight);
        }
    }
    dispatch
}
