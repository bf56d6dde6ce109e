//! Extractors: tests and takings-apart of micro-formats (spec/extractors.md).
//!
//! An extractor is compiled once from its format; applying it knows neither events nor scripts. One file per extractor. Applying never
//! panics and is linear in the target, except for `grok`, whose engine counts its retries and gives up.

mod base64;
mod cidr;
pub mod datetime;
mod dissect;
mod escape;
mod glob;
mod grok;
mod influx;
mod json;
mod kv;
mod re;

use temblor_syntax::ast::Dialect;
use temblor_value::{Str, Value};

use crate::limits::Limits;

/// A compiled extractor. An extraction error counts as "does not match" (spec/extractors.md 1).
pub trait Extract: Send + Sync {
    /// Whether the extractor accepts `target`; asked where nothing is bound.
    fn accepts(&self, target: &Value) -> bool;
    /// The extracted value, `None` if the extractor does not accept. `ingest_ns` is the ingest time of the event in nanoseconds since the
    /// epoch, which `influx` gives to lines without a timestamp.
    fn extract(&self, target: &Value, ingest_ns: u64) -> Option<Value>;
}

/// What compiling an extractor depends on beside its format.
#[derive(Clone, Copy, Debug)]
pub struct ExtractCx<'a> {
    /// Dialect of the script.
    pub dialect: Dialect,
    /// Limits on what is made.
    pub limits: &'a Limits,
    /// Text of the file with further `grok` definitions (spec/extractors.md 3.8), if there is one.
    pub grok_patterns: Option<&'a str>,
}

/// Why an extractor is refused at load. The texts follow `Invalid tilde predicate pattern: ` (spec/extractors.md 2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    /// No extractor of this name exists.
    #[error("Unsupported extractor {0}")]
    Unknown(String),
    /// The format is not valid for the extractor.
    #[error("{0}")]
    Bad(String),
}

/// Compiles extractor `name` (in any case) with its format text, escapes and continuations resolved.
pub fn compile(name: &str, format: &str, cx: &ExtractCx<'_>) -> Result<Box<dyn Extract>, ExtractError> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "base64" => Box::new(base64::Base64),
        "cidr" => cidr::compile(format, cx.dialect)?,
        "datetime" => Box::new(datetime::Format::compile(format)),
        "dissect" => Box::new(dissect::Dissect::compile(format)?),
        "glob" => Box::new(glob::Glob::compile(format)?),
        "grok" => Box::new(grok::Grok::compile(format, cx.grok_patterns)?),
        "influx" => Box::new(influx::Influx),
        "json" => Box::new(json::Json),
        "kv" => Box::new(kv::KeyValue::compile(format)?),
        "re" => Box::new(re::First::compile(format)?),
        "rerg" => Box::new(re::All::compile(format, cx.limits)?),
        _ => return Err(ExtractError::Unknown(name.to_owned())),
    })
}

/// The text of a target; only strings are ever taken apart.
fn text(target: &Value) -> Option<&Str> {
    match target {
        Value::Str(text) => Some(text),
        _ => None,
    }
}

/// An error that says `reason`.
fn bad(reason: impl Into<String>) -> ExtractError {
    ExtractError::Bad(reason.into())
}

#[cfg(test)]
mod tests;
