//! The executable graph: nodes in statement order, edges by (node, port).
//!
//! Invariants: edges point to nodes of the same graph; there is no cycle; a node's position is its order for signals, insights and
//! metrics (spec/query.md 7.2).

use temblor_event::Uid;
use temblor_metrics::Page;
use temblor_value::Str;

use crate::metrics::Metrics;
use crate::op::ended::Ended;
use crate::op::{Availability, OpTraits, Operator, Sharing, StatefulOperator};
use crate::port::{InputId, NodeId, OutputId, PortId, PortTable};

/// Where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The node.
    pub to: NodeId,
    /// Its input port.
    pub port: PortId,
}

/// What a node does.
pub enum NodeKind {
    /// An input: passes on.
    Input,
    /// A declared stream or a plain select: passes on and is not counted.
    Pass,
    /// An output: events leave the pipeline.
    Output(OutputId),
    /// An operator that workers share.
    Shared(Box<dyn Operator>),
    /// An operator whose state lies in [`PipelineState`], at this position.
    Stateful(usize, OpTraits),
}

/// A node.
pub struct Node {
    /// Name as in the query; `select_N` for selects.
    pub name: Str,
    /// The instance's uid.
    pub uid: Uid,
    /// What it does.
    pub kind: NodeKind,
    /// Names of its output ports.
    pub ports: PortTable,
    /// Names of its input ports.
    pub input_ports: PortTable,
    /// Consumers per output port, in link order.
    pub edges: Vec<Vec<Edge>>,
}

impl Node {
    /// What the executor must know of it; inputs, outputs and pass-throughs are plain.
    pub fn traits(&self) -> OpTraits {
        match &self.kind {
            NodeKind::Input | NodeKind::Pass | NodeKind::Output(_) => OpTraits::PLAIN,
            NodeKind::Shared(operator) => operator.traits(),
            NodeKind::Stateful(_, traits) => *traits,
        }
    }

    /// Its sharing class; `None` for inputs, outputs and pass-throughs.
    pub fn sharing(&self) -> Option<Sharing> {
        match &self.kind {
            NodeKind::Input | NodeKind::Pass | NodeKind::Output(_) => None,
            NodeKind::Shared(operator) => Some(operator.sharing()),
            NodeKind::Stateful(..) => Some(Sharing::Stateful),
        }
    }

    /// Consumers of a port.
    pub fn consumers(&self, port: PortId) -> &[Edge] {
        self.edges.get(usize::from(port.0)).map_or(&[], Vec::as_slice)
    }
}

/// State of the stateful nodes of one pipeline instance; owned by the island's lock, so none is needed here.
#[derive(Default)]
pub struct PipelineState {
    pub(crate) operators: Vec<Box<dyn StatefulOperator>>,
}

impl PipelineState {
    /// Events, or results in the making, that would be lost if the pipeline ended now.
    pub fn held(&self) -> u64 {
        self.operators.iter().map(|operator| operator.held()).sum()
    }

    /// Ends all operators and lets go of what they have open. What comes afterwards, over links that are gone, leads to nothing.
    pub fn end(&mut self) {
        for operator in &mut self.operators {
            *operator = Box::new(Ended);
        }
    }
}

/// How many workers may run a pipeline at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Any number, without a lock.
    Parallel,
    /// One at a time.
    Serial,
}

/// The graph of one pipeline instance.
pub struct Graph {
    pub(crate) nodes: Vec<Node>,
    /// Name and entry node of each input.
    pub(crate) inputs: Vec<(Str, NodeId)>,
    /// Name of each output.
    pub(crate) outputs: Vec<Str>,
    pub(crate) metrics: Metrics,
}

impl Graph {
    /// The name of the output with this index that a balancer chooses from; `None` if there is no such node here.
    pub fn output_name(&self, balancer: Uid, index: u32) -> Option<&str> {
        let node = self.nodes.iter().find(|node| node.uid == balancer)?;
        let NodeKind::Shared(operator) = &node.kind else { return None };
        let port = operator.balanced_ports().get(index as usize)?;
        Some(node.ports.name(*port))
    }

    /// A node of this graph.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[usize::from(id.0)]
    }

    /// The input that events for port `name` enter at: the one called so, else `in/name` (spec/query.md 7.4).
    pub fn input(&self, name: &str) -> Option<InputId> {
        let find = |wanted: &str| self.inputs.iter().position(|(known, _)| known.as_str() == wanted);
        find(name)
            .or_else(|| find(&format!("in/{name}")))
            .map(|at| InputId(at as u16))
    }

    /// Names of all inputs, by [`InputId`].
    pub fn inputs(&self) -> impl Iterator<Item = (&str, InputId)> + '_ {
        self.inputs
            .iter()
            .zip(0..)
            .map(|((name, _), at)| (name.as_str(), InputId(at)))
    }

    /// The output of that name.
    pub fn output(&self, name: &str) -> Option<OutputId> {
        self.outputs
            .iter()
            .position(|known| known.as_str() == name)
            .map(|at| OutputId(at as u16))
    }

    /// All nodes, by [`NodeId`].
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Where events that enter at an input come in.
    pub fn entry(&self, input: InputId) -> NodeId {
        self.inputs[usize::from(input.0)].1
    }

    /// Names of all outputs, by [`OutputId`].
    pub fn outputs(&self) -> &[Str] {
        &self.outputs
    }

    /// Whether an event of time `at_ns` that enters at `input` could pass (spec/proxy.md 4.1, *Availability*).
    pub fn is_available(&self, input: InputId, links: &dyn Links, at_ns: u64) -> bool {
        let entry = self.inputs[usize::from(input.0)].1;
        let node = self.node(entry);
        Behind {
            graph: self,
            node,
            links,
        }
        .node_is_available(entry, at_ns)
    }

    /// Puts what its nodes counted on the page (spec/proxy.md 6.3). `pipeline` and `instance`: names of the artefact and of the instance.
    pub fn collect(&self, pipeline: &str, instance: &str, page: &mut Page) {
        self.metrics.collect(self, pipeline, instance, page);
    }

    /// Serial as soon as one node is stateful.
    pub fn mode(&self) -> Mode {
        let is_serial = self.nodes.iter().any(|node| matches!(node.kind, NodeKind::Stateful(..)));
        if is_serial { Mode::Serial } else { Mode::Parallel }
    }

    /// Nodes with their names and sharing classes, in node order; for `explain`.
    pub fn sharing(&self) -> impl Iterator<Item = (&str, Sharing)> + '_ {
        self.nodes
            .iter()
            .filter_map(|node| Some((node.name.as_str(), node.sharing()?)))
    }
}

/// What lies behind the outputs of a pipeline, for balancers.
pub trait Links {
    /// Whether some target of `output` could take an event of time `at_ns`; true without targets.
    fn is_available(&self, output: OutputId, at_ns: u64) -> bool;
}

/// Links of a pipeline that stands alone: everything is available.
pub struct NoLinks;

impl Links for NoLinks {
    fn is_available(&self, _output: OutputId, _at_ns: u64) -> bool {
        true
    }
}

/// The view of one node on what lies behind it.
pub(crate) struct Behind<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) node: &'a Node,
    pub(crate) links: &'a dyn Links,
}

impl Availability for Behind<'_> {
    fn is_available(&self, port: PortId, at_ns: u64) -> bool {
        let consumers = self.node.consumers(port);
        consumers.is_empty() || consumers.iter().any(|edge| self.node_is_available(edge.to, at_ns))
    }

    fn any_is_available(&self, at_ns: u64) -> bool {
        let mut consumers = self.node.edges.iter().flatten().peekable();
        consumers.peek().is_none() || consumers.any(|edge| self.node_is_available(edge.to, at_ns))
    }
}

impl Behind<'_> {
    fn node_is_available(&self, id: NodeId, at_ns: u64) -> bool {
        let node = self.graph.node(id);
        let behind = Behind {
            graph: self.graph,
            node,
            links: self.links,
        };
        match &node.kind {
            NodeKind::Input | NodeKind::Pass => behind.is_available(PortId::DEFAULT, at_ns),
            NodeKind::Output(output) => self.links.is_available(*output, at_ns),
            NodeKind::Shared(operator) => operator.is_available(&behind, at_ns),
            NodeKind::Stateful(_, traits) => traits.holds_events || behind.any_is_available(at_ns),
        }
    }
}
