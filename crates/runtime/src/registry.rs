//! Definitions by id and running instances by position; what a [`Flow`] is built from.

use std::sync::Arc;

use parking_lot::Mutex;
use temblor_config::{ArtefactKind, ArtefactUrl, BindingEntry, Link, OfframpEntry, OnrampEntry, OnrampPort, PlaceholderValues};
use temblor_event::Uid;
use temblor_metrics::{Collect, Page};
use temblor_pipeline::Query;
use temblor_pipeline::graph::{Graph, Mode, PipelineState};
use temblor_script::MetaPaths;
use temblor_value::Str;

use crate::activity::Activity;
use crate::facts::RampFacts;
use crate::flow::{Entry, Feeder, Flow, PipelineNode, SinkNode, SourceNode, Target};
use crate::ids::{PipelineIx, SinkIx, SourceIx};
use crate::need::BodyNeed;
use crate::ramp_metrics::RampMetrics;
use crate::shutdown::ShutdownSender;
use crate::sink::Sink;
use crate::source::{Source, SourceControl};

/// Id of the pipeline that gets all metrics.
pub(crate) const METRICS_PIPELINE: &str = "system::metrics";
/// Id of the pipeline that does nothing.
pub(crate) const PASSTHROUGH: &str = "system::passthrough";
/// Name of the instances that are always there.
pub(crate) const SYSTEM: &str = "system";

/// Published definitions, in order of publication.
#[derive(Default)]
pub(crate) struct Repository {
    pub(crate) onramps: Vec<(ArtefactUrl, OnrampEntry)>,
    pub(crate) offramps: Vec<(ArtefactUrl, OfframpEntry)>,
    pub(crate) pipelines: Vec<(ArtefactUrl, Arc<Query>)>,
    pub(crate) bindings: Vec<(ArtefactUrl, BindingEntry)>,
}

/// The definition of an artefact.
pub(crate) fn find<'a, T>(list: &'a [(ArtefactUrl, T)], url: &ArtefactUrl) -> Option<&'a T> {
    let wanted = url.without_instance();
    list.iter().find(|(known, _)| *known == wanted).map(|(_, entry)| entry)
}

pub(crate) struct SourceInstance {
    pub(crate) url: ArtefactUrl,
    pub(crate) uid: Uid,
    pub(crate) control: Arc<SourceControl>,
    pub(crate) passes_bodies: bool,
    pub(crate) needs_err: bool,
    pub(crate) facts: RampFacts,
    /// `None`: it is gone.
    pub(crate) metrics: Option<Arc<RampMetrics>>,
    /// Opened and not started yet.
    pub(crate) waiting: Option<Box<dyn Source>>,
    /// Tells it alone when to stop.
    pub(crate) shutdown: Arc<ShutdownSender>,
    /// What it has under way.
    pub(crate) activity: Activity,
}

impl SourceInstance {
    /// What stands at its position before it is made.
    pub(crate) fn vacant(&self) -> Self {
        Self {
            url: self.url.clone(),
            control: Arc::clone(&self.control),
            facts: self.facts.clone(),
            metrics: None,
            waiting: None,
            shutdown: Arc::clone(&self.shutdown),
            activity: self.activity.clone(),
            ..*self
        }
    }

    /// It was undeployed, or is not there yet; there is only its position.
    pub(crate) fn is_gone(&self) -> bool {
        self.metrics.is_none()
    }
}

pub(crate) struct PipelineInstance {
    pub(crate) url: ArtefactUrl,
    /// What it is an instance of.
    pub(crate) query: Arc<Query>,
    pub(crate) graph: Arc<Graph>,
    pub(crate) state: Option<Arc<Mutex<PipelineState>>>,
    /// What it counts, to be read.
    pub(crate) numbers: Arc<PipelineNumbers>,
    /// Nothing more is to come to it.
    pub(crate) is_leaving: bool,
    /// It was undeployed; only its position is left.
    pub(crate) is_gone: bool,
    /// What its ticks have under way.
    pub(crate) activity: Activity,
}

/// What a pipeline instance counts.
pub(crate) struct PipelineNumbers {
    url: ArtefactUrl,
    graph: Arc<Graph>,
}

impl Collect for PipelineNumbers {
    fn collect(&self, page: &mut Page) {
        let (pipeline, instance) = (self.url.artefact(), self.url.instance());
        let name = |text: Option<&Str>| text.cloned().unwrap_or_default();
        self.graph.collect(&name(pipeline), &name(instance), page);
    }
}

impl PipelineInstance {
    pub(crate) fn new(url: ArtefactUrl, query: &Arc<Query>, graph: Graph, state: PipelineState, activity: Activity) -> Self {
        let state = (graph.mode() == Mode::Serial).then(|| Arc::new(Mutex::new(state)));
        let graph = Arc::new(graph);
        Self {
            query: Arc::clone(query),
            state,
            numbers: Arc::new(PipelineNumbers {
                url: url.clone(),
                graph: Arc::clone(&graph),
            }),
            url,
            graph,
            is_leaving: false,
            is_gone: false,
            activity,
        }
    }
}

pub(crate) struct SinkInstance {
    pub(crate) url: ArtefactUrl,
    pub(crate) sink: Arc<dyn Sink>,
    pub(crate) uid: Uid,
    pub(crate) passes_bodies: bool,
    pub(crate) is_linked: bool,
    pub(crate) facts: RampFacts,
    /// `None`: it is gone.
    pub(crate) metrics: Option<Arc<RampMetrics>>,
}

impl SinkInstance {
    /// It was undeployed; only its position is left.
    pub(crate) fn is_gone(&self) -> bool {
        self.metrics.is_none()
    }
}

/// A binding with the values of its placeholders.
pub(crate) struct BindingInstance {
    pub(crate) url: ArtefactUrl,
    pub(crate) links: Vec<Link>,
    pub(crate) values: PlaceholderValues,
}

/// Running instances and deployed bindings. Positions are never reused.
#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) sources: Vec<SourceInstance>,
    pub(crate) pipelines: Vec<PipelineInstance>,
    pub(crate) sinks: Vec<SinkInstance>,
    pub(crate) bindings: Vec<BindingInstance>,
    /// Bindings whose deployment is under way.
    pub(crate) deploying: Vec<BindingInstance>,
    /// Links of the binding that is being undeployed, as long as something goes over them.
    pub(crate) kept: Vec<Link>,
}

impl Registry {
    pub(crate) fn source(&self, url: &ArtefactUrl) -> Option<SourceIx> {
        self.sources
            .iter()
            .position(|known| !known.is_gone() && known.url.instance_eq(url))
            .map(|at| SourceIx(at as u32))
    }

    pub(crate) fn pipeline(&self, url: &ArtefactUrl) -> Option<PipelineIx> {
        self.pipelines
            .iter()
            .position(|known| !known.is_gone && known.url.instance_eq(url))
            .map(|at| PipelineIx(at as u32))
    }

    pub(crate) fn sink(&self, url: &ArtefactUrl) -> Option<SinkIx> {
        self.sinks
            .iter()
            .position(|known| !known.is_gone() && known.url.instance_eq(url))
            .map(|at| SinkIx(at as u32))
    }

    /// Whether the instance is there.
    pub(crate) fn has(&self, url: &ArtefactUrl) -> bool {
        match url.kind() {
            Some(ArtefactKind::Onramp) => self.source(url).is_some(),
            Some(ArtefactKind::Pipeline) => self.pipeline(url).is_some(),
            Some(ArtefactKind::Offramp) => self.sink(url).is_some(),
            _ => false,
        }
    }

    /// Keeps a position for a source that is about to be made.
    pub(crate) fn reserve(&mut self, vacant: SourceInstance) -> SourceIx {
        self.sources.push(vacant);
        SourceIx((self.sources.len() - 1) as u32)
    }

    /// A deployment is no longer under way; gives what it was.
    pub(crate) fn end_deploying(&mut self, url: &ArtefactUrl) -> Option<BindingInstance> {
        let at = self.deploying.iter().position(|known| known.url.instance_eq(url))?;
        Some(self.deploying.remove(at))
    }

    /// Links all deployed bindings, and what is kept of the one that is undeployed.
    pub(crate) fn flow(&self) -> Flow {
        let mut flow = Flow {
            sources: self.sources.iter().map(source_node).collect(),
            pipelines: self.pipelines.iter().map(pipeline_node).collect(),
            sinks: self.sinks.iter().map(sink_node).collect(),
            metrics: None,
        };
        for link in self.bindings.iter().flat_map(|binding| &binding.links).chain(&self.kept) {
            self.add_link(&mut flow, link);
        }
        self.link_metrics(&mut flow);
        flow.compute_needs();
        flow.compute_islands();
        flow.tell_territories();
        flow
    }

    /// Links every pipeline's port `metrics` to the metrics pipeline, which gets no insights back (spec/operators-and-flow.md C.3).
    fn link_metrics(&self, flow: &mut Flow) {
        let is_metrics = |pipeline: &PipelineInstance| {
            pipeline.url.artefact().is_some_and(|id| id.as_str() == METRICS_PIPELINE)
                && pipeline.url.instance().is_some_and(|name| name.as_str() == SYSTEM)
        };
        let Some(at) = self.pipelines.iter().position(is_metrics) else {
            return;
        };
        let port = Str::from_static("in");
        let entry = Entry {
            pipeline: PipelineIx(at as u32),
            input: self.pipelines[at].graph.input(&port),
            port,
        };
        for other in (0..self.pipelines.len()).filter(|other| *other != at) {
            let target = Target::Pipeline(entry.clone());
            add_target(flow, PipelineIx(other as u32), &Str::from_static("metrics"), target);
        }
        flow.metrics = Some(entry);
    }

    fn add_link(&self, flow: &mut Flow, link: &Link) {
        match link {
            Link::OnrampToPipeline { from, port, to } => {
                let (Some(source), Some(entry)) = (self.source(&from.url()), self.entry(&to.url())) else {
                    return;
                };
                // What handles unanswered requests says nothing about what the source may take in.
                if *port != OnrampPort::Unanswered {
                    add_feeder(pipeline_mut(flow, entry.pipeline), Feeder::Source(source));
                }
                let node = &mut flow.sources[source.0 as usize];
                match port {
                    OnrampPort::Out => node.out.push(entry),
                    OnrampPort::Err => node.err.push(entry),
                    OnrampPort::Unanswered => node.unanswered.push(entry),
                }
            }
            Link::OfframpToPipeline { from, to } => {
                let (Some(sink), Some(entry)) = (self.sink(&from.url()), self.entry(&to.url())) else {
                    return;
                };
                let node = &mut flow.sinks[sink.0 as usize];
                match from.port().as_str() {
                    "out" => node.out.push(entry),
                    "err" => node.err.push(entry),
                    // Other names can be linked but never carry an event.
                    _ => {}
                }
            }
            Link::PipelineToPipeline { from, to } => {
                let (Some(before), Some(entry)) = (self.pipeline(&from.url()), self.entry(&to.url())) else {
                    return;
                };
                if before != entry.pipeline {
                    add_feeder(pipeline_mut(flow, entry.pipeline), Feeder::Pipeline(before));
                }
                add_target(flow, before, from.port(), Target::Pipeline(entry));
            }
            Link::PipelineToOfframp { from, to } => {
                let (Some(pipeline), Some(sink)) = (self.pipeline(&from.url()), self.sink(&to.url())) else {
                    return;
                };
                let feeders = &mut flow.sinks[sink.0 as usize].feeders;
                if !feeders.contains(&pipeline) {
                    feeders.push(pipeline);
                }
                add_target(flow, pipeline, from.port(), Target::Sink(sink, to.port().clone()));
            }
            Link::PipelineToOnramp { from, to } => {
                let (Some(pipeline), Some(source)) = (self.pipeline(&from.url()), self.source(&to.url())) else {
                    return;
                };
                add_target(flow, pipeline, from.port(), Target::Source(source));
            }
        }
    }

    fn entry(&self, url: &ArtefactUrl) -> Option<Entry> {
        let pipeline = self.pipeline(url)?;
        let port = url.port().cloned().unwrap_or_default();
        Some(Entry {
            input: self.pipelines[pipeline.0 as usize].graph.input(&port),
            pipeline,
            port,
        })
    }
}

fn pipeline_mut(flow: &mut Flow, ix: PipelineIx) -> &mut PipelineNode {
    &mut flow.pipelines[ix.0 as usize]
}

fn add_feeder(node: &mut PipelineNode, feeder: Feeder) {
    if !node.feeders.contains(&feeder) {
        node.feeders.push(feeder);
    }
}

/// A port that the query never writes to is allowed; nothing comes from it.
fn add_target(flow: &mut Flow, pipeline: PipelineIx, port: &Str, target: Target) {
    let node = pipeline_mut(flow, pipeline);
    // Several outputs may leave by one port name (`into out` and `into out/out`).
    let places = node
        .graph
        .outputs()
        .iter()
        .zip(&mut node.outputs)
        .filter(|(name, _)| *name == port);
    for (_, targets) in places {
        targets.push(target.clone());
    }
}

fn source_node(instance: &SourceInstance) -> SourceNode {
    SourceNode {
        uid: instance.uid,
        out: Vec::new(),
        err: Vec::new(),
        unanswered: Vec::new(),
        control: Arc::clone(&instance.control),
        passes_bodies: instance.passes_bodies,
        need: BodyNeed::NOTHING,
        metrics: instance.metrics.clone(),
    }
}

fn pipeline_node(instance: &PipelineInstance) -> PipelineNode {
    PipelineNode {
        url: Str::from(instance.url.to_string()),
        outputs: vec![Vec::new(); instance.graph.outputs().len()],
        graph: Arc::clone(&instance.graph),
        feeders: Vec::new(),
        state: instance.state.clone(),
        island: None,
        is_leaving: instance.is_leaving,
        activity: instance.activity.clone(),
    }
}

fn sink_node(instance: &SinkInstance) -> SinkNode {
    SinkNode {
        uid: instance.uid,
        sink: Arc::clone(&instance.sink),
        passes_bodies: instance.passes_bodies,
        out: Vec::new(),
        err: Vec::new(),
        feeders: Vec::new(),
        response_need: BodyNeed::NOTHING,
        response_meta: MetaPaths::default(),
        metrics: instance.metrics.clone(),
    }
}
