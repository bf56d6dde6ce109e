//! Insights on their way back (spec/operators-and-flow.md A.6).
//!
//! Feedback stops at linked sinks: an insight never goes back into a sink that fed a pipeline with a response. A walk stays in the island it
//! began in, since it follows links between pipelines only, and happens under the island's gate.

use temblor_event::{Claim, Insight, InsightKind};
use temblor_pipeline::port::NodeId;

use super::island::Held;
use super::{Feeder, Flow};
use crate::ids::{PipelineIx, SinkIx};

/// Pipelines an insight passes at most; more means a cycle of links.
const MAX_HOPS: u8 = 16;

/// A failure that an operator takes upon itself.
pub(crate) struct Claimed {
    /// The operator's pipeline.
    pub(crate) pipeline: PipelineIx,
    /// The operator.
    pub(crate) node: NodeId,
    /// What it sends.
    pub(crate) claim: Claim,
}

impl Flow {
    /// Gives an insight of a sink to all pipelines that feed it; operators tell their own by the marks. No gate may be held.
    pub(crate) fn feedback_from_sink(&self, sink: SinkIx, insight: Insight) -> Option<Claimed> {
        self.feedback_within(&mut Held::default(), sink, insight)
    }

    /// The same by somebody who may hold a gate: it is let go only for pipelines of another island, so that nobody overtakes what is still to
    /// be delivered.
    pub(super) fn feedback_within<'f>(&'f self, held: &mut Held<'f>, sink: SinkIx, insight: Insight) -> Option<Claimed> {
        let (last, first) = self.sink(sink)?.feeders.split_last()?;
        let mut claimed = None;
        for feeder in first {
            held.enter(self, *feeder);
            claimed = claimed.or(self.walk(*feeder, None, insight.clone(), 0));
        }
        held.enter(self, *last);
        claimed.or(self.walk(*last, None, insight, 0))
    }

    /// Walks an insight that a node raised back through the nodes before it and the pipelines before its own. The island's gate must be held.
    pub(super) fn feedback_through(&self, pipeline: PipelineIx, raised_by: NodeId, insight: Insight) {
        // What no sink made can be claimed by nobody.
        self.walk(pipeline, Some(raised_by), insight, 0);
    }

    fn walk(&self, pipeline: PipelineIx, raised_by: Option<NodeId>, mut insight: Insight, hops: u8) -> Option<Claimed> {
        let node = self.pipeline(pipeline)?;
        let claimed_by = node.with_state(|graph, state| graph.feedback(state, raised_by, &mut insight));
        let mut claimed = claimed_by
            .zip(insight.claim.take())
            .map(|(node, claim)| Claimed { pipeline, node, claim });
        let is_breaker = matches!(insight.kind, InsightKind::Pause | InsightKind::Resume);
        if claimed.is_some() {
            insight.repeatable_until_ns = None;
        }
        let goes_on = if claimed.is_some() {
            is_breaker
        } else {
            insight.kind != InsightKind::None || insight.repeatable_until_ns.is_some()
        };
        if !goes_on || hops >= MAX_HOPS {
            return claimed;
        }
        for feeder in &node.feeders {
            match feeder {
                Feeder::Source(ix) => {
                    if let Some(source) = self.source(*ix)
                        && insight.kind != InsightKind::None
                    {
                        source.control.take(&insight);
                    }
                }
                Feeder::Pipeline(before) => claimed = claimed.or(self.walk(*before, None, insight.clone(), hops + 1)),
            }
        }
        claimed
    }
}
