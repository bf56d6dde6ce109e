//! The event.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use temblor_value::Value;

use crate::{EventId, Lease, OpMeta, Origin, Payload, Tickets};

/// A unit of data on its way through a flow. Cheap to clone: everything large is shared.
///
/// One pointer wide: an event goes from hand to hand a dozen times, and what it consists of stays where it is.
#[derive(Clone, Debug)]
pub struct Event(Box<EventParts>);

/// What an event consists of; reached through the event.
#[derive(Clone, Debug)]
pub struct EventParts {
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
    /// When it was sent again, nanoseconds since the epoch; operators compare their times with this instead of the ingest time.
    pub resent_ns: Option<u64>,
    /// Requests that wait because something held an event of theirs.
    pub tickets: Tickets,
    /// What write-ahead logs on its way want to know.
    pub lease: Lease,
}

impl Event {
    /// An event as sources make it: no marks, not transactional, no batch, no origin.
    pub fn new(id: EventId, payload: Payload, ingest_ns: u64) -> Self {
        Self(Box::new(EventParts {
            id,
            payload,
            ingest_ns,
            origin: None,
            op_meta: OpMeta::default(),
            transactional: false,
            is_batch: false,
            resent_ns: None,
            tickets: Tickets::default(),
            lease: Lease::default(),
        }))
    }
}

impl EventParts {
    /// The time that operators go by: that of being sent again, else the ingest time (spec/proxy.md 4.1, *Time of a copy*).
    pub fn at_ns(&self) -> u64 {
        self.resent_ns.unwrap_or(self.ingest_ns)
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

impl Deref for Event {
    type Target = EventParts;

    #[inline]
    fn deref(&self) -> &EventParts {
        &self.0
    }
}

impl DerefMut for Event {
    #[inline]
    fn deref_mut(&mut self) -> &mut EventParts {
        &mut self.0
    }
}
