//! `syslog`: messages of RFC 5424 and RFC 3164 (formats.md 3.10).

mod cursor;
mod decode;
mod encode;
mod structured_data;
#[cfg(test)]
mod tests;
mod time;

use bytes::Bytes;
use temblor_value::{Value, json::Scratch};

use super::{Codec, text};
use crate::CodecError;

pub(super) const NAME: &str = "syslog";

/// Names by code.
const SEVERITIES: &[&str] = &["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

/// Names by code.
const FACILITIES: &[&str] = &[
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit",
    "alert", "clockd", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
];

const RFC3164: &str = "RFC3164";
const RFC5424: &str = "RFC5424";

#[derive(Debug)]
pub(super) struct Syslog;

impl Codec for Syslog {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Times without a year are taken to be of the year of `ingest_ns`, or just before it.
    fn decode(&self, frame: Bytes, _scratch: &mut Scratch, ingest_ns: &mut u64) -> Result<Option<Value>, CodecError> {
        Ok(Some(decode::decode(text(&frame)?, *ingest_ns)))
    }

    fn encode(&self, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
        Ok(encode::encode(value, out)?)
    }

    fn check(&self, message: &[u8], _scratch: &mut Scratch) -> Result<(), CodecError> {
        text(message).map(drop)
    }

    fn decodes_empty(&self) -> bool {
        true
    }
}

/// Why a value cannot become a syslog message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SyslogError {
    /// `facility` is missing or no string.
    #[error("facility missing")]
    NoFacility,
    /// `facility` is none of the known names.
    #[error("invalid facility")]
    Facility,
    /// `severity` is missing or no string.
    #[error("severity missing")]
    NoSeverity,
    /// `severity` is none of the known names.
    #[error("invalid severity")]
    Severity,
    /// A `protocol_version` without `protocol`.
    #[error("Missing protocol type")]
    NoProtocol,
    /// The protocol is RFC 5424 and `protocol_version` is no u32.
    #[error("Missing protocol version")]
    NoVersion,
    /// `protocol` is another text.
    #[error("invalid protocol type")]
    Protocol,
    /// `structured_data` is neither a record nor null.
    #[error("Invalid structured data: structured data not an object")]
    StructuredData,
    /// An element of the structured data is no array.
    #[error("Invalid structured data: params not an array")]
    Element,
    /// A parameter is no record.
    #[error("Invalid structured data: param not an object")]
    Parameter,
    /// The value of a parameter is no string.
    #[error("Invalid structured data: param value not a string")]
    ParameterValue,
}
