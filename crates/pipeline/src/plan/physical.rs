//! From names to numbers: uids, ports, bypassed pass-throughs (spec/query.md 7.4 and 7.5).
//!
//! Every node keeps its place. A bypassed pass-through stays as the entry for events that are sent to it from outside; links to it go on
//! to its consumers, in place and in order. One that nobody reads is not bypassed, since it is where events end.

use temblor_event::UidKind;
use temblor_value::Str;

use super::logical::{Kind, Logical, Node as LogicalNode};
use crate::graph::{Edge, Graph, Node, NodeKind, PipelineState};
use crate::metrics::Metrics;
use crate::op::Instance;
use crate::op::script::{Script, StatefulScript};
use crate::port::{NodeId, OutputId, PortId, PortTable};
use crate::query::InstanceCx;
use crate::select;
use crate::territory::NothingLinked;

/// Consumers of one port beyond which pass-throughs behind it stay in the graph, so that a pyramid of streams cannot make it explode.
const MAX_CONSUMERS: usize = 1024;

/// Makes the executable graph and its state.
pub(crate) fn build(logical: Logical<'_>, cx: &InstanceCx<'_>, metrics_interval_ns: Option<u64>) -> (Graph, PipelineState) {
    let Logical {
        nodes: logical_nodes,
        links,
        sinks_first,
        reporter,
    } = logical;
    let mut graph = Graph {
        nodes: Vec::with_capacity(logical_nodes.len()),
        inputs: Vec::new(),
        outputs: Vec::new(),
        metrics: Metrics::none(),
    };
    let mut state = PipelineState::default();
    for LogicalNode { name, kind, mut ports } in logical_nodes {
        let uid = cx.uids.next(UidKind::Node);
        let id = NodeId(graph.nodes.len() as u16);
        let name = Str::from(name);
        let kind = match kind {
            Kind::Input => {
                graph.inputs.push((name.clone(), id));
                NodeKind::Input
            }
            Kind::Stream => {
                graph.inputs.push((name.clone(), id));
                NodeKind::Pass
            }
            Kind::Output(port) => {
                graph.outputs.push(Str::from(port));
                NodeKind::Output(OutputId((graph.outputs.len() - 1) as u16))
            }
            Kind::Select { step, .. } if step.is_pass => NodeKind::Pass,
            Kind::Select { step, windows } => place(select::build(&step.programs, windows, &reporter, uid), &mut state),
            Kind::Operator(instance) => place(instance, &mut state),
            Kind::Script { program, args, .. } => {
                let script = Script::new(program, args, reporter.clone(), ports.enter("err"));
                let instance = if script.keeps_state() {
                    Instance::Stateful(Box::new(StatefulScript::new(script)))
                } else {
                    Instance::Shared(Box::new(script))
                };
                place(instance, &mut state)
            }
        };
        let mut input_ports = PortTable::new("in");
        if let NodeKind::Shared(operator) = &kind {
            for name in operator.input_ports() {
                input_ports.enter(name);
            }
        }
        graph.nodes.push(Node {
            name,
            uid,
            kind,
            ports,
            input_ports,
            edges: Vec::new(),
        });
    }
    for link in &links {
        let port = graph.nodes[link.to].input_ports.enter(&link.to_port);
        let edge = Edge {
            to: NodeId(link.to as u16),
            port,
        };
        let from = &mut graph.nodes[link.from];
        let port = usize::from(from.ports.enter(&link.from_port).0);
        if from.edges.len() <= port {
            from.edges.resize_with(port + 1, Vec::new);
        }
        from.edges[port].push(edge);
    }
    for node in sinks_first {
        bypass(&mut graph, node);
    }
    enter_directly(&mut graph);
    graph.tell_territories(&NothingLinked);
    graph.metrics = Metrics::new(&graph, cx.url.as_str(), metrics_interval_ns);
    (graph, state)
}

fn place(instance: Instance, state: &mut PipelineState) -> NodeKind {
    match instance {
        Instance::Shared(operator) => NodeKind::Shared(operator),
        Instance::Stateful(operator) => {
            let traits = operator.traits();
            state.operators.push(operator);
            NodeKind::Stateful(state.operators.len() - 1, traits)
        }
    }
}

/// Leads the links of a node past the pass-throughs behind it, whose own links have been led on before.
fn bypass(graph: &mut Graph, node: usize) {
    for port in 0..graph.nodes[node].edges.len() {
        let mut led_on = Vec::new();
        for edge in &graph.nodes[node].edges[port] {
            let target = graph.node(edge.to);
            match target.consumers(PortId::DEFAULT) {
                consumers @ [_, ..] if matches!(target.kind, NodeKind::Pass) => led_on.extend_from_slice(consumers),
                _ => led_on.push(*edge),
            }
        }
        if led_on.len() <= MAX_CONSUMERS {
            graph.nodes[node].edges[port] = led_on;
        }
    }
}

/// An input with one consumer, at its port `in`, is that consumer: nothing is counted for it (spec/operators-and-flow.md C.1).
fn enter_directly(graph: &mut Graph) {
    let entries: Vec<NodeId> = graph
        .inputs
        .iter()
        .map(|(_, entry)| first_with_choice(graph, *entry))
        .collect();
    for (input, entry) in graph.inputs.iter_mut().zip(entries) {
        input.1 = entry;
    }
}

fn first_with_choice(graph: &Graph, mut entry: NodeId) -> NodeId {
    loop {
        let node = graph.node(entry);
        match node.consumers(PortId::DEFAULT) {
            [only] if only.port == PortId::DEFAULT && matches!(node.kind, NodeKind::Input | NodeKind::Pass) => entry = only.to,
            _ => return entry,
        }
    }
}
