//! What is wrong with a JSON text, and where.

use std::fmt;

use thiserror::Error;

/// The text is no JSON document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Byte offset of the offending character, from 0.
    pub position: usize,
    /// The offending character, where there is one.
    pub character: Option<char>,
}

/// Ways in which a text is no JSON document that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// Nothing but white space.
    #[error("no JSON document")]
    Empty,
    /// The text ends within the document.
    #[error("unexpected end of the document")]
    UnexpectedEnd,
    /// A character that cannot stand where it does.
    #[error("unexpected character")]
    UnexpectedCharacter,
    /// Something follows the document.
    #[error("text after the end of the document")]
    TrailingText,
    /// A number that JSON does not write that way.
    #[error("invalid number")]
    InvalidNumber,
    /// An integer below -2^63 or above 2^64-1.
    #[error("integer overflow")]
    IntegerOverflow,
    /// A float beyond the range of a double.
    #[error("float overflow")]
    FloatOverflow,
    /// An escape that JSON does not know, or one of half a character.
    #[error("invalid escape")]
    InvalidEscape,
    /// A control character within a string.
    #[error("control character in a string")]
    ControlCharacter,
    /// Bytes that are not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// More than [`MAX_DEPTH`](super::MAX_DEPTH) levels of arrays and objects.
    #[error("nested too deeply")]
    TooDeep,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at character {}", self.kind, self.position)?;
        self.character.map_or(Ok(()), |character| write!(f, " ({character:?})"))
    }
}
