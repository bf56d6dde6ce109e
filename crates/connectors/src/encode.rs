//! Events into packets: codec, then postprocessors (spec/artefacts.md 1.2).
//!
//! The codec runs without a lock. A chain of postprocessors keeps state from packet to packet and therefore belongs to one event at a
//! time.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use temblor_codec::{Codec, PostChain, PostFactory};
use temblor_event::Event;

use crate::parts::parts;

/// What turns the events of one artefact into packets.
pub(crate) struct Encoder {
    codec: Arc<dyn Codec>,
    chain: Option<Mutex<PostChain>>,
}

impl Encoder {
    /// With fresh postprocessors.
    pub(crate) fn new(codec: Arc<dyn Codec>, postprocessors: &[PostFactory]) -> Self {
        let has_steps = !postprocessors.is_empty();
        Self {
            codec,
            chain: has_steps.then(|| Mutex::new(PostChain::new(postprocessors))),
        }
    }

    /// Gives every packet of an event to `write`, value after value. A value that cannot be encoded ends the event; what came before it
    /// was given.
    pub(crate) fn encode(&self, event: &Event, now_ns: u64, mut write: impl FnMut(&[u8])) -> Result<(), String> {
        self.messages(event, &mut Vec::new(), |message| {
            let Some(chain) = &self.chain else {
                write(message);
                return Ok(());
            };
            let mut packets = Vec::new();
            chain
                .lock()
                .run(Bytes::copy_from_slice(message), event.ingest_ns, now_ns, &mut packets)
                .map_err(|error| format!("Postprocessor error {error}"))?;
            for packet in &packets {
                write(packet);
            }
            Ok(())
        })
    }

    /// Gives the message of every value of an event to `take`, without postprocessors; `buffer` is used for those that have to be made.
    pub(crate) fn messages(
        &self,
        event: &Event,
        buffer: &mut Vec<u8>,
        mut take: impl FnMut(&[u8]) -> Result<(), String>,
    ) -> Result<(), String> {
        if let Some(message) = event.payload.message(self.codec.name()).filter(|_| !event.is_batch) {
            return take(message);
        }
        parts(event).try_for_each(|(value, _)| {
            buffer.clear();
            self.codec.encode(value, buffer).map_err(|error| error.to_string())?;
            take(buffer)
        })
    }
}

#[cfg(test)]
mod tests {
    use temblor_event::{Original, Payload};

    use super::*;
    use crate::testing::{batch, event, json_codec};

    fn packets(encoder: &Encoder, event: &Event) -> (Vec<String>, bool) {
        let mut packets = Vec::new();
        let result = encoder.encode(event, 5, |packet| packets.push(String::from_utf8_lossy(packet).into_owned()));
        (packets, result.is_ok())
    }

    #[test]
    fn every_value_of_a_batch_is_a_packet() {
        let encoder = Encoder::new(json_codec(), &[]);
        let list = r#"[{"data": {"value": {"a": 1}, "meta": {}}}, {"data": {"value": 2, "meta": {}}}]"#;
        assert_eq!(
            packets(&encoder, &batch(list)),
            (vec![r#"{"a":1}"#.to_owned(), "2".to_owned()], true)
        );
    }

    #[test]
    fn a_message_that_is_known_is_taken_as_it_is() {
        let known = |codec, is_batch| {
            let mut event = event(r#"[{"data": {"value": 1, "meta": {}}}]"#);
            let original = Original::exact(Bytes::from_static(b"known"), codec);
            event.payload = Payload::with_original(event.value().clone(), original, event.meta().clone());
            event.is_batch = is_batch;
            packets(&Encoder::new(json_codec(), &[]), &event).0
        };
        assert_eq!(known("json", false), ["known"]);
        assert_eq!(known("json", true), ["1"]);
        assert_eq!(known("yaml", false), [r#"[{"data":{"value":1,"meta":{}}}]"#]);
    }

    #[test]
    fn postprocessors_run_behind_the_codec() {
        let encoder = Encoder::new(json_codec(), &PostChain::factories(&["base64"]).unwrap());
        assert_eq!(packets(&encoder, &event("7")), (vec!["Nw==".to_owned()], true));
    }

    #[test]
    fn a_value_that_cannot_be_encoded_ends_the_event() {
        let encoder = Encoder::new(temblor_codec::codec("influx").unwrap(), &[]);
        let list = r#"[{"data": {"value": {"measurement": "m", "tags": {}, "fields": {"a": 1}, "timestamp": 1}, "meta": {}}},
            {"data": {"value": 2, "meta": {}}}]"#;
        let (written, is_ok) = packets(&encoder, &batch(list));
        assert_eq!((written.len(), is_ok), (1, false));
    }
}
