//! A request as events (spec/artefacts.md 3.2).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use temblor_event::{Event, EventId, Origin, Payload};
use temblor_runtime::clock::now_ns;
use temblor_runtime::flow::{Dispatch, Flow};
use temblor_runtime::need::BodyNeed;
use temblor_value::{ObjectMap, Str, Value};

use super::handler::Onramp;
use crate::message::RequestHead;
use crate::rest::body::{Arrived, Intake, Taken, payload};
use crate::rest::meta::{self, content_type, key};

/// A request whose body is not read yet, as programs will see it.
pub(crate) struct Arrival {
    pub(crate) head: RequestHead,
    /// It came over TLS.
    pub(crate) is_secure: bool,
    /// Host of the origin, from the fields as received (spec/proxy.md 2.5).
    pub(crate) origin_host: Str,
    /// `$client`, where that is switched on.
    pub(crate) client: Option<Value>,
}

impl Arrival {
    /// Metadata and origin of its events.
    pub(crate) fn into_meta(self) -> (Value, Arc<Origin>) {
        let mut meta = meta::request(self.head, self.is_secure);
        if let Some(client) = self.client {
            meta.insert(key::CLIENT, client);
        }
        let origin = Origin {
            scheme: Str::from_static("tremor-rest"),
            host: self.origin_host,
            port: None,
            path: [Str::default()].into(),
        };
        (meta, Arc::new(origin))
    }
}

/// The events of one request before they are sent.
pub(crate) struct Item {
    pub(crate) first: u64,
    pub(crate) taken: Taken,
    pub(crate) meta: Value,
    pub(crate) origin: Arc<Origin>,
    pub(crate) ingest_ns: u64,
}

impl Onramp {
    /// Decodes the body and numbers the events; the numbers of one request are consecutive.
    pub(crate) fn intake(&self, arrival: Arrival, body: Arrived, flow: &Flow) -> Item {
        let mut ingest_ns = now_ns();
        let taken = self.body_intake(&arrival.head, flow).take(body, &mut ingest_ns);
        let count = taken.parts.len() as u64;
        let (meta, origin) = arrival.into_meta();
        Item {
            first: self.numbers.fetch_add(count, Ordering::Relaxed),
            taken,
            meta,
            origin,
            ingest_ns,
        }
    }

    /// How the body of a request becomes data.
    pub(crate) fn body_intake(&self, head: &RequestHead, flow: &Flow) -> Intake<'_> {
        Intake {
            codec: content_type(&head.headers)
                .and_then(|text| self.replies.codec_map.resolve_bytes(text))
                .unwrap_or(&self.replies.codec),
            preprocessors: &self.preprocessors,
            need: flow.source(self.cx.ix).map_or(BodyNeed::EVERYTHING, |source| source.need),
            validate: self.config.validate,
        }
    }

    /// Puts all events of an item into a dispatch.
    pub(crate) fn send(&self, item: Item, dispatch: &mut Dispatch) {
        let Item {
            first,
            taken,
            meta,
            origin,
            ingest_ns,
        } = item;
        for (number, part) in (first..).zip(taken.parts) {
            let id = EventId::new(self.cx.uid, number);
            match part {
                Ok(data) => {
                    let mut event = Event::new(id, payload(data, meta.clone()), ingest_ns);
                    event.origin = Some(Arc::clone(&origin));
                    dispatch.send_out(self.cx.ix, event);
                }
                Err(text) => {
                    let mut event = Event::new(id, self.error_payload(&text, first), ingest_ns);
                    event.origin = Some(Arc::clone(&origin));
                    dispatch.send_err(self.cx.ix, event);
                }
            }
        }
    }

    /// The error event of spec/artefacts.md 1.7.
    fn error_payload(&self, text: &str, first: u64) -> Payload {
        let mut value = ObjectMap::with_capacity(3);
        value.insert(key::ERROR, text);
        value.insert(key::EVENT_ID, first);
        value.insert(key::SOURCE_ID, self.cx.url.as_str());
        let mut meta = ObjectMap::with_capacity(1);
        meta.insert(key::ERROR, text);
        Payload::new(Value::from(value), Value::from(meta))
    }
}
