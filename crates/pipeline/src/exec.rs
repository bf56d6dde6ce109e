//! Runs events, signals and insights through a graph (spec/operators-and-flow.md A.3 to A.6).
//!
//! Depth first, last pushed first; results are reversed at the end. An error ends only the failing branch.

use temblor_event::{End, Event, Insight, InsightKind, Reason, Signal};

use crate::graph::{Behind, Graph, Links, Node, NodeKind, PipelineState};
use crate::op::{OpCx, unlinked};
use crate::outputs::Outputs;
use crate::port::{InputId, NodeId, PortId};

/// What a node reacted to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Event,
    Signal,
}

impl Graph {
    /// Runs one event from an input to the outputs.
    pub fn run(&self, state: &mut PipelineState, input: InputId, event: Event, links: &dyn Links, out: &mut Outputs) {
        self.metrics.report_if_due(self, state, event.ingest_ns, out);
        let before = out.events.len();
        let entry = self.inputs[usize::from(input.0)].1;
        out.stack.push((entry, PortId::DEFAULT, event));
        self.drain(state, links, out);
        out.events[before..].reverse();
    }

    /// Runs an event from behind a node, as if that had just emitted it; for events that are sent again (spec/proxy.md 4.1, *Attempts and
    /// claims*).
    pub fn resume(&self, state: &mut PipelineState, from: NodeId, event: Event, links: &dyn Links, out: &mut Outputs) {
        let before = out.events.len();
        out.emitted.push((PortId::DEFAULT, event));
        self.push_emitted(from, self.node(from), Cause::Event, state, out);
        self.drain(state, links, out);
        out.events[before..].reverse();
    }

    /// Gives a signal to all nodes that want one, in node order, then runs what they emit. Behind a node that fails no other gets it, but for
    /// a drain: nobody is to lose what it holds by another's failure.
    pub fn signal(&self, state: &mut PipelineState, signal: Signal, links: &dyn Links, out: &mut Outputs) {
        let before = out.events.len();
        for (at, node) in self.nodes.iter().enumerate() {
            let id = NodeId(at as u16);
            let result = match &node.kind {
                NodeKind::Shared(operator) if operator.traits().handles_signals => {
                    let behind = self.behind(node, links);
                    operator.on_signal(&mut cx(id, node, &behind, out), signal)
                }
                NodeKind::Stateful(slot, traits) if traits.handles_signals => {
                    let behind = self.behind(node, links);
                    state.operators[*slot].on_signal(&mut cx(id, node, &behind, out), signal)
                }
                _ => continue,
            };
            self.push_emitted(id, node, Cause::Signal, state, out);
            if let Err(error) = result {
                out.errors.push(error);
                if !matches!(signal, Signal::Drain { .. }) {
                    break;
                }
            }
        }
        self.drain(state, links, out);
        out.events[before..].reverse();
    }

    /// Tells the nodes that want to know it that a turn is over, in node order, then runs what they emit, which may begin another turn
    /// ([`Outputs::is_turn_open`]).
    pub fn end_turn(&self, state: &mut PipelineState, links: &dyn Links, out: &mut Outputs) {
        let before = out.events.len();
        out.is_turn_open = false;
        for (at, node) in self.nodes.iter().enumerate() {
            let NodeKind::Stateful(slot, traits) = &node.kind else {
                continue;
            };
            if !traits.ends_turns {
                continue;
            }
            let id = NodeId(at as u16);
            let behind = self.behind(node, links);
            if let Err(error) = state.operators[*slot].on_turn_end(&mut cx(id, node, &behind, out)) {
                out.emitted.clear();
                out.errors.push(error);
            }
            self.push_emitted(id, node, Cause::Event, state, out);
        }
        self.drain(state, links, out);
        out.events[before..].reverse();
    }

    /// Offers an insight to the nodes that want it, last node first; one raised by a node only to the nodes before that one.
    /// Afterwards it goes on to the inputs unless its kind is [`InsightKind::None`]. If a node claims what it says, nothing before that one
    /// sees it, and the node is given.
    pub fn feedback(&self, state: &mut PipelineState, raised_by: Option<NodeId>, insight: &mut Insight) -> Option<NodeId> {
        let mut claimed = None;
        let end = raised_by.map_or(self.nodes.len(), |node| usize::from(node.0));
        for (at, node) in self.nodes[..end].iter().enumerate().rev() {
            match &node.kind {
                NodeKind::Shared(operator) if operator.traits().handles_insights => operator.on_insight(node.uid, insight),
                NodeKind::Stateful(slot, traits) if traits.handles_insights => {
                    state.operators[*slot].on_insight(node.uid, insight);
                }
                _ => {}
            }
            if insight.claim.is_some() {
                claimed = claimed.or(Some(NodeId(at as u16)));
                // What a breaker between made of it concerns those further back all the same.
                if !matches!(insight.kind, InsightKind::Pause | InsightKind::Resume) {
                    break;
                }
            }
        }
        claimed
    }

    fn drain(&self, state: &mut PipelineState, links: &dyn Links, out: &mut Outputs) {
        while let Some((id, port, event)) = out.stack.pop() {
            let node = self.node(id);
            out.look_at(&event);
            let result = match &node.kind {
                NodeKind::Input | NodeKind::Pass => {
                    out.emitted.push((PortId::DEFAULT, event));
                    Ok(())
                }
                NodeKind::Output(output) => {
                    out.events.push((*output, event));
                    continue;
                }
                NodeKind::Shared(operator) => {
                    let behind = self.behind(node, links);
                    operator.on_event(&mut cx(id, node, &behind, out), port, event)
                }
                NodeKind::Stateful(slot, traits) => {
                    out.is_turn_open |= traits.ends_turns;
                    let behind = self.behind(node, links);
                    state.operators[*slot].on_event(&mut cx(id, node, &behind, out), port, event)
                }
            };
            if let Err(error) = result {
                out.emitted.clear();
                out.offer_end(End::with_detail(Reason::SelectError, error.message.as_str()));
                out.errors.push(error);
                continue;
            }
            self.push_emitted(id, node, Cause::Event, state, out);
        }
    }

    fn push_emitted(&self, id: NodeId, node: &Node, cause: Cause, state: &PipelineState, out: &mut Outputs) {
        self.metrics.count(id, cause == Cause::Event, &out.emitted);
        let mut emitted = std::mem::take(&mut out.emitted);
        for (port, event) in emitted.drain(..) {
            let stack = &mut out.stack;
            match node.consumers(port) {
                [] => {
                    out.look_at(&event);
                    out.offer_end(end_of_unread(node, port, &event, state));
                }
                [only] => stack.push((only.to, only.port, event)),
                [first @ .., last] => {
                    for edge in first {
                        stack.push((edge.to, edge.port, event.clone()));
                    }
                    stack.push((last.to, last.port, event));
                }
            }
        }
        out.emitted = emitted;
    }

    fn behind<'a>(&'a self, node: &'a Node, links: &'a dyn Links) -> Behind<'a> {
        Behind {
            graph: self,
            node,
            links,
        }
    }
}

fn cx<'a>(id: NodeId, node: &'a Node, behind: &'a Behind<'a>, out: &'a mut Outputs) -> OpCx<'a> {
    OpCx {
        uid: node.uid,
        node: id,
        name: node.name.as_str(),
        ports: &node.ports,
        downstream: behind,
        out,
    }
}

fn end_of_unread(node: &Node, port: PortId, event: &Event, state: &PipelineState) -> End {
    let name = node.ports.name(port);
    match &node.kind {
        NodeKind::Shared(operator) => operator.unread(&node.name, name, event),
        NodeKind::Stateful(slot, _) => state.operators[*slot].unread(&node.name, name, event),
        NodeKind::Input | NodeKind::Pass | NodeKind::Output(_) => unlinked(&node.name, name),
    }
}
