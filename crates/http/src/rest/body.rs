//! Bodies into event data and back (spec/proxy.md 3, spec/artefacts.md 3.2, 4.5 and 4.8).

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use temblor_codec::{Codec, PostChain, PostFactory, PreChain, PreFactory, Scratch};
use temblor_event::{Data, Original, Payload};
use temblor_runtime::need::{BodyNeed, Need};
use temblor_value::Value;

thread_local! {
    /// Parser buffers, one set per thread.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// What a body gave.
#[derive(Debug, Default)]
pub struct Taken {
    /// Data of the events, or the text of a decode error, in order of the chunks.
    pub parts: Vec<Result<Data, String>>,
}

/// How bodies of one artefact become data.
pub struct Intake<'a> {
    /// The codec chosen by content type.
    pub codec: &'a Arc<dyn Codec>,
    /// Preprocessors; a fresh chain per body.
    pub preprocessors: &'a [PreFactory],
    /// What reachable programs need.
    pub need: BodyNeed,
    /// Check what no program reads.
    pub validate: bool,
}

impl Intake<'_> {
    /// Turns a complete body into data. May change the ingest time.
    pub fn take(&self, body: Bytes, ingest_ns: &mut u64) -> Taken {
        if self.preprocessors.is_empty() {
            return match self.take_chunk(body, ingest_ns) {
                Some(part) => Taken { parts: vec![part] },
                None => Taken::default(),
            };
        }
        let mut chain = PreChain::new(self.preprocessors);
        let mut chunks = Vec::new();
        let result = chain.run(body, ingest_ns, &mut chunks).and_then(|()| chain.finish(&mut chunks));
        if let Err(error) = result {
            return Taken {
                parts: vec![Err(error.to_string())],
            };
        }
        Taken {
            parts: chunks.into_iter().filter_map(|chunk| self.take_chunk(chunk, ingest_ns)).collect(),
        }
    }

    /// One chunk; `None`: the codec has no value for it.
    fn take_chunk(&self, chunk: Bytes, ingest_ns: &mut u64) -> Option<Result<Data, String>> {
        let name = self.codec.name();
        if chunk.is_empty() && !self.codec.decodes_empty() {
            let original = Original {
                bytes: chunk,
                codec: name,
                is_absent: true,
            };
            return Some(Ok(Data::Value(Value::object(), Some(original))));
        }
        let need = match self.need.need {
            Need::Stream if self.validate && !self.codec.accepts_any_bytes() => Need::Bytes,
            need => need,
        };
        match need {
            Need::Stream => Some(Ok(Data::Raw(original(chunk, name)))),
            Need::Bytes => Some(self.check(chunk)),
            Need::Value => self.decode(chunk, ingest_ns),
        }
    }

    fn check(&self, chunk: Bytes) -> Result<Data, String> {
        let checked = if self.validate {
            SCRATCH.with_borrow_mut(|scratch| self.codec.check(&chunk, scratch))
        } else {
            Ok(())
        };
        match checked {
            Ok(()) => Ok(Data::Raw(original(chunk, self.codec.name()))),
            Err(error) => Err(error.to_string()),
        }
    }

    fn decode(&self, chunk: Bytes, ingest_ns: &mut u64) -> Option<Result<Data, String>> {
        // The decoder works in place on bytes nobody else holds; where the original must survive it gets a share and copies.
        let kept = self.need.keeps_original.then(|| chunk.clone());
        let decoded = SCRATCH.with_borrow_mut(|scratch| self.codec.decode(chunk, scratch, ingest_ns));
        match decoded {
            Ok(Some(decoded)) => {
                let kept = kept.filter(|_| !decoded.has_duplicate_keys);
                Some(Ok(Data::Value(decoded.value, kept.map(|bytes| original(bytes, self.codec.name())))))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error.to_string())),
        }
    }
}

fn original(bytes: Bytes, codec: &'static str) -> Original {
    Original {
        bytes,
        codec,
        is_absent: false,
    }
}

/// A payload of data taken in.
pub fn payload(data: Data, meta: Value) -> Payload {
    match data {
        Data::Value(value, Some(original)) => Payload::with_original(value, original, meta),
        Data::Value(value, None) => Payload::new(value, meta),
        Data::Raw(original) => Payload::raw(original, meta),
    }
}

/// How data of one artefact becomes bodies.
pub struct Outlet<'a> {
    /// The codec chosen by content type.
    pub codec: &'a Arc<dyn Codec>,
    /// Postprocessors.
    pub postprocessors: &'a [PostFactory],
    /// `encode: always`: never pass original bytes on.
    pub always_encode: bool,
}

impl Outlet<'_> {
    /// The body; `None` for data that came without one and that nobody replaced.
    pub fn body(&self, data: &Data, ingest_ns: u64, now_ns: u64) -> Result<Option<Bytes>, String> {
        let original = match data {
            Data::Value(_, original) => original.as_ref(),
            Data::Raw(original) => Some(original),
        };
        if original.is_some_and(|original| original.is_absent) && !self.always_encode {
            return Ok(None);
        }
        let passes = original.filter(|original| !self.always_encode && original.codec == self.codec.name());
        let bytes = match (passes, data) {
            (Some(original), _) => original.bytes.clone(),
            (None, Data::Value(value, _)) => self.encode(value)?,
            (None, Data::Raw(original)) => self.encode(&decode_late(original)?)?,
        };
        self.postprocess(bytes, ingest_ns, now_ns).map(Some)
    }

    fn encode(&self, value: &Value) -> Result<Bytes, String> {
        let mut out = Vec::with_capacity(128);
        self.codec.encode(value, &mut out).map_err(|error| error.to_string())?;
        Ok(Bytes::from(out))
    }

    fn postprocess(&self, bytes: Bytes, ingest_ns: u64, now_ns: u64) -> Result<Bytes, String> {
        if self.postprocessors.is_empty() {
            return Ok(bytes);
        }
        let mut packets = Vec::new();
        PostChain::new(self.postprocessors)
            .run(bytes, ingest_ns, now_ns, &mut packets)
            .map_err(|error| format!("Postprocessor error {error}"))?;
        Ok(match <[Bytes; 1]>::try_from(packets) {
            Ok([packet]) => packet,
            Err(packets) => Bytes::from(packets.concat()),
        })
    }
}

/// Decodes a body that was passed on undecoded and now meets another codec (spec/proxy.md 3.1, rule 5).
fn decode_late(original: &Original) -> Result<Value, String> {
    let codec = temblor_codec::codec(original.codec).ok_or_else(|| format!("Codec '{}' not found.", original.codec))?;
    let decoded = SCRATCH.with_borrow_mut(|scratch| codec.decode(original.bytes.clone(), scratch, &mut 0));
    match decoded {
        Ok(Some(decoded)) => Ok(decoded.value),
        Ok(None) => Ok(Value::object()),
        Err(error) => Err(error.to_string()),
    }
}
