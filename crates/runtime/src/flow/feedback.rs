//! Insights on their way back (spec/operators-and-flow.md A.6).
//!
//! Feedback stops at linked sinks: an insight never goes back into a sink that fed a pipeline with a response. A walk stays in the island it
//! began in, since it follows links between pipelines only, and happens under the island's gate.

use temblor_event::{Insight, InsightKind};
use temblor_pipeline::port::NodeId;

use super::island::Held;
use super::{Feeder, Flow};
use crate::ids::{PipelineIx, SinkIx};

/// Pipelines an insight passes at most; more means a cycle of links.
const MAX_HOPS: u8 = 16;

impl Flow {
    /// Gives an insight of a sink to all pipelines that feed it; operators tell their own by the marks. No gate may be held.
    pub(crate) fn feedback_from_sink(&self, sink: SinkIx, insight: Insight) {
        let Some(node) = self.sink(sink) else { return };
        let Some((last, first)) = node.feeders.split_last() else {
            return;
        };
        let mut held = Held::default();
        for feeder in first {
            held.enter(self, *feeder);
            self.walk(*feeder, None, insight.clone(), 0);
        }
        held.enter(self, *last);
        self.walk(*last, None, insight, 0);
    }

    /// Walks an insight that a node raised back through the nodes before it and the pipelines before its own. The island's gate must be held.
    pub(super) fn feedback_through(&self, pipeline: PipelineIx, raised_by: NodeId, insight: Insight) {
        self.walk(pipeline, Some(raised_by), insight, 0);
    }

    fn walk(&self, pipeline: PipelineIx, raised_by: Option<NodeId>, mut insight: Insight, hops: u8) {
        let Some(node) = self.pipeline(pipeline) else { return };
        node.with_state(|graph, state| graph.feedback(state, raised_by, &mut insight));
        if insight.kind == InsightKind::None || hops >= MAX_HOPS {
            return;
        }
        for feeder in &node.feeders {
            match feeder {
                Feeder::Source(ix) => {
                    if let Some(source) = self.source(*ix) {
                        source.control.take(&insight);
                    }
                }
                Feeder::Pipeline(before) => self.walk(*before, None, insight.clone(), hops + 1),
            }
        }
    }
}
