//! All ways that events of one onramp, and the responses to them, can take.
//!
//! A way is followed with two things known of the events on it: whether they came there without an error or a refusal, and whether they
//! may carry `$response`. Every stop is visited once per such state.

use std::collections::HashSet;

use temblor_pipeline::graph::NodeKind;
use temblor_pipeline::outline::Part;
use temblor_pipeline::port::{InputId, NodeId, OutputId, PortId};
use temblor_value::Str;

use super::view::View;
use crate::flow::{Entry, Target};
use crate::ids::{PipelineIx, SinkIx, SourceIx};

/// Where events can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Stop {
    Node(PipelineIx, NodeId),
    Sink(SinkIx),
    /// Back at the onramp: a reply.
    Home,
}

/// What is known of events on a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    /// They passed neither an `err` nor an `overflow` port.
    is_ordinary: bool,
    /// They may carry `$response`.
    has_response: bool,
}

/// A way that ends at the onramp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The last pipeline.
    pub(super) pipeline: PipelineIx,
    /// Its output.
    pub(super) output: OutputId,
    pub(super) is_ordinary: bool,
    pub(super) has_response: bool,
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub(super) struct Paths {
    /// Inputs of pipelines, in the order in which they were met.
    pub(super) inputs: Vec<(PipelineIx, InputId)>,
    /// Nodes, likewise.
    pub(super) nodes: Vec<(PipelineIx, NodeId)>,
    /// Sinks, likewise.
    pub(super) sinks: Vec<SinkIx>,
    /// Ends at the onramp.
    pub(super) arrivals: Vec<Arrival>,
    /// Outputs that events reach and that nothing is linked to.
    pub(super) unlinked: Vec<(PipelineIx, OutputId)>,
    /// Ports that events are sent to and that their pipeline does not have.
    pub(super) missing: Vec<(PipelineIx, Str)>,
    steps: Vec<(Stop, Stop)>,
}

struct Walk<'a> {
    view: &'a View<'a>,
    home: SourceIx,
    paths: Paths,
    seen: HashSet<(Stop, State)>,
    todo: Vec<(Stop, State)>,
}

impl Paths {
    /// All ways from a source.
    pub(super) fn from(view: &View<'_>, source: SourceIx) -> Self {
        let mut walk = Walk {
            view,
            home: source,
            paths: Self::default(),
            seen: HashSet::new(),
            todo: Vec::new(),
        };
        let node = &view.flow.sources[source.0 as usize];
        let starts = [
            (&node.out, true, false),
            (&node.err, false, false),
            (&node.unanswered, false, true),
        ];
        for (entries, is_ordinary, has_response) in starts {
            let state = State {
                is_ordinary,
                has_response,
            };
            for entry in entries {
                walk.enter(None, entry, state);
            }
            walk.go();
        }
        walk.paths
    }

    /// Stops from which some way leads to the onramp.
    pub(super) fn leading_home(&self) -> HashSet<Stop> {
        let mut found = HashSet::from([Stop::Home]);
        let mut todo = vec![Stop::Home];
        while let Some(stop) = todo.pop() {
            for (from, to) in &self.steps {
                if *to == stop && found.insert(*from) {
                    todo.push(*from);
                }
            }
        }
        found
    }
}

/// What events reach without passing a sink.
#[derive(Debug, Default)]
pub(super) struct Behind {
    pub(super) nodes: Vec<(PipelineIx, NodeId)>,
    pub(super) sinks: Vec<SinkIx>,
    pub(super) sources: Vec<SourceIx>,
}

impl Behind {
    /// Behind entries of pipelines.
    pub(super) fn entries(view: &View<'_>, entries: &[Entry]) -> Self {
        Self::nodes(view, entries.iter().filter_map(|entry| first_node(view, entry)).collect())
    }

    /// Behind one port of a node.
    pub(super) fn port(view: &View<'_>, pipeline: PipelineIx, node: NodeId, port: PortId) -> Self {
        let consumers = view.graph(pipeline).node(node).consumers(port);
        Self::nodes(view, consumers.iter().map(|edge| (pipeline, edge.to)).collect())
    }

    fn nodes(view: &View<'_>, mut todo: Vec<(PipelineIx, NodeId)>) -> Self {
        let mut behind = Self::default();
        todo.reverse();
        while let Some((ix, id)) = todo.pop() {
            if behind.nodes.contains(&(ix, id)) {
                continue;
            }
            behind.nodes.push((ix, id));
            let node = view.graph(ix).node(id);
            todo.extend(node.edges.iter().flatten().rev().map(|edge| (ix, edge.to)));
            let NodeKind::Output(output) = node.kind else { continue };
            for target in targets(view, ix, output) {
                match target {
                    Target::Pipeline(entry) => todo.extend(first_node(view, entry)),
                    Target::Sink(sink, _) if !behind.sinks.contains(sink) => behind.sinks.push(*sink),
                    Target::Source(source) if !behind.sources.contains(source) => behind.sources.push(*source),
                    Target::Sink(..) | Target::Source(_) => {}
                }
            }
        }
        behind
    }
}

fn first_node(view: &View<'_>, entry: &Entry) -> Option<(PipelineIx, NodeId)> {
    Some((entry.pipeline, view.graph(entry.pipeline).entry(entry.input?)))
}

/// Targets of an output. Metrics are events of their own, so that port leads nowhere.
pub(super) fn targets<'a>(view: &View<'a>, pipeline: PipelineIx, output: OutputId) -> &'a [Target] {
    let node = &view.flow.pipelines[pipeline.0 as usize];
    if is_metrics(view, pipeline, output) {
        return &[];
    }
    node.outputs.get(usize::from(output.0)).map_or(&[], Vec::as_slice)
}

fn is_metrics(view: &View<'_>, pipeline: PipelineIx, output: OutputId) -> bool {
    let outputs = view.graph(pipeline).outputs();
    outputs.get(usize::from(output.0)).is_some_and(|name| name == "metrics")
}

impl Walk<'_> {
    fn visit(&mut self, from: Option<Stop>, stop: Stop, state: State) {
        if let Some(from) = from
            && !self.paths.steps.contains(&(from, stop))
        {
            self.paths.steps.push((from, stop));
        }
        if self.seen.insert((stop, state)) {
            self.todo.push((stop, state));
        }
    }

    fn enter(&mut self, from: Option<Stop>, entry: &Entry, state: State) {
        match entry.input {
            Some(input) => {
                if !self.paths.inputs.contains(&(entry.pipeline, input)) {
                    self.paths.inputs.push((entry.pipeline, input));
                }
                let node = self.view.graph(entry.pipeline).entry(input);
                self.visit(from, Stop::Node(entry.pipeline, node), state);
            }
            None => {
                let missing = (entry.pipeline, entry.port.clone());
                if !self.paths.missing.contains(&missing) {
                    self.paths.missing.push(missing);
                }
            }
        }
    }

    fn go(&mut self) {
        while let Some((stop, state)) = self.todo.pop() {
            match stop {
                Stop::Node(pipeline, node) => self.pass_node(pipeline, node, state),
                Stop::Sink(sink) => self.pass_sink(sink, state),
                Stop::Home => {}
            }
        }
    }

    fn pass_node(&mut self, pipeline: PipelineIx, id: NodeId, state: State) {
        let view = self.view;
        let here = Stop::Node(pipeline, id);
        if !self.paths.nodes.contains(&(pipeline, id)) {
            self.paths.nodes.push((pipeline, id));
        }
        let node = view.graph(pipeline).node(id);
        if let NodeKind::Output(output) = node.kind {
            return self.leave(here, pipeline, output, state);
        }
        let part = view.statement(pipeline, node).map(|statement| &statement.part);
        let has_response = match part {
            Some(Part::Script(script)) => state.has_response || script.writes_meta.touches("response"),
            Some(Part::Select(select)) => state.has_response && select.windows.is_empty(),
            _ => state.has_response,
        };
        let makes_errors = matches!(part, Some(Part::Script(_) | Part::Operator(_)));
        // Last port first: the first one is then followed first.
        for port in (0..node.edges.len()).rev() {
            let port = PortId(port as u16);
            let is_exceptional = makes_errors && matches!(node.ports.name(port), "err" | "overflow");
            let state = State {
                is_ordinary: state.is_ordinary && !is_exceptional,
                has_response,
            };
            for edge in node.consumers(port).iter().rev() {
                self.visit(Some(here), Stop::Node(pipeline, edge.to), state);
            }
        }
    }

    fn leave(&mut self, here: Stop, pipeline: PipelineIx, output: OutputId, state: State) {
        let view = self.view;
        let targets = targets(view, pipeline, output);
        if targets.is_empty() && !is_metrics(view, pipeline, output) && !self.paths.unlinked.contains(&(pipeline, output)) {
            self.paths.unlinked.push((pipeline, output));
        }
        for target in targets.iter().rev() {
            match target {
                Target::Pipeline(entry) => self.enter(Some(here), entry, state),
                Target::Sink(sink, _) => self.visit(Some(here), Stop::Sink(*sink), state),
                Target::Source(source) if *source == self.home => {
                    self.visit(Some(here), Stop::Home, state);
                    let arrival = Arrival {
                        pipeline,
                        output,
                        is_ordinary: state.is_ordinary,
                        has_response: state.has_response,
                    };
                    if !self.paths.arrivals.contains(&arrival) {
                        self.paths.arrivals.push(arrival);
                    }
                }
                Target::Source(_) => {}
            }
        }
    }

    /// A sink that answers gives a response or an error event for whatever came to it.
    fn pass_sink(&mut self, sink: SinkIx, state: State) {
        if !self.paths.sinks.contains(&sink) {
            self.paths.sinks.push(sink);
        }
        if !self.view.offramp_facts(sink).own.answers {
            return;
        }
        let node = &self.view.flow.sinks[sink.0 as usize];
        for (entries, is_ordinary) in [(&node.err, false), (&node.out, state.is_ordinary)] {
            let state = State {
                is_ordinary,
                has_response: true,
            };
            for entry in entries.iter().rev() {
                self.enter(Some(Stop::Sink(sink)), entry, state);
            }
        }
    }
}
