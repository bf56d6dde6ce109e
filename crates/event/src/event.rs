//! The event.

use std::sync::Arc;

use temblor_value::Value;

use crate::{EventId, Lease, OpMeta, Origin, Payload, Tickets};

/// A unit of data on its way through a flow. Cheap to clone: everything large is shared.
#[derive(Clone, Debug)]
pub struct Event {
    /// Identity.
    pub id: EventId,
    /// Data and metadata.
    pub payload: Payload,
    /// When the source took it in, nanoseconds since the epoch.
    pub ingest_ns: u64,
    /// Where it came from.
    pub origin: Option<Arc<Origin>>,
    /// Marks of the operators it passed.
    pub op_meta: OpMeta,
    /// Somebody upstream wants an acknowledgement or a failure.
    pub transactional: bool,
    /// The value is a list of wrapped events (spec/operators-and-flow.md A.8).
    pub is_batch: bool,
    /// Requests that wait because something held an event of theirs.
    pub tickets: Tickets,
    /// What write-ahead logs on its way want to know.
    pub lease: Lease,
}

impl Event {
    /// An event as sources make it: no marks, not transactional, no batch, no origin.
    pub fn new(id: EventId, payload: Payload, ingest_ns: u64) -> Self {
        Self {
            id,
            payload,
            ingest_ns,
            origin: None,
            op_meta: OpMeta::default(),
            transactional: false,
            is_batch: false,
            tickets: Tickets::default(),
            lease: Lease::default(),
        }
    }

    /// The value (see [`Payload::value`]).
    pub fn value(&self) -> &Value {
        self.payload.value()
    }

    /// The metadata.
    pub fn meta(&self) -> &Value {
        &self.payload.meta
    }
}
