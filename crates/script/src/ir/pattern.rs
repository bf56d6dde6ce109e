//! Patterns of the middle form (spec/script.md 5.5).

use std::fmt;
use std::sync::Arc;

use temblor_syntax::ast::CompareOp;
use temblor_value::Str;

use super::{Expr, Place};
use crate::extract::Extract;

/// A pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Pattern {
    /// `default`: matches always and binds nothing.
    Default,
    /// `_`.
    Any,
    Value(Expr),
    Extract(Matcher),
    Record(RecordPattern),
    Array(Vec<Element>),
    Tuple {
        elements: Vec<Element>,
        is_open: bool,
    },
}

/// A record pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordPattern {
    pub fields: Vec<FieldTest>,
    /// Takes a value that is no record for an empty one (spec/dialects.md L3).
    pub is_lenient: bool,
}

/// A test of one field.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldTest {
    pub key: Str,
    pub kind: FieldTestKind,
    pub at: Place,
}

/// Kinds of field tests.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FieldTestKind {
    Present,
    Absent,
    Compare(CompareOp, Expr),
    Extract(Matcher),
    /// Needs a record in both dialects.
    Record(RecordPattern),
    Array(Vec<Element>),
}

/// An element of an array or tuple pattern.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Element {
    Any,
    Value(Expr),
    Extract(Matcher),
    Record(RecordPattern),
}

/// A compiled extractor; equal if made from the same text.
#[derive(Clone)]
pub(crate) struct Matcher {
    pub name: String,
    pub format: String,
    pub code: Arc<dyn Extract>,
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name) && self.format == other.format
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|", self.name, self.format)
    }
}
