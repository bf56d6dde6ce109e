//! Codecs: one byte string to at most one value, and back (formats.md 3).
//!
//! A codec keeps no state between messages and is shared by all streams. It knows neither how messages are framed nor what becomes of the value.

mod binary;
pub mod binflux;
mod influx;
mod json;
mod json_text;
pub mod msgpack;
mod null;
pub mod statsd;
mod string;
pub mod syslog;
#[cfg(test)]
mod tests;
pub mod yaml;

use std::sync::Arc;

use bytes::Bytes;
use temblor_value::{Value, json::Scratch};

use crate::CodecError;

/// What the bytes of a message are to those who have its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Other readers may see another value in them.
    Doubtful,
    /// One way to write the value.
    Plain,
    /// What the codec makes of the value, byte by byte.
    Exact,
}

/// Maps bytes to values and back.
pub trait Codec: Send + Sync {
    /// The registered name.
    fn name(&self) -> &'static str;

    /// The MIME essences the codec announces for itself; the first one labels what it encodes. Empty for most (formats.md 4).
    fn mime_types(&self) -> &'static [&'static str] {
        &[]
    }

    /// The value of one message; none if the message is to be skipped. The value may keep slices of `frame`. `ingest_ns` is the ingest time of the
    /// message in ns since the epoch. `scratch` holds the parser buffers of the calling worker.
    fn decode(&self, frame: Bytes, scratch: &mut Scratch, ingest_ns: &mut u64) -> Result<Option<Value>, CodecError>;

    /// As [`Codec::decode`], with what the bytes are to those who have the value.
    fn decode_judged(
        &self,
        frame: Bytes,
        scratch: &mut Scratch,
        ingest_ns: &mut u64,
    ) -> Result<Option<(Value, Form)>, CodecError> {
        Ok(self.decode(frame, scratch, ingest_ns)?.map(|value| (value, Form::Plain)))
    }

    /// Appends the message for `value` to `out`. After an error the appended part is unspecified.
    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError>;

    /// Whether `message` would decode, without giving the value where that is cheaper.
    fn check(&self, message: &[u8], scratch: &mut Scratch) -> Result<(), CodecError> {
        self.decode(Bytes::copy_from_slice(message), scratch, &mut 0).map(drop)
    }

    /// Whether no message can fail to decode, so that a body need not be collected to be checked.
    fn accepts_any_bytes(&self) -> bool {
        false
    }

    /// Whether the empty message decodes to a value.
    fn decodes_empty(&self) -> bool {
        false
    }
}

/// Name of the codec whose messages are JSON documents.
pub const JSON: &str = json::NAME;

/// The codec of this name, if there is one (formats.md 2).
pub fn codec(name: &str) -> Option<Arc<dyn Codec>> {
    CODECS.iter().find(|(known, _)| *known == name).map(|(_, make)| make())
}

/// All names of codecs, for suggestions.
pub fn codec_names() -> impl Iterator<Item = &'static str> {
    CODECS.iter().map(|(name, _)| *name)
}

type Make = fn() -> Arc<dyn Codec>;

const CODECS: &[(&str, Make)] = &[
    (json::NAME, || Arc::new(json::Json)),
    (msgpack::NAME, || Arc::new(msgpack::Msgpack)),
    (yaml::NAME, || Arc::new(yaml::Yaml)),
    (string::NAME, || Arc::new(string::Text)),
    (binary::NAME, || Arc::new(binary::Binary)),
    (null::NAME, || Arc::new(null::Null)),
    (influx::NAME, || Arc::new(influx::Influx)),
    (binflux::NAME, || Arc::new(binflux::Binflux)),
    (statsd::NAME, || Arc::new(statsd::Statsd)),
    (syslog::NAME, || Arc::new(syslog::Syslog)),
];

/// The message as text.
fn text(message: &[u8]) -> Result<&str, CodecError> {
    simdutf8::basic::from_utf8(message).or_else(|_| Ok(std::str::from_utf8(message)?))
}
