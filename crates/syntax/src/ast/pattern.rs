//! Patterns (spec/script.md 5.5 and 11.5).

use super::{Expr, Name};
use crate::span::Span;

/// A pattern with its place.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Pattern {
    /// What it is.
    pub kind: PatternKind,
    /// Its place.
    pub span: Span,
}

/// Kinds of patterns.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum PatternKind {
    /// `_`.
    Any,
    /// Equality with a value.
    Value(Expr),
    /// `~ name|format|`.
    Extract(Extractor),
    /// `%{ … }`.
    Record(RecordPattern),
    /// `%[ … ]`.
    Array(Vec<Element>),
    /// `%( … )`.
    Tuple {
        /// Elements by position.
        elements: Vec<Element>,
        /// Ends in `...`.
        is_open: bool,
    },
    /// `name = pattern`.
    Bind(Name, Box<Pattern>),
}

/// A record pattern.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct RecordPattern {
    /// Tests in order.
    pub fields: Vec<FieldTest>,
    /// From `%{` to `}`.
    pub span: Span,
}

/// A test of one field.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FieldTest {
    /// The key.
    pub name: Name,
    /// The test.
    pub kind: FieldTestKind,
    /// The whole test.
    pub span: Span,
}

/// Kinds of field tests.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum FieldTestKind {
    /// `present name`.
    Present,
    /// `absent name`.
    Absent,
    /// `name op value`.
    Compare(CompareOp, Expr),
    /// `name ~= extractor`, also written `other = name ~= extractor`.
    Extract(Extractor),
    /// `name ~= %{ … }`.
    Record(RecordPattern),
    /// `name ~= %[ … ]`.
    Array(Vec<Element>),
}

/// Comparisons of field tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum CompareOp {
    /// `==`.
    Eq,
    /// `!=`.
    Ne,
    /// `<`.
    Lt,
    /// `<=`.
    Le,
    /// `>`.
    Gt,
    /// `>=`.
    Ge,
}

/// An element of an array or tuple pattern, or of a matching function's case.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Element {
    /// What it is.
    pub kind: ElementKind,
    /// Its place.
    pub span: Span,
}

/// Kinds of elements.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum ElementKind {
    /// `_`.
    Any,
    /// Equality with a value.
    Value(Expr),
    /// `~ name|format|`.
    Extract(Extractor),
    /// `%{ … }`.
    Record(RecordPattern),
}

/// An extractor with its format.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Extractor {
    /// Extractor name, such as `glob`.
    pub name: Name,
    /// Format text, escapes and continuations resolved (spec/script.md 1.11).
    pub format: String,
    /// Name and format.
    pub span: Span,
}
