//! Codecs between bytes and values, preprocessors and postprocessors (formats.md).
//!
//! For: whoever moves bytes in or out. Must not know: events, connectors, the network, the clock. Framing is kept apart from format: processors
//! map byte strings to byte strings, a codec maps one byte string to one value.
//!
//! Invariants: no input makes a decoder or preprocessor panic; what an input can make them allocate is bounded by its own size, by [`Limits`], or by
//! a limit that the module names.

pub mod codec;
mod error;
pub mod influx;
mod limits;
mod mime;
mod process;

pub use temblor_value::json::Scratch;

pub use self::{
    codec::{Codec, Form, JSON, codec, codec_names},
    error::{CodecError, PostError, ProcessError, UnknownName},
    limits::Limits,
    mime::{CodecMap, MimeTable},
    process::{
        PostChain, PostFactory, Postprocessor, PreChain, PreFactory, Preprocessor, postprocessor, postprocessor_names,
        preprocessor, preprocessor_names,
    },
};
