//! Insights on their way back (spec/operators-and-flow.md A.6).
//!
//! Feedback stops at linked sinks: an insight never goes back into a sink that fed a pipeline with a response. No lock is held from one
//! pipeline to the next.

use temblor_event::{Insight, InsightKind};
use temblor_pipeline::port::NodeId;

use super::{Feeder, Flow};
use crate::ids::{PipelineIx, SinkIx};

/// Pipelines an insight passes at most; more means a cycle of links.
const MAX_HOPS: u8 = 16;

impl Flow {
    /// Gives an insight of a sink to all pipelines that feed it; operators tell their own by the marks.
    pub(crate) fn feedback_from_sink(&self, sink: SinkIx, insight: Insight) {
        let Some(node) = self.sink(sink) else { return };
        let Some((last, first)) = node.feeders.split_last() else {
            return;
        };
        for feeder in first {
            self.walk(*feeder, None, insight.clone(), 0);
        }
        self.walk(*last, None, insight, 0);
    }

    /// Walks an insight back through a pipeline; one raised by a node of it is offered to the nodes before that one only.
    pub(crate) fn feedback_through(&self, pipeline: PipelineIx, raised_by: Option<NodeId>, insight: Insight) {
        self.walk(pipeline, raised_by, insight, 0);
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
