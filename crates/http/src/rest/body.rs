//! Bodies into event data and back (spec/proxy.md 3, spec/artefacts.md 3.2, 4.5 and 4.8).

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use temblor_codec::{Codec, Limits, PostChain, PostFactory, PreChain, PreFactory, Scratch};
use temblor_event::{Data, Original, Payload};
use temblor_runtime::need::{BodyNeed, Need};
use temblor_value::{Value, json};

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

impl Taken {
    /// A body that gave nothing counts as an empty record (spec/artefacts.md 4.8).
    #[must_use]
    pub fn or_empty_record(mut self) -> Self {
        if self.parts.is_empty() {
            self.parts.push(Ok(Data::Value(Value::object(), None)));
        }
        self
    }
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
        let mut chain = PreChain::new(self.preprocessors, &Limits::default());
        let mut chunks = Vec::new();
        let result = chain
            .run(body, ingest_ns, &mut chunks)
            .and_then(|()| chain.finish(ingest_ns, &mut chunks));
        if let Err(error) = result {
            return Taken {
                parts: vec![Err(error.to_string())],
            };
        }
        Taken {
            parts: chunks
                .into_iter()
                .filter_map(|chunk| self.take_chunk(chunk, ingest_ns))
                .collect(),
        }
    }

    /// Checks bytes against the codec.
    pub fn check_only(&self, bytes: &[u8]) -> Result<(), String> {
        SCRATCH
            .with_borrow_mut(|scratch| self.codec.check(bytes, scratch))
            .map_err(|error| error.to_string())
    }

    /// One chunk; `None`: the codec has no value for it.
    fn take_chunk(&self, chunk: Bytes, ingest_ns: &mut u64) -> Option<Result<Data, String>> {
        let name = self.codec.name();
        if chunk.is_empty() && !self.codec.decodes_empty() {
            let original = Original {
                bytes: chunk,
                codec: name,
                is_absent: true,
                trailers: None,
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
        if self.validate {
            self.check_only(&chunk)?;
        }
        Ok(Data::Raw(original(chunk, self.codec.name())))
    }

    fn decode(&self, chunk: Bytes, ingest_ns: &mut u64) -> Option<Result<Data, String>> {
        let kept = self.need.keeps_original.then(|| original(chunk.clone(), self.codec.name()));
        match decode(&**self.codec, chunk, ingest_ns) {
            Ok(Some((value, is_faithful))) => Some(Ok(Data::Value(value, kept.filter(|_| is_faithful)))),
            Ok(None) => None,
            Err(text) => Some(Err(text)),
        }
    }
}

/// Decodes; the flag is false where the value does not say all that the bytes say: a JSON body with duplicate keys must leave as what
/// programs saw (spec/proxy.md 3.1, rule 4).
fn decode(codec: &dyn Codec, bytes: Bytes, ingest_ns: &mut u64) -> Result<Option<(Value, bool)>, String> {
    SCRATCH.with_borrow_mut(|scratch| {
        if codec.name() == "json" {
            let decoded = json::decode(bytes, scratch).map_err(|error| error.to_string())?;
            return Ok(Some((decoded.value, !decoded.has_duplicate_keys)));
        }
        let value = codec.decode(bytes, scratch, ingest_ns).map_err(|error| error.to_string())?;
        Ok(value.map(|value| (value, true)))
    })
}

fn original(bytes: Bytes, codec: &'static str) -> Original {
    Original {
        bytes,
        codec,
        is_absent: false,
        trailers: None,
    }
}

/// A payload of data taken in.
pub fn payload(data: Data, meta: Value) -> Payload {
    match data {
        Data::Value(value, Some(original)) => Payload::with_original(value, original, meta),
        Data::Value(value, None) => Payload::new(value, meta),
        Data::Raw(original) => Payload::raw(original, meta),
        Data::Stream(stream) => Payload::stream(stream, meta),
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
            Data::Stream(_) => None,
        };
        if original.is_some_and(|original| original.is_absent) && !self.always_encode {
            return Ok(None);
        }
        let passes = original.filter(|original| !self.always_encode && original.codec == self.codec.name());
        let bytes = match (passes, data) {
            (Some(original), _) => original.bytes.clone(),
            (None, Data::Value(value, _)) => self.encode(value)?,
            (None, Data::Raw(original)) => self.encode(&decode_late(original)?)?,
            (None, Data::Stream(_)) => return Err("the body was not collected".to_owned()),
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
    let decoded = decode(&*codec, original.bytes.clone(), &mut 0)?;
    Ok(decoded.map_or_else(Value::object, |(value, _)| value))
}
