//! The graphs behind an onramp as they run: after optimisation, with sharing classes, modes and islands.

use temblor_pipeline::graph::{Mode, Node, NodeKind};
use temblor_pipeline::op::Sharing;
use temblor_pipeline::outline::Part;
use temblor_pipeline::port::{InputId, NodeId, PortId};
use temblor_syntax::Location;
use temblor_value::Value;

use super::paths::{Behind, Paths, targets};
use super::view::{View, part_name};
use crate::flow::Target;
use crate::ids::PipelineIx;

/// A node that events meet.
#[derive(Clone, Debug)]
pub struct NodeReport {
    /// Its name.
    pub name: String,
    /// `input`, `output`, `stream`, `select`, `script` or the type of an operator.
    pub kind: String,
    /// Its sharing class; `None` for inputs, outputs and what only passes on.
    pub sharing: Option<Sharing>,
    /// Where it is made.
    pub at: Option<Location>,
    /// Consumers by port, in link order: names of nodes, each with its port unless that is `in`.
    pub consumers: Vec<(String, Vec<String>)>,
}

/// A pipeline that events pass.
#[derive(Clone, Debug)]
pub struct PipelineReport {
    /// Id and instance.
    pub name: String,
    /// How many workers may run it at once.
    pub mode: Mode,
    /// The island it lies in, counted from 1; pipelines of one island are passed in one order.
    pub island: Option<usize>,
    /// Ports that events come in by, with the first node that does something.
    pub inputs: Vec<(String, String)>,
    /// Nodes that events meet, in the order in which they meet them.
    pub nodes: Vec<NodeReport>,
    /// What its outputs are linked to.
    pub outputs: Vec<(String, Vec<String>)>,
}

/// An operator that chooses or holds back.
#[derive(Clone, Debug)]
pub struct Balancing {
    /// Id and instance of the pipeline.
    pub pipeline: String,
    /// The node.
    pub node: String,
    /// Its type.
    pub kind: String,
    /// Its parameters as configured.
    pub params: Option<Value>,
    /// Its outputs, or `out`, each with the offramps behind it.
    pub over: Vec<(String, Vec<String>)>,
}

/// All pipelines on the way, in the order in which events meet them.
pub(super) fn reports(view: &View<'_>, paths: &Paths) -> Vec<PipelineReport> {
    let islands = view.islands();
    let mut pipelines: Vec<PipelineIx> = Vec::new();
    for (pipeline, _) in &paths.nodes {
        if !pipelines.contains(pipeline) {
            pipelines.push(*pipeline);
        }
    }
    let report = |ix: PipelineIx| {
        let nodes: Vec<NodeId> = paths
            .nodes
            .iter()
            .filter(|(pipeline, _)| *pipeline == ix)
            .map(|(_, id)| *id)
            .collect();
        PipelineReport {
            name: view.pipeline_name(ix),
            mode: view.graph(ix).mode(),
            island: islands.get(&ix).copied(),
            inputs: inputs(view, ix, paths),
            outputs: outputs(view, ix, &nodes),
            nodes: nodes.iter().map(|id| node_report(view, ix, *id)).collect(),
        }
    };
    pipelines.into_iter().map(report).collect()
}

fn node_report(view: &View<'_>, ix: PipelineIx, id: NodeId) -> NodeReport {
    let graph = view.graph(ix);
    let node = graph.node(id);
    let statement = view.statement(ix, node);
    let built_in = match node.kind {
        NodeKind::Input => "input",
        NodeKind::Output(_) => "output",
        _ => "node",
    };
    let consumers = node.edges.iter().enumerate().filter(|(_, edges)| !edges.is_empty());
    NodeReport {
        name: node.name.to_string(),
        kind: statement.map_or(built_in, |statement| part_name(&statement.part)).to_owned(),
        sharing: node.sharing(),
        at: statement.map(|statement| statement.at.clone()),
        consumers: consumers
            .map(|(port, edges)| {
                let names = edges.iter().map(|edge| consumer(graph.node(edge.to), edge.port));
                (node.ports.name(PortId(port as u16)).to_owned(), names.collect())
            })
            .collect(),
    }
}

fn consumer(node: &Node, port: PortId) -> String {
    match node.input_ports.name(port) {
        "in" => node.name.to_string(),
        port => format!("{}/{port}", node.name),
    }
}

fn inputs(view: &View<'_>, ix: PipelineIx, paths: &Paths) -> Vec<(String, String)> {
    let graph = view.graph(ix);
    let entered = graph.inputs().filter(|(_, input)| paths.inputs.contains(&(ix, *input)));
    let first = |(name, input): (&str, InputId)| (name.to_owned(), graph.node(graph.entry(input)).name.to_string());
    entered.map(first).collect()
}

fn outputs(view: &View<'_>, ix: PipelineIx, nodes: &[NodeId]) -> Vec<(String, Vec<String>)> {
    let graph = view.graph(ix);
    let reached = nodes.iter().filter_map(|id| match graph.node(*id).kind {
        NodeKind::Output(output) => Some(output),
        _ => None,
    });
    reached
        .map(|output| {
            let port = graph.outputs()[usize::from(output.0)].to_string();
            (
                port,
                targets(view, ix, output)
                    .iter()
                    .map(|target| target_name(view, target))
                    .collect(),
            )
        })
        .collect()
}

fn target_name(view: &View<'_>, target: &Target) -> String {
    match target {
        Target::Pipeline(entry) => format!("pipeline {}/{}", view.pipeline_name(entry.pipeline), entry.port),
        Target::Sink(ix, port) => format!("offramp {}/{port}", view.offramp_name(*ix)),
        Target::Source(ix) => format!("onramp {}", view.onramp_name(*ix)),
    }
}

/// Operators of the families that choose and hold back, in the order in which events meet them.
pub(super) fn balancing(view: &View<'_>, paths: &Paths) -> Vec<Balancing> {
    let of_node = |(ix, id): &(PipelineIx, NodeId)| {
        let node = view.graph(*ix).node(*id);
        let Part::Operator(operator) = &view.statement(*ix, node)?.part else {
            return None;
        };
        let is_of_family = operator.kind.starts_with("qos::") || operator.kind.starts_with("lb::");
        let balanced = match &node.kind {
            NodeKind::Shared(operator) => operator.balanced_ports(),
            _ => &[],
        };
        let ports = if balanced.is_empty() { &[PortId::DEFAULT] } else { balanced };
        let over = ports.iter().map(|port| {
            let sinks = Behind::port(view, *ix, *id, *port).sinks;
            let names = sinks.into_iter().map(|sink| view.offramp_name(sink));
            (node.ports.name(*port).to_owned(), names.collect())
        });
        is_of_family.then(|| Balancing {
            pipeline: view.pipeline_name(*ix),
            node: node.name.to_string(),
            kind: operator.kind.clone(),
            params: operator.params.clone(),
            over: over.collect(),
        })
    };
    paths.nodes.iter().filter_map(of_node).collect()
}
