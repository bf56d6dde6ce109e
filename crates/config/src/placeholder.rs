//! Placeholders of link URLs and the values that replace them (spec/runtime.md 2.8).
//!
//! A placeholder `{name}` counts in the instance segment only. Values go in as they are, in one pass, so the text of one value
//! is never searched for the next placeholder.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use temblor_value::Str;
use thiserror::Error;

use crate::url::ArtefactUrl;

/// `{` and `}` as they stand in an encoded segment.
const OPEN: &str = "%7B";
const CLOSE: &str = "%7D";

/// A value that cannot be used, or one that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PlaceholderError {
    /// The value is empty.
    #[error("the value of the placeholder `{name}` is empty; an instance name needs at least one character")]
    Empty {
        /// The placeholder.
        name: Str,
    },
    /// The value would fall apart into two segments.
    #[error("the value `{value}` of the placeholder `{name}` contains `/`; an instance name is one segment of a URL")]
    Slash {
        /// The placeholder.
        name: Str,
        /// The refused value.
        value: Str,
    },
    /// No value for a placeholder.
    #[error("the placeholder `{name}` of {url} has no value; add `{name}: …` to the mapping")]
    Missing {
        /// The placeholder.
        name: String,
        /// The URL it stands in.
        url: Box<ArtefactUrl>,
    },
}

/// Placeholder names with their values; every value is fit to be an instance name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceholderValues(BTreeMap<Str, Str>);

impl PlaceholderValues {
    /// Sets a value; an earlier one of the same name is replaced.
    ///
    /// # Errors
    /// [`PlaceholderError::Empty`] and [`PlaceholderError::Slash`] for a value that is no instance name.
    pub fn insert(&mut self, name: Str, value: Str) -> Result<(), PlaceholderError> {
        if value.is_empty() {
            return Err(PlaceholderError::Empty { name });
        }
        if value.contains('/') {
            return Err(PlaceholderError::Slash { name, value });
        }
        self.0.insert(name, value);
        Ok(())
    }

    /// Names and values, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Str, &Str)> {
        self.0.iter()
    }

    /// The value of a placeholder.
    pub fn get(&self, name: &str) -> Option<&Str> {
        self.0.get(name)
    }

    /// The URL with every placeholder of its instance segment replaced.
    ///
    /// # Errors
    /// [`PlaceholderError::Missing`] for a placeholder without a value.
    pub fn substitute(&self, url: &ArtefactUrl) -> Result<ArtefactUrl, PlaceholderError> {
        let Some(instance) = url.instance().filter(|instance| instance.contains(OPEN)) else {
            return Ok(url.clone());
        };
        let mut replaced = String::new();
        let mut rest = instance.as_str();
        while let Some((before, after)) = rest.split_once(OPEN) {
            let Some((encoded, after)) = after.split_once(CLOSE) else {
                break;
            };
            let name = percent_decode_str(encoded).decode_utf8_lossy();
            let Some(value) = self.get(&name) else {
                return Err(PlaceholderError::Missing {
                    name: name.into_owned(),
                    url: Box::new(url.clone()),
                });
            };
            replaced.push_str(before);
            replaced.push_str(value);
            rest = after;
        }
        replaced.push_str(rest);
        Ok(url.with_raw_instance(Str::from(replaced)))
    }
}
