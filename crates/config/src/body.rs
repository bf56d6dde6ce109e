//! Entries that are also the body of a request to the admin interface, alone (spec/runtime.md 6.3).

use std::sync::Arc;

use temblor_value::Value;

use crate::entry::{BindingEntry, OfframpEntry, OnrampEntry};
use crate::error::ConfigError;
use crate::fields::Cursor;
use crate::path::KeyPath;
use crate::placeholder::PlaceholderValues;
use crate::yaml::{self, MAX_DEPTH, Node};

/// Something that can be read from a node. Public only because [`Body`] builds on it; nobody outside can name it.
pub trait Read: Sized {
    /// Reads the node the cursor stands on.
    fn read(cursor: &Cursor<'_>) -> Result<Self, ConfigError>;
}

/// Something that can be posted to the admin interface.
pub trait Body: Read {
    /// Reads a YAML body.
    ///
    /// # Errors
    /// As for the same entry in a document; `name` stands for the file.
    fn from_yaml(name: &str, body: &[u8]) -> Result<Self, ConfigError> {
        let file = Arc::from(name);
        let node = yaml::parse(&file, body)?;
        Self::read(&Cursor::top(&node, Some(&file)))
    }

    /// Reads a decoded JSON body. Unlike YAML, a number or boolean is no text here (spec/runtime.md 2.4).
    ///
    /// # Errors
    /// As for the same entry in a document, without a place.
    fn from_value(body: &Value) -> Result<Self, ConfigError> {
        let node = Node::from_value(body, MAX_DEPTH)
            .ok_or_else(|| ConfigError::new(KeyPath::root(), format!("the body is nested deeper than {MAX_DEPTH}")))?;
        Self::read(&Cursor::top(&node, None))
    }
}

impl Body for OnrampEntry {}
impl Body for OfframpEntry {}
impl Body for BindingEntry {}
impl Body for PlaceholderValues {}
