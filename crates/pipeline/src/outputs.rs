//! What a run of a pipeline gives, and the stack it runs on. One value of this type is reused for all runs of a flow.

use smallvec::SmallVec;
use temblor_event::{End, Event, Insight, RequestSlot, Tickets};
use temblor_script::Scratch;
use temblor_value::Value;

use crate::op::OpError;
use crate::port::{NodeId, OutputId, PortId};

/// Results of one call of a pipeline.
#[derive(Default)]
pub struct Outputs {
    /// Events that left the pipeline, in delivery order.
    pub events: SmallVec<[(OutputId, Event); 2]>,
    /// Insights raised by nodes, each with its node: it is offered to the nodes before that one only.
    pub insights: SmallVec<[(NodeId, Insight); 1]>,
    /// The best candidate of how a branch ended that produced nothing (spec/proxy.md 1.2).
    pub end: Option<End>,
    /// Errors of selects and operators, for the log.
    pub errors: Vec<OpError>,
    /// The request that runs belong to; whoever runs puts it in and takes it out.
    pub request: RequestSlot,
    /// A node saw an event and waits for the end of the turn ([`crate::graph::Graph::end_turn`]).
    pub(crate) is_turn_open: bool,
    /// Tickets of the event that a node is handling.
    pub(crate) tickets: Tickets,
    /// That event can lead to a reply for the run's request.
    is_carrier: bool,
    /// Its `$correlation`, if the request wants to know it.
    correlation: Option<Value>,
    /// Events between two nodes; empty between calls.
    pub(crate) stack: SmallVec<[(NodeId, PortId, Event); 4]>,
    /// What the node that is running emits; empty between nodes.
    pub(crate) emitted: SmallVec<[(PortId, Event); 2]>,
    /// Buffers of scripts and expressions.
    pub(crate) scratch: Scratch,
}

impl Outputs {
    /// Empty outputs.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a node waits for the end of the turn.
    pub fn is_turn_open(&self) -> bool {
        self.is_turn_open
    }

    /// Forgets everything; keeps the memory.
    pub fn clear(&mut self) {
        self.events.clear();
        self.insights.clear();
        self.end = None;
        self.errors.clear();
        self.is_turn_open = false;
        self.tickets = Tickets::default();
        self.stack.clear();
        self.emitted.clear();
    }

    /// Notes which event a node is handling, for its end.
    pub(crate) fn look_at(&mut self, event: &Event) {
        self.tickets.clone_from(&event.tickets);
        self.is_carrier = self.request.key().is_none_or(|key| key.is_carried_by(&event.id));
        self.correlation = self.request.correlation_of(event);
    }

    /// Notes how the branch of the event at hand ended: for the requests whose tickets it has, else for the request of the run if
    /// it carried that.
    pub(crate) fn offer_end(&mut self, mut end: End) {
        end.correlation = self.correlation.take();
        if !self.tickets.is_empty() {
            self.tickets.offer(&end);
        } else if self.is_carrier {
            End::offer(&mut self.end, end);
        }
    }
}
