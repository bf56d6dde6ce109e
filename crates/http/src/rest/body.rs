//! Bodies into event data and back (spec/proxy.md 3, spec/artefacts.md 3.2, 4.5 and 4.8).

use std::cell::RefCell;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use parking_lot::Mutex;
use temblor_codec::{Codec, Form, Limits, PostChain, PostFactory, PreChain, PreFactory, Scratch};
use temblor_event::{Data, Original, Payload, Stream, StreamPlace, Trailers};
use temblor_runtime::clock::now_ns;
use temblor_runtime::need::{BodyNeed, Need};
use temblor_value::{Str, Value};

use crate::body::{Body, Broken, Content, ReadBody, collect};
use crate::message::{Headers, Version};
use crate::rest::bodies::BodyCounts;
use crate::rest::replay::BodyPlace;
use crate::tunnel::Tunnel;

thread_local! {
    /// Parser buffers, one set per thread.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::default());
}

/// The codec whose bodies nobody wants.
const NULL: &str = "null";

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

/// What is done about a body when its message arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Read and dropped.
    Drop,
    /// Passed on while it arrives.
    Stream,
    /// Read to its end first.
    Collect,
}

/// A body as it was taken from its connection.
pub enum Arrived {
    /// Read to its end.
    Whole(Bytes, Option<Trailers>),
    /// To be read by whoever sends it on.
    Stream(Body),
    /// Read and dropped.
    Dropped,
    /// None, but a connection that has switched protocols.
    Tunnel(Tunnel),
    /// None, and none is looked for: the request, of that version, asks for another protocol.
    Upgrade(Version),
}

impl Arrived {
    /// A complete body and what followed it.
    pub fn whole(bytes: Bytes, trailers: &Headers) -> Self {
        let trailers = (!trailers.is_empty()).then(|| {
            trailers
                .iter()
                .map(|field| (Str::new(field.name()), field.value_bytes()))
                .collect()
        });
        Self::Whole(bytes, trailers)
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
    /// The need, with what the artefact's own codec and preprocessors demand (spec/proxy.md 3.2).
    pub fn need(&self) -> Need {
        match self.need.need {
            Need::Stream if self.validate && !self.codec.accepts_any_bytes() => Need::Bytes,
            Need::Stream if !self.preprocessors.is_empty() => Need::Bytes,
            need => need,
        }
    }

    /// What is to be done about a body.
    pub fn mode(&self) -> Mode {
        if self.codec.name() == NULL && self.preprocessors.is_empty() {
            return Mode::Drop;
        }
        match self.need() {
            Need::Stream => Mode::Stream,
            Need::Bytes | Need::Value => Mode::Collect,
        }
    }

    /// Turns a body into data. May change the ingest time.
    pub fn take(&self, arrived: Arrived, ingest_ns: &mut u64) -> Taken {
        let (bytes, trailers) = match arrived {
            Arrived::Whole(bytes, trailers) => (bytes, trailers),
            Arrived::Stream(body) => {
                let (codec, length) = (self.codec.name(), body.remaining());
                return one(Data::Stream(Stream::new(Some(codec), length, Arc::new(BodyPlace::new(body)))));
            }
            Arrived::Tunnel(tunnel) => {
                return one(Data::Stream(Stream::new(
                    None,
                    None,
                    Arc::new(TunnelPlace(Mutex::new(Some(tunnel)))),
                )));
            }
            Arrived::Dropped => return one(Data::Value(Value::Null, None)),
            Arrived::Upgrade(version) => return one(Data::Stream(Stream::new(None, None, Arc::new(Offer(version))))),
        };
        if !self.preprocessors.is_empty() {
            return self.preprocess(bytes, ingest_ns);
        }
        let part = self.take_chunk(bytes, ingest_ns);
        Taken {
            parts: part
                .map(|part| part.map(|data| trailed(data, trailers)))
                .into_iter()
                .collect(),
        }
    }

    fn preprocess(&self, body: Bytes, ingest_ns: &mut u64) -> Taken {
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

    fn absent(&self) -> Original {
        Original {
            is_absent: true,
            ..Original::new(Bytes::new(), self.codec.name())
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
            return Some(Ok(Data::Value(Value::object(), Some(self.absent()))));
        }
        match self.need() {
            Need::Stream => Some(Ok(Data::Raw(Original {
                would_stream: true,
                ..Original::new(chunk, name)
            }))),
            Need::Bytes => Some(self.check(chunk)),
            Need::Value => self.decode(chunk, ingest_ns),
        }
    }

    fn check(&self, chunk: Bytes) -> Result<Data, String> {
        if self.validate {
            self.check_only(&chunk)?;
        }
        Ok(Data::Raw(Original::new(chunk, self.codec.name())))
    }

    fn decode(&self, chunk: Bytes, ingest_ns: &mut u64) -> Option<Result<Data, String>> {
        let kept = self
            .need
            .keeps_original
            .then(|| Original::new(chunk.clone(), self.codec.name()));
        let decoded = SCRATCH.with_borrow_mut(|scratch| self.codec.decode_judged(chunk, scratch, ingest_ns));
        match decoded {
            // A body with duplicate keys must leave as what programs saw (spec/proxy.md 3.1, rule 4).
            Ok(Some((value, form))) => Some(Ok(Data::Value(value, kept.filter(|_| form != Form::Doubtful)))),
            Ok(None) => None,
            Err(error) => Some(Err(error.to_string())),
        }
    }
}

fn one(data: Data) -> Taken {
    Taken { parts: vec![Ok(data)] }
}

/// Data whose bytes, if they were kept, keep their trailers as well.
fn trailed(mut data: Data, trailers: Option<Trailers>) -> Data {
    match &mut data {
        Data::Value(_, Some(original)) | Data::Raw(original) => original.trailers = trailers,
        Data::Value(_, None) | Data::Stream(_) => {}
    }
    data
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
    /// Bytes of a body on its way that are kept, since it may have to leave again.
    pub keep: Option<u64>,
    /// Where what leaves is counted.
    pub counts: &'a BodyCounts,
}

/// A body on its way out.
pub struct Leaving {
    /// The body; `None` for data that came without one and that nobody replaced.
    pub content: Option<Content>,
    /// It is as it came.
    pub is_untouched: bool,
}

impl Leaving {
    /// No body.
    pub const NOTHING: Self = Self {
        content: None,
        is_untouched: true,
    };
}

impl Outlet<'_> {
    /// Whether a body must be read to its end before it can leave: it goes through another codec or through postprocessors.
    pub fn must_collect(&self, data: &Data) -> bool {
        matches!(data, Data::Stream(stream) if !self.passes_stream(stream) && stream.codec.is_some())
    }

    fn passes_stream(&self, stream: &Stream) -> bool {
        let has_codec = stream.codec.is_some_and(|codec| self.passes(codec));
        has_codec && self.postprocessors.is_empty()
    }

    /// Do bytes that this codec has decoded leave as they are?
    fn passes(&self, codec: &str) -> bool {
        !self.always_encode && codec == self.codec.name() && codec != NULL
    }

    /// The body. A stream that does not pass must have been collected before ([`settle`]).
    pub fn body(&self, data: &Data, ingest_ns: u64) -> Result<Leaving, String> {
        let leaving = self.make(data, ingest_ns)?;
        if leaving.content.is_some() {
            self.counts.count(data, self.codec.name() == NULL, leaving.is_untouched);
        }
        Ok(leaving)
    }

    fn make(&self, data: &Data, ingest_ns: u64) -> Result<Leaving, String> {
        let original = match data {
            Data::Stream(stream) if self.passes_stream(stream) => {
                return Ok(Leaving {
                    content: Some(Content::Stream(take_body(stream, self.keep)?)),
                    is_untouched: true,
                });
            }
            Data::Value(_, original) => original.as_ref(),
            Data::Raw(original) => Some(original),
            Data::Stream(_) => None,
        };
        if original.is_some_and(|original| original.is_absent) && !self.always_encode {
            return Ok(Leaving::NOTHING);
        }
        let passes = original.filter(|original| self.passes(original.codec));
        let bytes = match (passes, data) {
            (Some(original), _) => original.bytes.clone(),
            (None, Data::Value(value, _)) => self.encode(value)?,
            (None, Data::Raw(original)) => self.encode(&decode_late(original)?)?,
            (None, Data::Stream(_)) => return Ok(Leaving::NOTHING),
        };
        let bytes = self.postprocess(bytes, ingest_ns)?;
        let trailers = passes.and_then(|original| original.trailers.clone());
        let content = match trailers {
            Some(trailers) if self.postprocessors.is_empty() => Content::Stream(Box::new(Trailed { bytes, trailers })),
            _ => Content::Whole(bytes),
        };
        Ok(Leaving {
            content: Some(content),
            is_untouched: passes.is_some(),
        })
    }

    fn encode(&self, value: &Value) -> Result<Bytes, String> {
        let mut out = Vec::with_capacity(128);
        self.codec.encode(value, &mut out).map_err(|error| error.to_string())?;
        Ok(Bytes::from(out))
    }

    fn postprocess(&self, bytes: Bytes, ingest_ns: u64) -> Result<Bytes, String> {
        if self.postprocessors.is_empty() {
            return Ok(bytes);
        }
        let mut packets = Vec::new();
        PostChain::new(self.postprocessors)
            .run(bytes, ingest_ns, now_ns(), &mut packets)
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
    Ok(decoded.map_err(|error| error.to_string())?.unwrap_or_else(Value::object))
}

/// Reads a stream that cannot leave as it is, at most `limit` bytes; `keep` as for [`Outlet`].
pub async fn settle(payload: &mut Payload, limit: Option<u64>, keep: Option<u64>) -> Result<(), String> {
    let Data::Stream(stream) = payload.data() else {
        return Ok(());
    };
    let Some(codec) = stream.codec else {
        return Ok(());
    };
    let mut body = take_body(stream, keep)?;
    let bytes = collect(&mut body, limit).await.map_err(|error| error.to_string())?;
    let original = Original {
        would_stream: true,
        ..Original::new(bytes, codec)
    };
    *payload = Payload::raw(original, std::mem::replace(&mut payload.meta, Value::Null));
    Ok(())
}

fn take_body(stream: &Stream, keep: Option<u64>) -> Result<Body, String> {
    let place: Option<Arc<BodyPlace>> = stream.place();
    let body = place.and_then(|place| match keep {
        Some(limit) => place.take_to_repeat(limit),
        None => place.take(),
    });
    body.ok_or_else(|| "The body was read already.".to_owned())
}

/// What lies behind the event of a request whose client may switch protocols.
struct Offer(Version);

impl StreamPlace for Offer {
    fn is_whole(&self) -> bool {
        true
    }
}

/// The version that the client speaks, if an event is the request of one that may switch protocols, untouched.
pub fn offered(data: &Data) -> Option<Version> {
    match data {
        Data::Stream(stream) => stream.place::<Offer>().map(|offer| offer.0),
        Data::Value(..) | Data::Raw(_) => None,
    }
}

/// The tunnel behind the event of an upgrade, if nobody replaced its value and nobody took it.
pub fn take_tunnel(data: &Data) -> Option<Tunnel> {
    match data {
        Data::Stream(stream) => stream.place::<TunnelPlace>()?.0.lock().take(),
        Data::Value(..) | Data::Raw(_) => None,
    }
}

/// Where a tunnel lies until somebody takes it.
struct TunnelPlace(Mutex<Option<Tunnel>>);

impl StreamPlace for TunnelPlace {
    fn is_whole(&self) -> bool {
        self.0.lock().is_some()
    }
}

/// A complete body with trailers, which only a message without announced length can carry.
struct Trailed {
    bytes: Bytes,
    trailers: Trailers,
}

impl ReadBody for Trailed {
    fn poll_chunk(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Broken>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready(Ok((!bytes.is_empty()).then_some(bytes)))
    }

    fn remaining(&self) -> Option<u64> {
        None
    }

    fn visit_trailers(&self, visit: &mut dyn FnMut(&str, &[u8])) {
        for (name, value) in self.trailers.iter() {
            visit(name, value);
        }
    }
}
