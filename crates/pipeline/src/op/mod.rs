//! Operators: what the nodes of a graph do.
//!
//! An operator is a pure function of (state, input, time): it owns no task, no timer and no clock. Time comes with the event, the tick
//! or the insight.

pub mod backpressure;
pub mod batch;
pub mod bucket;
pub mod config;
pub mod counter;
pub mod ended;
pub mod failure;
pub mod history;
pub mod memory_log;
pub mod percentile;
pub mod retry;
pub mod roundrobin;
pub mod script;
pub mod wal;

use temblor_event::{End, Event, Insight, Reason, Signal, Tickets, Uid};
use temblor_metrics::Page;
use temblor_script::{MetaPaths, Scratch};
use temblor_value::Str;

use crate::outputs::Outputs;
use crate::port::{NodeId, PortId, PortTable};

/// An error that an operator does not route itself; the event's branch ends (spec/operators-and-flow.md A.4).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpError {
    /// Formatted, with its place in the source where there is one.
    pub message: String,
    /// Whether `run` ends here, as it does when the query rather than an event is at fault (spec/query.md 8.6).
    pub ends_run: bool,
}

impl OpError {
    /// An error that ends the event only.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ends_run: false,
        }
    }
}

/// How a node may be shared between workers (design: sharing classes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// No state at all.
    Stateless,
    /// State in a few atomics; each event's step is independent.
    Atomic,
    /// Needs exclusive access.
    Stateful,
}

/// What the executor must know of an operator before it runs.
#[derive(Clone, Copy, Debug)]
pub struct OpTraits {
    /// Wants signals.
    pub handles_signals: bool,
    /// Wants insights.
    pub handles_insights: bool,
    /// Looks at the event's value, or keeps it beyond the call.
    pub reads_event: bool,
    /// Whatever it emits carries a value other than the event's own.
    pub always_replaces_event: bool,
    /// Keeps events and emits them, or what it made of them, later.
    pub holds_events: bool,
    /// Wants to be called at the end of a turn in which it saw events.
    pub ends_turns: bool,
}

impl OpTraits {
    /// An operator that looks at nothing and keeps nothing.
    pub const PLAIN: Self = Self {
        handles_signals: false,
        handles_insights: false,
        reads_event: false,
        always_replaces_event: false,
        holds_events: false,
        ends_turns: false,
    };
}

/// A counter that an operator keeps itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnMetric {
    /// What is measured.
    pub measurement: &'static str,
    /// Tags beside `pipeline` and `node`.
    pub tags: Vec<(&'static str, Str)>,
    /// Total since the start.
    pub count: u64,
}

/// Which of a node's outputs could take an event now (spec/proxy.md 4.1, *Availability*).
pub trait Availability {
    /// Whether something behind `port` of the asking node could take an event of time `at_ns`.
    fn is_available(&self, port: PortId, at_ns: u64) -> bool;

    /// Whether something behind any port could; true if nothing is there.
    fn any_is_available(&self, at_ns: u64) -> bool;
}

/// What an operator may use of its surroundings during a call.
pub struct OpCx<'a> {
    /// The node's own uid.
    pub uid: Uid,
    /// The node's position.
    pub node: NodeId,
    /// The node's name.
    pub name: &'a str,
    /// Names of the node's output ports.
    pub ports: &'a PortTable,
    /// What lies behind the ports.
    pub downstream: &'a dyn Availability,
    /// Where results go.
    pub(crate) out: &'a mut Outputs,
}

impl OpCx<'_> {
    /// Sends an event to one of the node's ports.
    pub fn emit(&mut self, port: PortId, event: Event) {
        self.out.emitted.push((port, event));
    }

    /// Raises an insight, to be offered to the nodes before this one.
    pub fn raise(&mut self, insight: Insight) {
        self.out.insights.push((self.node, insight));
    }

    /// Buffers for running scripts and expressions.
    pub(crate) fn scratch(&mut self) -> &mut Scratch {
        &mut self.out.scratch
    }

    /// Notes that the event at hand ends here.
    pub fn end(&mut self, end: End) {
        self.out.offer_end(end);
    }

    /// Tickets to keep with an event, or with what is made of it, beyond this call. They have to be hung on whatever is emitted for it later.
    pub fn hold(&mut self, event: &mut Event) -> Tickets {
        self.out.request.hold(event)
    }
}

/// An operator that several workers may run at once.
pub trait Operator: Send + Sync {
    /// Handles an event.
    fn on_event(&self, cx: &mut OpCx<'_>, port: PortId, event: Event) -> Result<(), OpError>;

    /// Handles a signal.
    fn on_signal(&self, _cx: &mut OpCx<'_>, _signal: Signal) -> Result<(), OpError> {
        Ok(())
    }

    /// Sees an insight on its way back and may change it.
    fn on_insight(&self, _uid: Uid, _insight: &mut Insight) {}

    /// What the executor must know.
    fn traits(&self) -> OpTraits;

    /// Counters of its own, beside those of ports (spec/operators-and-flow.md C.1).
    fn metrics(&self) -> Vec<OwnMetric> {
        Vec::new()
    }

    /// Puts what only this kind of operator counts on the page. `labels` name the node.
    fn collect(&self, _labels: &[(&str, &str)], _page: &mut Page) {}

    /// The output ports a balancer chooses from; empty for all others.
    fn balanced_ports(&self) -> &[PortId] {
        &[]
    }

    /// Tells a balancer which nodes and sinks lie behind exactly one of its outputs, with the index of that output (spec/proxy.md 4.1,
    /// *Territory*). Called again when links change.
    fn learn_territory(&self, _nodes: Vec<(Uid, u32)>) {}

    /// Names of the inputs beside `in`; they have the ids from 1 on.
    fn input_ports(&self) -> &'static [&'static str] {
        &[]
    }

    /// Metadata that programs of this node may look at or that its results may carry elsewhere.
    fn meta_paths(&self) -> MetaPaths {
        MetaPaths::Everything
    }

    /// Stateless or atomic.
    fn sharing(&self) -> Sharing {
        Sharing::Stateless
    }

    /// Whether an event of time `at_ns` could pass.
    fn is_available(&self, downstream: &dyn Availability, at_ns: u64) -> bool {
        downstream.any_is_available(at_ns)
    }

    /// The end of an event that was emitted on a port nobody reads.
    fn unread(&self, name: &str, port: &str, event: &Event) -> End {
        let _ = event;
        unlinked(name, port)
    }
}

/// An operator that needs exclusive access.
pub trait StatefulOperator: Send {
    /// Handles an event.
    fn on_event(&mut self, cx: &mut OpCx<'_>, port: PortId, event: Event) -> Result<(), OpError>;

    /// Handles a signal.
    fn on_signal(&mut self, _cx: &mut OpCx<'_>, _signal: Signal) -> Result<(), OpError> {
        Ok(())
    }

    /// Does at once what it left to do for all events since the last call. A turn ends when whoever sends events has no more at hand, and
    /// before anybody is answered.
    fn on_turn_end(&mut self, _cx: &mut OpCx<'_>) -> Result<(), OpError> {
        Ok(())
    }

    /// Sees an insight on its way back and may change it.
    fn on_insight(&mut self, _uid: Uid, _insight: &mut Insight) {}

    /// Events, or results in the making, that would be lost if it ended now.
    fn held(&self) -> u64 {
        0
    }

    /// What the executor must know.
    fn traits(&self) -> OpTraits;

    /// Counters of its own, beside those of ports (spec/operators-and-flow.md C.1).
    fn metrics(&self) -> Vec<OwnMetric> {
        Vec::new()
    }

    /// The end of an event that was emitted on a port nobody reads.
    fn unread(&self, name: &str, port: &str, event: &Event) -> End {
        let _ = event;
        unlinked(name, port)
    }
}

/// An operator, in one of its two forms.
pub enum Instance {
    /// Workers share it.
    Shared(Box<dyn Operator>),
    /// One worker at a time.
    Stateful(Box<dyn StatefulOperator>),
}

/// The end of an event at a port without reader.
pub fn unlinked(node: &str, port: &str) -> End {
    End::with_detail(Reason::Unlinked, Str::from(format!("{node}/{port}")))
}
