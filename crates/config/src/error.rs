//! Errors and warnings about configuration: what is wrong, where, and how to mend it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::path::KeyPath;

/// A place in a text; both numbers count from one, columns in code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from one.
    pub line: u32,
    /// Column, from one.
    pub column: u32,
}

/// A position in a named file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named to the reader.
    pub file: Arc<str>,
    /// Where in it.
    pub position: Position,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.position.line, self.position.column)
    }
}

/// A configuration that cannot be used. Shown as `FILE:LINE:COLUMN: KEYS: what is wrong; how to mend it`, without the parts
/// that are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    message: String,
    path: KeyPath,
    place: Option<Place>,
    hint: Option<String>,
}

impl ConfigError {
    /// An error about the value at `path`.
    pub fn new(path: KeyPath, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            path,
            place: None,
            hint: None,
        }
    }

    /// Adds the place in the text.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same error, its path counted from one record further out.
    pub(crate) fn below(self, key: &str) -> Self {
        Self {
            path: self.path.below(key),
            ..self
        }
    }

    /// Adds how to mend it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What is wrong, without place, keys and mend.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The keys that lead to the value.
    pub fn path(&self) -> &KeyPath {
        &self.path
    }

    /// File, line and column, where the value comes from a file.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// How to mend it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        if !self.path.is_root() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl Error for ConfigError {}

/// Something in a configuration that works but is probably not meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigWarning {
    /// The keys that lead to the value.
    pub path: KeyPath,
    /// What to look at.
    pub message: String,
}

impl fmt::Display for ConfigWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}
