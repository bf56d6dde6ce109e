//! What lies behind the outputs of balancers (spec/proxy.md 4.1, *Territory*).

use std::collections::{HashMap, HashSet};

use temblor_event::Uid;

use crate::graph::{Edge, Graph, NodeKind};
use crate::port::{InputId, NodeId, OutputId, PortId};

/// What lies behind the outputs of a pipeline.
pub trait Reach {
    /// Nodes of other pipelines and sinks that can be reached from `output`, without the way of responses.
    fn behind(&self, output: OutputId) -> Vec<Uid>;
}

/// Links of a pipeline that stands alone.
pub struct NothingLinked;

impl Reach for NothingLinked {
    fn behind(&self, _output: OutputId) -> Vec<Uid> {
        Vec::new()
    }
}

impl Graph {
    /// Tells each balancer what lies behind its outputs. To be called again when links change.
    pub fn tell_territories(&self, links: &dyn Reach) {
        for node in &self.nodes {
            if let NodeKind::Shared(operator) = &node.kind
                && !operator.balanced_ports().is_empty()
            {
                operator.learn_territory(self.territory(node.edges.as_slice(), operator.balanced_ports(), links));
            }
        }
    }

    /// Nodes and outputs that can be reached from an input.
    pub fn reached_from(&self, input: InputId) -> (Vec<Uid>, Vec<OutputId>) {
        let reached = self.reached(vec![self.inputs[usize::from(input.0)].1]);
        let outputs = reached.iter().filter_map(|id| self.output_at(*id)).collect();
        (reached.iter().map(|id| self.node(*id).uid).collect(), outputs)
    }

    /// What can be reached from exactly one of `ports`, with the position of that port.
    fn territory(&self, edges: &[Vec<Edge>], ports: &[PortId], links: &dyn Reach) -> Vec<(Uid, u32)> {
        // One position, or `None` for several.
        let mut owners: HashMap<Uid, Option<u32>> = HashMap::new();
        for (position, port) in ports.iter().enumerate() {
            let begin = edges
                .get(usize::from(port.0))
                .into_iter()
                .flatten()
                .map(|edge| edge.to)
                .collect();
            let reached = self.reached(begin);
            let beyond = reached
                .iter()
                .filter_map(|id| self.output_at(*id))
                .flat_map(|output| links.behind(output));
            let inside = reached.iter().map(|id| self.node(*id).uid);
            let uids: HashSet<Uid> = inside.chain(beyond).collect();
            for uid in uids {
                owners
                    .entry(uid)
                    .and_modify(|owner| *owner = None)
                    .or_insert(Some(position as u32));
            }
        }
        owners.into_iter().filter_map(|(uid, owner)| Some((uid, owner?))).collect()
    }

    fn reached(&self, mut todo: Vec<NodeId>) -> HashSet<NodeId> {
        let mut reached = HashSet::new();
        while let Some(id) = todo.pop() {
            if reached.insert(id) {
                todo.extend(self.node(id).edges.iter().flatten().map(|edge| edge.to));
            }
        }
        reached
    }

    fn output_at(&self, id: NodeId) -> Option<OutputId> {
        match self.node(id).kind {
            NodeKind::Output(output) => Some(output),
            _ => None,
        }
    }
}
