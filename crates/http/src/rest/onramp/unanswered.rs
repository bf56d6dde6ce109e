//! Events at the port `unanswered`: a pipeline's chance to answer instead of us (spec/proxy.md 1.5).

use std::sync::Arc;

use temblor_event::{Event, EventId, Origin, Payload};
use temblor_runtime::clock::now_ns;
use temblor_value::{ObjectMap, Str, Value};

use super::answer::OwnAnswer;
use crate::rest::meta::key;

/// What such an event has of its request. Kept only where the port is linked.
pub(super) struct Template {
    /// `$request` of the first event.
    pub request: Value,
    /// Origin of the first event.
    pub origin: Arc<Origin>,
}

impl Template {
    /// The event for an answer that is held back.
    pub(super) fn event(self, id: EventId, answer: &OwnAnswer, correlation: Option<Value>) -> Event {
        let mut meta = ObjectMap::with_capacity(5);
        meta.insert(key::ERROR, answer.text().clone());
        let reason = answer.reason().map_or("", |reason| reason.name());
        meta.insert(key::REASON, Str::from_static(reason));
        meta.insert(key::REQUEST, self.request);
        meta.insert(key::RESPONSE, answer.response_record());
        if let Some(correlation) = correlation {
            meta.insert(key::CORRELATION, correlation);
        }
        let mut event = Event::new(id, Payload::new(answer.value(), Value::from(meta)), now_ns());
        event.origin = Some(self.origin);
        event
    }
}
