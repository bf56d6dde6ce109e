//! `generic::batch`: several events as one (spec/operators-and-flow.md B.3).
//!
//! Algorithm. Values and metadata are collected in a list. The list leaves as one event, with the ingest time of its first part and an id
//! that tracks all parts, when it holds `count` parts or when an event or a tick comes more than `timeout` after the first part, or when nothing more is to come.

use temblor_event::{Event, EventId, Lease, Payload, Signal, Tickets};
use temblor_value::{Str, Value};

use super::{OpCx, OpError, OpTraits, StatefulOperator};
use crate::port::PortId;

const NS_PER_MS: u64 = 1_000_000;

/// How the parts of a batch are wrapped (spec/dialects.md 8, O1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `{"data": {"value": …, "meta": …, "ingest_ns": …, "kind": null, "is_batch": …}}`.
    Modern,
    /// As the 0.9 generation wrote them.
    V09,
}

/// Configuration of the operator.
#[derive(Clone, Debug)]
pub struct Config {
    /// Parts of a full batch; 0: never full.
    pub count: u64,
    /// Longest time a part waits, milliseconds.
    pub timeout_ms: Option<u64>,
    /// Form of the parts.
    pub shape: Shape,
}

/// See the module's documentation.
pub struct Batch {
    config: Config,
    parts: Vec<Value>,
    first_ns: u64,
    number: u64,
    id: Option<EventId>,
    transactional: bool,
    tickets: Tickets,
    lease: Lease,
}

impl Batch {
    /// An empty batch.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            parts: Vec::new(),
            first_ns: 0,
            number: 0,
            id: None,
            transactional: false,
            tickets: Tickets::default(),
            lease: Lease::default(),
        }
    }

    fn is_late(&self, at_ns: u64) -> bool {
        let timeout_ns = self.config.timeout_ms.map(|timeout| timeout.saturating_mul(NS_PER_MS));
        timeout_ns.is_some_and(|timeout| at_ns.saturating_sub(self.first_ns) > timeout)
    }

    fn take_in(&mut self, cx: &mut OpCx<'_>, mut event: Event) {
        if self.parts.is_empty() {
            self.first_ns = event.ingest_ns;
        }
        let number = self.number;
        self.id.get_or_insert_with(|| EventId::new(cx.uid, number)).track(&event.id);
        self.transactional |= event.transactional;
        self.tickets.add(&cx.hold(&mut event));
        self.lease.add(&event.lease);
        self.parts.push(wrap(self.config.shape, &event));
    }

    fn flush(&mut self, cx: &mut OpCx<'_>) {
        let Some(id) = self.id.take() else { return };
        self.number += 1;
        let parts = std::mem::take(&mut self.parts);
        let mut event = Event::new(id, Payload::new(Value::from(parts), Value::object()), self.first_ns);
        event.is_batch = true;
        event.transactional = std::mem::take(&mut self.transactional);
        event.tickets = std::mem::take(&mut self.tickets);
        event.lease = std::mem::take(&mut self.lease);
        cx.emit(PortId::DEFAULT, event);
    }
}

fn wrap(shape: Shape, event: &Event) -> Value {
    let mut inner = Value::object();
    inner.insert(Str::from_static("value"), event.value().clone());
    inner.insert(Str::from_static("meta"), event.meta().clone());
    let mut outer = Value::object();
    match shape {
        Shape::Modern => {
            inner.insert(Str::from_static("ingest_ns"), event.ingest_ns);
            inner.insert(Str::from_static("kind"), Value::Null);
            inner.insert(Str::from_static("is_batch"), event.is_batch);
            outer.insert(Str::from_static("data"), inner);
        }
        Shape::V09 => {
            outer.insert(Str::from_static("data"), inner);
            outer.insert(Str::from_static("ingest_ns"), event.ingest_ns);
            outer.insert(Str::from_static("kind"), Value::Null);
            outer.insert(Str::from_static("is_batch"), event.is_batch);
        }
    }
    outer
}

impl StatefulOperator for Batch {
    fn on_event(&mut self, cx: &mut OpCx<'_>, _port: PortId, event: Event) -> Result<(), OpError> {
        let at_ns = event.ingest_ns;
        self.take_in(cx, event);
        let is_full = self.parts.len() as u64 == self.config.count;
        if is_full || self.is_late(at_ns) {
            self.flush(cx);
        }
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut OpCx<'_>, signal: Signal) -> Result<(), OpError> {
        if matches!(signal, Signal::Drain { .. }) || self.is_late(signal.ingest_ns()) {
            self.flush(cx);
        }
        Ok(())
    }

    fn held(&self) -> u64 {
        self.parts.len() as u64
    }

    fn traits(&self) -> OpTraits {
        OpTraits {
            handles_signals: true,
            reads_event: true,
            always_replaces_event: true,
            holds_events: true,
            ..OpTraits::PLAIN
        }
    }
}
