//! Typed reading of a connector's `config` (spec/artefacts.md 1.1, spec/proxy.md 0.1 and 0.2).
//!
//! A [`ConfigReader`] remembers which keys were asked for. Records of tremor take any key and warn about near misses
//! ([`ConfigReader::finish_open`]); records that Temblor adds refuse what they do not know ([`ConfigReader::finish_closed`]).
//! Null at an optional key counts as absent.

mod convert;
mod record;
mod units;

pub use convert::{ExactText, Field, FromConfig, Pairs, canonical_text};
pub use record::ConfigReader;
pub use units::{Addresses, ByteSize, Percent, Statuses};

#[cfg(test)]
mod tests;
