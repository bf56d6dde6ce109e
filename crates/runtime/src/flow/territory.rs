//! What lies behind the outputs of a pipeline, for balancers (spec/proxy.md 4.1, *Territory*): nodes of linked pipelines, and sinks, but
//! nothing behind a sink's responses.

use std::collections::HashSet;

use temblor_event::Uid;
use temblor_pipeline::port::{InputId, OutputId};
use temblor_pipeline::territory::Reach;

use super::{Flow, Target};
use crate::ids::PipelineIx;

/// The links of one pipeline.
struct ReachOf<'a> {
    flow: &'a Flow,
    pipeline: PipelineIx,
}

impl Reach for ReachOf<'_> {
    fn behind(&self, output: OutputId) -> Vec<Uid> {
        let mut uids = Vec::new();
        self.flow.follow(self.pipeline, output, &mut HashSet::new(), &mut uids);
        uids
    }
}

impl Flow {
    /// Tells all balancers what lies behind their outputs. Part of building a flow.
    pub(crate) fn tell_territories(&self) {
        for (at, node) in self.pipelines.iter().enumerate() {
            let pipeline = PipelineIx(at as u32);
            node.graph.tell_territories(&ReachOf { flow: self, pipeline });
        }
    }

    fn follow(&self, ix: PipelineIx, output: OutputId, seen: &mut HashSet<(u32, InputId)>, uids: &mut Vec<Uid>) {
        let Some(node) = self.pipeline(ix) else { return };
        for target in node.outputs.get(usize::from(output.0)).into_iter().flatten() {
            match target {
                Target::Source(_) => {}
                Target::Sink(sink, _) => uids.extend(self.sink(*sink).map(|node| node.uid)),
                Target::Pipeline(entry) => {
                    let Some(input) = entry.input.filter(|input| seen.insert((entry.pipeline.0, *input))) else {
                        continue;
                    };
                    let Some(next) = self.pipeline(entry.pipeline) else { continue };
                    let (nodes, outputs) = next.graph.reached_from(input);
                    uids.extend(nodes);
                    for output in outputs {
                        self.follow(entry.pipeline, output, seen, uids);
                    }
                }
            }
        }
    }
}
