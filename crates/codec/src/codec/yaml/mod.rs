//! `yaml`: one YAML 1.2 document (formats.md 3.3).
//!
//! The reader turns parser events into values itself, because which plain scalar is what is specified here and differs from the resolution of the
//! library in use.

mod decode;
mod encode;
mod scalar;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use temblor_value::{Value, json::Scratch};

use super::{Codec, text};
use crate::CodecError;

pub(super) const NAME: &str = "yaml";

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 128;

#[derive(Debug)]
pub(super) struct Yaml;

impl Codec for Yaml {
    fn name(&self) -> &'static str {
        NAME
    }

    fn mime_types(&self) -> &'static [&'static str] {
        &["application/yaml"]
    }

    fn decode(&self, frame: Bytes, _scratch: &mut Scratch, _ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        Ok(Some(decode::decode(text(&frame)?)?))
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        encode::encode(value, out);
        Ok(())
    }
}

/// Why a message is no YAML document that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YamlError {
    /// Not the syntax of YAML; also an unknown anchor.
    #[error("invalid YAML: {0}")]
    Syntax(String),
    /// No document at all.
    #[error("no YAML document")]
    Empty,
    /// A second document.
    #[error("more than one document")]
    SeveralDocuments,
    /// A key that is a sequence or a mapping.
    #[error("mapping key is no scalar")]
    Key,
    /// More than 128 levels.
    #[error("nested too deeply")]
    TooDeep,
    /// An alias within the node that it stands for.
    #[error("alias stands for a node that contains it")]
    Circular,
    /// Aliases multiply the document beyond measure.
    #[error("aliases make the document too large")]
    AliasesTooLarge,
}
