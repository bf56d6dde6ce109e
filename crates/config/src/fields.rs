//! Typed reading of the closed part of a document: the rules of spec/runtime.md 2.4 for places where a type is wanted.
//!
//! A [`Cursor`] stands on one node and knows the way to it, so that every refusal names place and keys.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use temblor_syntax::suggest;
use temblor_value::{Str, Value};

use crate::error::{ConfigError, Place, Position};
use crate::path::KeyPath;
use crate::url::{ArtefactUrl, UrlError};
use crate::yaml::{Form, Node, NodeKind, Scalar, resolve};

/// A node with its path and file.
#[derive(Clone)]
pub struct Cursor<'a> {
    node: &'a Node,
    path: KeyPath,
    file: Option<&'a Arc<str>>,
}

/// A key of an open mapping with its value.
pub(crate) struct Pair<'a> {
    key: Cursor<'a>,
    text: &'a Str,
    position: Position,
    pub(crate) value: Cursor<'a>,
}

/// The fields of a record whose keys are all known.
pub(crate) struct Record<'a> {
    cursor: Cursor<'a>,
    fields: Vec<(&'a Str, Cursor<'a>)>,
}

impl<'a> Cursor<'a> {
    /// On the top of a document; `file` is absent for bodies that do not come from a file.
    pub(crate) fn top(node: &'a Node, file: Option<&'a Arc<str>>) -> Self {
        Self {
            node,
            path: KeyPath::root(),
            file,
        }
    }

    pub(crate) fn node(&self) -> &'a Node {
        self.node
    }

    pub(crate) fn file(&self) -> Option<&'a Arc<str>> {
        self.file
    }

    /// Where the node stands, if it comes from a file.
    pub(crate) fn place(&self) -> Option<Place> {
        self.place_of(self.node.position)
    }

    fn place_of(&self, position: Position) -> Option<Place> {
        self.file.map(|file| Place {
            file: Arc::clone(file),
            position,
        })
    }

    pub(crate) fn error(&self, message: impl Into<String>) -> ConfigError {
        self.error_at(self.node.position, message)
    }

    fn error_at(&self, position: Position, message: impl Into<String>) -> ConfigError {
        let error = ConfigError::new(self.path.clone(), message);
        match self.place_of(position) {
            Some(place) => error.at(place),
            None => error,
        }
    }

    fn mismatch(&self, expected: &str) -> ConfigError {
        self.error(format!("invalid type: {}, expected {expected}", self.node.describe()))
    }

    fn scalar(&self) -> Option<&'a Scalar> {
        match &self.node.kind {
            NodeKind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The scalar as written, whatever it looks like.
    pub(crate) fn text(&self) -> Result<Str, ConfigError> {
        match self.scalar() {
            Some(scalar) if scalar.form != Form::Json => Ok(scalar.text.clone()),
            _ => Err(self.mismatch("text")),
        }
    }

    /// This cursor, unless it stands on a plain null.
    pub(crate) fn unless_null(self) -> Option<Self> {
        let is_null = self.scalar().is_some_and(|scalar| matches!(resolve(scalar), Value::Null));
        (!is_null).then_some(self)
    }

    /// Plain `true` or `false` and nothing else.
    pub(crate) fn boolean(&self) -> Result<bool, ConfigError> {
        match self.scalar().map(resolve) {
            Some(Value::Bool(boolean)) => Ok(boolean),
            _ => Err(self.mismatch("a bool").with_hint("write `true` or `false`, without quotes")),
        }
    }

    /// A plain integer that is not negative.
    pub(crate) fn unsigned(&self) -> Result<u64, ConfigError> {
        match self.scalar().map(resolve) {
            Some(Value::I64(integer)) if integer >= 0 => Ok(integer.unsigned_abs()),
            Some(Value::U64(integer)) => Ok(integer),
            _ => Err(self
                .mismatch("a non-negative integer")
                .with_hint("write the digits without quotes and sign")),
        }
    }

    /// The elements of a list.
    pub(crate) fn list(&self) -> Result<impl Iterator<Item = Cursor<'a>> + use<'a>, ConfigError> {
        let NodeKind::Sequence(elements) = &self.node.kind else {
            return Err(self
                .mismatch("a list")
                .with_hint("write each entry on a line of its own that begins with `- `"));
        };
        let (path, file) = (self.path.clone(), self.file);
        Ok(elements.iter().enumerate().map(move |(index, node)| Self {
            node,
            path: path.index(index),
            file,
        }))
    }

    /// The elements of a list, each read by `read`.
    pub(crate) fn list_of<T>(&self, read: impl Fn(&Cursor<'a>) -> Result<T, ConfigError>) -> Result<Vec<T>, ConfigError> {
        self.list()?.map(|element| read(&element)).collect()
    }

    /// The members of a mapping, repeated keys included.
    pub(crate) fn mapping(&self) -> Result<Vec<Pair<'a>>, ConfigError> {
        let NodeKind::Mapping(members) = &self.node.kind else {
            return Err(self.mismatch("a mapping"));
        };
        let pair = |member: &'a crate::yaml::Member| Pair {
            key: self.clone(),
            text: &member.key,
            position: member.key_position,
            value: Self {
                node: &member.value,
                path: self.path.key(&member.key),
                file: self.file,
            },
        };
        Ok(members.iter().map(pair).collect())
    }

    /// The fields of a mapping that may hold the keys of `allowed`, each once. `explain` may know how to mend an unknown key.
    pub(crate) fn record(&self, allowed: &[&str], explain: fn(&str) -> Option<String>) -> Result<Record<'a>, ConfigError> {
        let mut fields: Vec<(&Str, Cursor<'_>)> = Vec::new();
        for pair in self.mapping()? {
            let key = pair.text;
            if !allowed.contains(&key.as_str()) {
                let error = self.error_at(pair.position, unknown_field(key, allowed));
                let hint = explain(key).or_else(|| did_you_mean(key, allowed.iter().copied()));
                return Err(match hint {
                    Some(hint) => error.with_hint(hint),
                    None => error,
                });
            }
            if fields.iter().any(|(known, _)| *known == key) {
                let error = self.error_at(pair.position, format!("duplicate field `{key}`"));
                return Err(error.with_hint("remove one of the two"));
            }
            fields.push((key, pair.value));
        }
        Ok(Record {
            cursor: self.clone(),
            fields,
        })
    }
}

impl<'a> Pair<'a> {
    pub(crate) fn text(&self) -> &'a Str {
        self.text
    }

    /// An error about the key, at the key.
    pub(crate) fn error(&self, message: impl Into<String>) -> ConfigError {
        let error = ConfigError::new(self.value.path.clone(), message);
        match self.key.place_of(self.position) {
            Some(place) => error.at(place),
            None => error,
        }
    }

    /// Where the key stands, if it comes from a file.
    pub(crate) fn place(&self) -> Option<Place> {
        self.key.place_of(self.position)
    }

    /// The key as an artefact URL.
    pub(crate) fn url(&self) -> Result<ArtefactUrl, ConfigError> {
        ArtefactUrl::parse(self.text).map_err(|error| with_url_hint(self.error(error.to_string()), &error))
    }
}

impl<'a> Record<'a> {
    /// A field that may be missing.
    pub(crate) fn get(&self, key: &str) -> Option<Cursor<'a>> {
        self.fields
            .iter()
            .find(|(known, _)| known.as_str() == key)
            .map(|(_, field)| field.clone())
    }

    /// A field that must be there.
    pub(crate) fn require(&self, key: &str) -> Result<Cursor<'a>, ConfigError> {
        self.get(key)
            .ok_or_else(|| self.cursor.error(format!("missing field `{key}`")))
    }

    /// A field that may be missing or null.
    pub(crate) fn get_nullable(&self, key: &str) -> Option<Cursor<'a>> {
        self.get(key).and_then(Cursor::unless_null)
    }
}

/// An element of a list as an artefact URL.
pub(crate) fn url(cursor: &Cursor<'_>) -> Result<ArtefactUrl, ConfigError> {
    ArtefactUrl::parse(&cursor.text()?).map_err(|error| with_url_hint(cursor.error(error.to_string()), &error))
}

fn with_url_hint(error: ConfigError, cause: &UrlError) -> ConfigError {
    match cause {
        UrlError::Shape(_) => error.with_hint("write /KIND/ARTEFACT/INSTANCE/PORT"),
        UrlError::Kind(_) => error.with_hint("the kinds are `onramp`, `offramp`, `pipeline` and `binding`"),
        UrlError::Name(_) => error,
    }
}

/// The items, of those with equal keys only the last, at the place of the first.
pub(crate) fn keep_last<T, K: Eq + Hash>(items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut slots = HashMap::with_capacity(items.len());
    let mut kept = Vec::with_capacity(items.len());
    for item in items {
        let next = kept.len();
        match kept.get_mut(*slots.entry(key(&item)).or_insert(next)) {
            Some(slot) => *slot = item,
            None => kept.push(item),
        }
    }
    kept
}

/// The message about a key that does not belong.
pub(crate) fn unknown_field(key: &str, allowed: &[&str]) -> String {
    let allowed: Vec<String> = allowed.iter().map(|key| format!("`{key}`")).collect();
    format!("unknown field `{key}`, expected one of {}", allowed.join(", "))
}

/// A question about the nearest of the known keys, if one is near.
pub(crate) fn did_you_mean<'k>(key: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let max_distance = if key.chars().count() > 4 { 2 } else { 1 };
    suggest::nearest(key, known, max_distance).map(|known| format!("did you mean `{known}`?"))
}
