//! What a graph does to the bodies of the events that enter it, known before the first event (spec/proxy.md 3).

use temblor_script::MetaPaths;
use temblor_value::Str;

use crate::graph::{Edge, Graph, NodeKind};
use crate::port::{InputId, NodeId, OutputId};

/// What happens to events that enter at one input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BodyUse {
    /// First node (in walking order) that looks at the value.
    pub reader: Option<Str>,
    /// First node from which copies go to more than one consumer.
    pub copier: Option<Str>,
    /// Metadata that nodes on the way may look at.
    pub meta: MetaPaths,
    /// Outputs that can be reached; `true`: some way there leaves the value as it was.
    pub outputs: Vec<(OutputId, bool)>,
}

impl Graph {
    /// Walks everything reachable from `input`.
    pub fn body_use(&self, input: InputId) -> BodyUse {
        let mut found = BodyUse::default();
        let mut seen = vec![[false; 2]; self.nodes.len()];
        let mut todo = vec![(self.inputs[usize::from(input.0)].1, true)];
        while let Some((id, is_untouched)) = todo.pop() {
            let visit = &mut seen[usize::from(id.0)][usize::from(is_untouched)];
            if std::mem::replace(visit, true) {
                continue;
            }
            let leaves_untouched = is_untouched && !self.node(id).traits().always_replaces_event;
            self.note(id, is_untouched, &mut found);
            for edge in self.node(id).edges.iter().flatten() {
                todo.push((edge.to, leaves_untouched));
            }
        }
        found
    }

    fn note(&self, id: NodeId, is_untouched: bool, found: &mut BodyUse) {
        let node = self.node(id);
        if found.reader.is_none() && node.traits().reads_event {
            found.reader = Some(node.name.clone());
        }
        if found.copier.is_none() && node.edges.iter().any(|consumers: &Vec<Edge>| consumers.len() > 1) {
            found.copier = Some(node.name.clone());
        }
        match &node.kind {
            NodeKind::Input | NodeKind::Pass | NodeKind::Output(_) => {}
            NodeKind::Shared(operator) => found.meta.join(&operator.meta_paths()),
            NodeKind::Stateful(..) => found.meta.join(&MetaPaths::Everything),
        }
        if let NodeKind::Output(output) = node.kind {
            match found.outputs.iter_mut().find(|(known, _)| *known == output) {
                Some(entry) => entry.1 |= is_untouched,
                None => found.outputs.push((output, is_untouched)),
            }
        }
    }
}
