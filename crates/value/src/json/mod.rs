//! JSON text: reading (spec/formats.md 3.1) and writing (the same, and spec/script.md 2.6).
//!
//! Must not know: codecs, events. Invariants: text of every depth is either read or refused, never a crash; what is written is read
//! back as an equal value, bytes (which become base64) and numbers without JSON form (which become `null`) aside.

mod check;
mod decode;
mod encode;
mod error;
mod number;
mod pretty;
mod reader;
mod text;

pub use self::check::check;
pub use self::decode::{Decoded, Scratch, decode, from_str};
pub use self::encode::{encode, encode_sorted, to_string, to_string_sorted};
pub use self::error::{JsonError, JsonErrorKind};
pub use self::number::write_f64;
pub use self::pretty::to_string_pretty;
pub use self::reader::MAX_DEPTH;
pub use self::text::write_str;

#[cfg(test)]
mod tests;
