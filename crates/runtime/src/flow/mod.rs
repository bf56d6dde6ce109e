//! Flows: which instances are linked, and how an event travels through them.
//!
//! A [`Flow`] is immutable. It is built from the registry whenever links change; sources pick up the new one with their next event.

mod body;
mod dispatch;
mod feedback;
mod island;
mod territory;
#[cfg(test)]
mod tests;
mod tick;

use std::sync::Arc;

use parking_lot::Mutex;
use temblor_event::Uid;
use temblor_pipeline::graph::{Graph, Links, PipelineState};
use temblor_pipeline::port::{InputId, OutputId};
use temblor_script::MetaPaths;
use temblor_value::Str;

pub(crate) use body::{Cause, Found, need_of};
pub use dispatch::{Dispatch, Outcome, Trace};
pub use island::Island;
pub(crate) use tick::{Ticks, run_ticks};

use crate::activity::Activity;
use crate::ids::{PipelineIx, SinkIx, SourceIx};
use crate::need::BodyNeed;
use crate::ramp_metrics::RampMetrics;
use crate::sink::{OutputNames, Sink, SinkPort};
use crate::source::SourceControl;

/// A port of a pipeline that events are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The pipeline.
    pub pipeline: PipelineIx,
    /// The port's name.
    pub port: Str,
    /// The input of that name; `None`: the query has none, and events are lost with an error.
    pub input: Option<InputId>,
}

/// Where events go from an output of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A pipeline.
    Pipeline(Entry),
    /// A sink, at the named port.
    Sink(SinkIx, Str),
    /// A source: the event is a reply.
    Source(SourceIx),
}

/// A source in a flow.
pub struct SourceNode {
    /// Its uid.
    pub uid: Uid,
    /// Pipelines on `out`.
    pub out: Vec<Entry>,
    /// Pipelines on `err`.
    pub err: Vec<Entry>,
    /// Pipelines on `unanswered`.
    pub unanswered: Vec<Entry>,
    /// Where feedback goes.
    pub control: Arc<SourceControl>,
    /// Replies leave with their original bytes where nobody replaced the value.
    pub passes_bodies: bool,
    /// What reachable programs need of its bodies.
    pub need: BodyNeed,
    /// Counters, if the artefact reports them.
    pub(crate) metrics: Option<Arc<RampMetrics>>,
}

/// Who feeds a pipeline, for feedback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feeder {
    /// A source.
    Source(SourceIx),
    /// Another pipeline.
    Pipeline(PipelineIx),
}

/// A pipeline in a flow.
pub struct PipelineNode {
    /// Canonical URL, for logs.
    pub url: Str,
    /// Its graph.
    pub graph: Arc<Graph>,
    /// Targets by output, in link order.
    pub outputs: Vec<Vec<Target>>,
    /// Who feeds it. Responses of linked sinks do not count: insights never travel there.
    pub feeders: Vec<Feeder>,
    /// State of its stateful nodes; `None` for a parallel pipeline.
    pub state: Option<Arc<Mutex<PipelineState>>>,
    /// The island it lies in; `None` if neither it nor any pipeline linked to it keeps state.
    pub island: Option<Arc<Island>>,
    /// Nothing more is to come to it, and it is to let go of what it holds.
    pub is_leaving: bool,
    /// Counts what its ticks have under way.
    pub(crate) activity: Activity,
}

/// A sink in a flow.
pub struct SinkNode {
    /// Its uid.
    pub uid: Uid,
    /// The sink.
    pub sink: Arc<dyn Sink>,
    /// Pipelines on `out`.
    pub out: Vec<Entry>,
    /// Pipelines on `err`.
    pub err: Vec<Entry>,
    /// Pipelines that feed it.
    pub feeders: Vec<PipelineIx>,
    /// Sends untouched bodies on with their original bytes instead of looking at the value.
    pub passes_bodies: bool,
    /// What reachable programs need of its responses' bodies.
    pub response_need: BodyNeed,
    /// Metadata of its responses that reachable programs may look at.
    pub response_meta: MetaPaths,
    /// Counters, if the artefact reports them.
    pub(crate) metrics: Option<Arc<RampMetrics>>,
}

impl SinkNode {
    fn linked(&self, port: SinkPort) -> &[Entry] {
        match port {
            SinkPort::Out => &self.out,
            SinkPort::Err => &self.err,
        }
    }
}

/// All instances and their links at one moment, by position.
#[derive(Default)]
pub struct Flow {
    pub(crate) sources: Vec<SourceNode>,
    pub(crate) pipelines: Vec<PipelineNode>,
    pub(crate) sinks: Vec<SinkNode>,
    /// Where metrics of sources, pipelines and sinks go (spec/operators-and-flow.md C.3).
    pub(crate) metrics: Option<Entry>,
}

impl Flow {
    /// A source.
    pub fn source(&self, ix: SourceIx) -> Option<&SourceNode> {
        self.sources.get(ix.0 as usize)
    }

    /// A pipeline.
    pub fn pipeline(&self, ix: PipelineIx) -> Option<&PipelineNode> {
        self.pipelines.get(ix.0 as usize)
    }

    /// A sink.
    pub fn sink(&self, ix: SinkIx) -> Option<&SinkNode> {
        self.sinks.get(ix.0 as usize)
    }

    /// Computes the body need of every entry. Part of building a flow.
    pub(crate) fn compute_needs(&mut self) {
        let sources: Vec<BodyNeed> = self.sources.iter().map(|source| need_of(self, &source.out).need).collect();
        for (source, need) in self.sources.iter_mut().zip(sources) {
            source.need = need;
        }
        let sinks: Vec<Found> = self.sinks.iter().map(|sink| need_of(self, &sink.out)).collect();
        for (sink, found) in self.sinks.iter_mut().zip(sinks) {
            sink.response_need = found.need;
            sink.response_meta = found.meta;
        }
    }
}

impl OutputNames for Flow {
    fn output_name(&self, balancer: Uid, index: u32) -> Option<Str> {
        let mut pipelines = self.pipelines.iter();
        pipelines
            .find_map(|node| node.graph.output_name(balancer, index))
            .map(Str::new)
    }
}

impl PipelineNode {
    /// Runs `call` with the pipeline's state. The gate of its island must be held.
    fn with_state<R>(&self, call: impl FnOnce(&Graph, &mut PipelineState) -> R) -> R {
        match &self.state {
            Some(state) => call(&self.graph, &mut state.lock()),
            None => call(&self.graph, &mut PipelineState::default()),
        }
    }
}

/// The links of one pipeline, as its balancers see them.
struct LinksOf<'a> {
    flow: &'a Flow,
    node: &'a PipelineNode,
    /// Pipelines already passed on this question, so that a cycle ends (and counts as available).
    depth: u8,
}

/// Pipelines a question for availability passes at most; more means a cycle.
const MAX_DEPTH: u8 = 16;

impl Links for LinksOf<'_> {
    fn is_available(&self, output: OutputId, at_ns: u64) -> bool {
        let targets = self.node.outputs.get(usize::from(output.0)).map_or(&[][..], Vec::as_slice);
        targets.is_empty() || targets.iter().any(|target| self.target_is_available(target, at_ns))
    }
}

impl LinksOf<'_> {
    fn target_is_available(&self, target: &Target, at_ns: u64) -> bool {
        match target {
            Target::Source(_) => true,
            Target::Sink(ix, _) => self.flow.sink(*ix).is_none_or(|node| node.sink.is_available()),
            Target::Pipeline(entry) => {
                let (Some(node), Some(input)) = (self.flow.pipeline(entry.pipeline), entry.input) else {
                    return true;
                };
                // A serial pipeline's operators count as available (spec/proxy.md 4.1), and asking must take no lock.
                let behind = LinksOf {
                    flow: self.flow,
                    node,
                    depth: self.depth + 1,
                };
                self.depth >= MAX_DEPTH || node.graph.is_available(input, &behind, at_ns)
            }
        }
    }
}
