//! Data and metadata of an event.
//!
//! Invariant: original bytes are dropped by the one function that writes data, so no node has to think of them (spec/proxy.md 3.1). What a
//! stream is made of only its source and its sink know; nothing here reads it.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use temblor_value::{ObjectMap, Str, Value};

/// Fields that follow a body, names in lower case.
pub type Trailers = Arc<[(Str, Bytes)]>;

/// The bytes an event's data came from.
#[derive(Clone, Debug)]
pub struct Original {
    /// The chunk that the codec was given.
    pub bytes: Bytes,
    /// Name of the codec that decoded or checked it.
    pub codec: &'static str,
    /// Encoding the value with that codec gives these bytes again, every one of them.
    pub is_exact: bool,
    /// There was no body at all; it leaves as none (spec/proxy.md 0.3, row 16).
    pub is_absent: bool,
    /// Nothing on its way asks for more than a stream; it had arrived as a whole when somebody looked.
    pub would_stream: bool,
    /// What followed the body, if anything did.
    pub trailers: Option<Trailers>,
}

impl Original {
    /// A chunk that a codec was given, of which nothing more is known.
    pub fn new(bytes: Bytes, codec: &'static str) -> Self {
        Self {
            bytes,
            codec,
            is_exact: false,
            is_absent: false,
            would_stream: false,
            trailers: None,
        }
    }

    /// A chunk that encoding its value with the same codec would give.
    pub fn exact(bytes: Bytes, codec: &'static str) -> Self {
        Self {
            is_exact: true,
            ..Self::new(bytes, codec)
        }
    }
}

/// A body that nobody has read yet. Whoever takes it out first has it; a clone shares it, so there is one to take for all of them.
#[derive(Clone)]
pub struct Stream {
    /// Name of the codec it would be decoded with; `None` for what is no body but looks like one to those who pass it on (a tunnel).
    pub codec: Option<&'static str>,
    /// Its length in bytes, where that is known.
    pub length: Option<u64>,
    place: Arc<dyn StreamPlace + Send + Sync>,
}

/// Where a stream lies until its sink takes it.
pub trait StreamPlace: Any {
    /// Can everything be taken, from its beginning, now or as soon as whoever has taken it gives it up?
    fn is_whole(&self) -> bool;
}

impl Stream {
    /// A stream; `place` is where its sink takes it out.
    pub fn new(codec: Option<&'static str>, length: Option<u64>, place: Arc<dyn StreamPlace + Send + Sync>) -> Self {
        Self { codec, length, place }
    }

    /// The place, for those who know its type.
    pub fn place<T: StreamPlace + Send + Sync>(&self) -> Option<Arc<T>> {
        let place = Arc::clone(&self.place);
        (place as Arc<dyn Any + Send + Sync>).downcast().ok()
    }

    /// Whether it can be sent from its beginning: nobody has taken it, or who did has kept all of it.
    pub fn is_whole(&self) -> bool {
        self.place.is_whole()
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("codec", &self.codec)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Data of an event.
#[derive(Clone, Debug)]
pub enum Data {
    /// A value, with the bytes it came from as long as nobody replaced it.
    Value(Value, Option<Original>),
    /// A complete body that nothing on its way reads; checked, not decoded.
    Raw(Original),
    /// A body that nothing on its way reads and that was not read yet.
    Stream(Stream),
}

/// Data and metadata.
#[derive(Clone, Debug)]
pub struct Payload {
    data: Data,
    /// Metadata (`$`), a record.
    pub meta: Value,
}

impl Payload {
    /// A value without original bytes.
    pub fn new(value: Value, meta: Value) -> Self {
        Self {
            data: Data::Value(value, None),
            meta,
        }
    }

    /// A decoded value that still has its bytes.
    pub fn with_original(value: Value, original: Original, meta: Value) -> Self {
        Self {
            data: Data::Value(value, Some(original)),
            meta,
        }
    }

    /// A body that nothing reads.
    pub fn raw(original: Original, meta: Value) -> Self {
        Self {
            data: Data::Raw(original),
            meta,
        }
    }

    /// A body that was not read.
    pub fn stream(stream: Stream, meta: Value) -> Self {
        Self {
            data: Data::Stream(stream),
            meta,
        }
    }

    /// The data.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The value; null for a body that was not decoded, which link-time analysis keeps from being looked at.
    pub fn value(&self) -> &Value {
        match &self.data {
            Data::Value(value, _) => value,
            Data::Raw(_) | Data::Stream(_) => &Value::Null,
        }
    }

    /// The value as those see it who look at events from outside: of a body that was not decoded, its form and length (spec/proxy.md 3.2).
    pub fn shown(&self) -> Value {
        match &self.data {
            Data::Value(value, _) => value.clone(),
            Data::Raw(original) => undecoded("bytes", Some(original.bytes.len() as u64)),
            Data::Stream(Stream { codec: None, .. }) => Value::Null,
            Data::Stream(stream) => undecoded("stream", stream.length),
        }
    }

    /// The bytes the data came from, if nobody replaced it.
    pub fn original(&self) -> Option<&Original> {
        match &self.data {
            Data::Value(_, original) => original.as_ref(),
            Data::Raw(original) => Some(original),
            Data::Stream(_) => None,
        }
    }

    /// What encoding the value with `codec` gives, where that is known without doing it.
    pub fn message(&self, codec: &str) -> Option<&Bytes> {
        match &self.data {
            Data::Value(_, Some(original)) if original.is_exact && original.codec == codec => Some(&original.bytes),
            _ => None,
        }
    }

    /// Keeps a value without the bytes it came from, which may be a small part of what they keep in memory.
    pub fn forget_original(&mut self) {
        if let Data::Value(_, original) = &mut self.data {
            *original = None;
        }
    }

    /// Replaces the data. The one way to write it: the original bytes go.
    pub fn replace(&mut self, value: Value) {
        self.data = Data::Value(value, None);
    }

    /// Lends value and metadata for a change; the closure returns whether it replaced the value, and then the original bytes go.
    pub fn edit<R>(&mut self, change: impl FnOnce(&mut Value, &mut Value) -> (R, bool)) -> R {
        let mut undecoded = Value::Null;
        let value = match &mut self.data {
            Data::Value(value, _) => value,
            Data::Raw(_) | Data::Stream(_) => &mut undecoded,
        };
        let (result, is_replaced) = change(value, &mut self.meta);
        if is_replaced {
            let value = std::mem::replace(value, Value::Null);
            self.replace(value);
        }
        result
    }
}

/// `{"$body": {"form": …, "bytes": …}}`
fn undecoded(form: &'static str, length: Option<u64>) -> Value {
    let mut body = ObjectMap::with_capacity(2);
    body.insert(Str::from_static("form"), Str::from_static(form));
    body.insert(Str::from_static("bytes"), length.map_or(Value::Null, Value::from));
    let mut shown = ObjectMap::with_capacity(1);
    shown.insert(Str::from_static("$body"), Value::from(body));
    Value::from(shown)
}
