//! Events and surroundings for the tests of this crate.

use std::sync::Arc;

use temblor_codec::codec;
use temblor_event::{Event, EventId, Insight, Payload, Uid};
use temblor_runtime::need::BodyNeed;
use temblor_runtime::sink::{Delivery, Sink, SinkCx};
use temblor_value::{Value, json};

/// An event with a value given as JSON.
pub(crate) fn event(value: &str) -> Event {
    with_meta(value, "{}")
}

/// An event with value and metadata given as JSON.
pub(crate) fn with_meta(value: &str, meta: &str) -> Event {
    let payload = Payload::new(json::from_str(value).unwrap(), json::from_str(meta).unwrap());
    Event::new(EventId::new(Uid(1), 7), payload, 1_000)
}

/// A batch with its list given as JSON.
pub(crate) fn batch(list: &str) -> Event {
    let mut event = event(list);
    event.is_batch = true;
    event
}

/// The same event, wanting an acknowledgement.
pub(crate) fn transactional(mut event: Event) -> Event {
    event.transactional = true;
    event
}

/// Gives an event to a sink at a time.
#[allow(clippy::default_trait_access)] // the type's crate is none of this one's dependencies
pub(crate) fn deliver_at(sink: &dyn Sink, event: Event, now_ns: u64) -> Delivery {
    let cx = SinkCx {
        response_need: BodyNeed::NOTHING,
        response_meta: &Default::default(),
        now_ns,
        outputs: &(),
    };
    sink.deliver("in", event, &cx)
}

/// The json codec.
pub(crate) fn json_codec() -> Arc<dyn temblor_codec::Codec> {
    codec("json").unwrap()
}

/// A record or another value given as JSON.
pub(crate) fn value(text: &str) -> Value {
    json::from_str(text).unwrap()
}

/// The one insight of a delivery.
pub(crate) fn feedback(delivery: Delivery) -> Option<Insight> {
    match delivery {
        Delivery::Done(insights) if insights.len() <= 1 => insights.into_iter().next(),
        _ => None,
    }
}
