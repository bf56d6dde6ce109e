//! What stands in a draft's flow where a running deployment has a sink.

use temblor_event::Event;

use crate::sink::{Delivery, Sink, SinkCx};

/// A sink of a draft. No event ever reaches it, since nothing starts.
pub(crate) struct Unopened;

impl Sink for Unopened {
    fn deliver(&self, _port: &str, _event: Event, _cx: &SinkCx<'_>) -> Delivery {
        Delivery::Queued
    }
}
