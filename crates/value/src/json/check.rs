//! Telling whether a text is a document, and what is wrong with it otherwise. Builds nothing and so touches no memory but the text.
//!
//! Algorithm. Texts of some length are judged in blocks of 64 bytes by arithmetic on sets of places ([`grammar`]), which is sure where it says
//! yes. What it is not sure of, and every short text, is read again by the reader that decodes as well, whose word is final; so both always
//! agree.

mod classes;
mod grammar;

use self::grammar::is_surely_document;
use super::error::{JsonError, JsonErrorKind};
use super::reader::{Build, Container, Text, read};

/// Characters of a float that cannot be out of range: the shortest that is too large is `1e309`.
const SAFE_FLOAT: usize = 4;
/// Length of a text, in bytes, from which judging it in blocks is faster than reading it.
const WORTH_BLOCKS: usize = 32;

/// Tells whether `input` is one document that [`decode`](super::decode()) would read, without building it.
///
/// # Errors
/// Those of [`decode`](super::decode()).
pub fn check(input: &[u8]) -> Result<(), JsonError> {
    match simdutf8::basic::from_utf8(input) {
        Ok(text) if text.len() >= WORTH_BLOCKS && is_surely_document(text) => Ok(()),
        Ok(text) => read(text, &mut Nothing).map(drop),
        Err(_) => Err(error_of_bytes(input)),
    }
}

/// The first error of an input that is not UTF-8.
#[cold]
pub(super) fn error_of_bytes(input: &[u8]) -> JsonError {
    let text = input.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    match read(text, &mut Nothing) {
        Err(error) if error.position < text.len() => error,
        _ => JsonError {
            kind: JsonErrorKind::InvalidUtf8,
            position: text.len(),
            character: None,
        },
    }
}

struct Nothing;

impl Build for Nothing {
    fn literal(&mut self, _truth: Option<bool>) {}

    fn integer(&mut self, _number: i64) {}

    fn large_integer(&mut self, _number: u64) {}

    fn float(&mut self, digits: &str) -> bool {
        digits.len() <= SAFE_FLOAT || digits.parse().is_ok_and(f64::is_finite)
    }

    fn string(&mut self, _text: Text<'_>) {}

    fn key(&mut self, _text: Text<'_>) {}

    fn open(&mut self, _container: Container) {}

    fn close(&mut self) {}
}

#[cfg(test)]
mod tests;
