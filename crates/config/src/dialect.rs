//! The dialect key of documents and the names of dialects (spec/dialects.md 1).

use temblor_syntax::ast::Dialect;
use temblor_value::Str;
use thiserror::Error;

use crate::error::Place;

/// The names, as messages list them.
const NAMES: &str = "`0.9`, `0.10`, `0.11`";

/// A name that stands for no dialect.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown dialect `{0}`, expected one of {NAMES}")]
pub struct UnknownDialect(
    /// The name as written.
    pub String,
);

/// The key `dialect` of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialectKey {
    /// The name as written.
    pub name: Str,
    /// What it stands for.
    pub dialect: Dialect,
    /// Where it is written, if in a file.
    pub place: Option<Place>,
}

/// Two documents of one start disagree.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("two dialects: {} says `{}`, {} says `{}`", place(.first), .first.name, place(.second), .second.name)]
pub struct TwoDialects {
    /// The one met first.
    pub first: Box<DialectKey>,
    /// The one that differs.
    pub second: Box<DialectKey>,
}

fn place(key: &DialectKey) -> String {
    key.place
        .as_ref()
        .map_or_else(|| "a document".to_owned(), ToString::to_string)
}

/// The dialect of a name, as documents, options and directives write it.
///
/// # Errors
/// [`UnknownDialect`] for any other text.
pub fn dialect_named(name: &str) -> Result<Dialect, UnknownDialect> {
    match name {
        "0.9" => Ok(Dialect::V09),
        "0.10" | "0.11" => Ok(Dialect::Modern),
        other => Err(UnknownDialect(other.to_owned())),
    }
}

/// The one value that all documents of a start agree on; documents without the key do not object.
///
/// # Errors
/// [`TwoDialects`] for two different names.
pub fn agreed_dialect<'a>(keys: impl IntoIterator<Item = &'a DialectKey>) -> Result<Option<Dialect>, TwoDialects> {
    let mut keys = keys.into_iter();
    let Some(first) = keys.next() else {
        return Ok(None);
    };
    match keys.find(|key| key.name != first.name) {
        Some(second) => Err(TwoDialects {
            first: Box::new(first.clone()),
            second: Box::new(second.clone()),
        }),
        None => Ok(Some(first.dialect)),
    }
}
