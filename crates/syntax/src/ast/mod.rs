//! Syntax trees of scripts and queries.
//!
//! Trees are plain data: they carry spans and the text of names and literals, and know nothing of values or evaluation. Strings are
//! already unescaped. They can be serialised, for people and tools to look at; that form may change. One kind of tree serves both dialects; [`Script::dialect`] and [`Query::dialect`] say which one the text was read in.

pub mod expr;
pub mod item;
pub mod path;
pub mod pattern;
pub mod query;

pub use expr::{
    BinaryOp, BytesPart, Call, Clause, Emit, Expr, ExprKind, Field, For, Literal, Match, Merge, Patch, PatchOp, PatchOpKind,
    Round, Text, TextPart, UnaryOp,
};
pub use item::{Const, FnBody, FnClause, Function, Intrinsic, Item, Module, ModuleFile, Script, Stmt, Use};
pub use path::{Path, Root, Step, StepKind};
pub use pattern::{CompareOp, Element, ElementKind, Extractor, FieldTest, FieldTestKind, Pattern, PatternKind, RecordPattern};
pub use query::{
    ConfigDirective, Create, DefineOperator, DefineScript, DefineWindow, Dimension, Params, PortRef, Query, QueryItem,
    QueryModuleFile, QueryStmt, QueryStmtKind, Select, WindowKind,
};

use crate::span::Span;

/// A name as written, without back quotes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Name {
    /// The name's text.
    pub text: String,
    /// Where it stands (back quotes included).
    pub span: Span,
}

/// Names joined by `::`; at least one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Qualified {
    /// The names in order; the last one is the item's own.
    pub parts: Vec<Name>,
}

/// Generation of the language a text is written in (spec/dialects.md 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize)]
pub enum Dialect {
    /// The 0.10 and 0.11 generation.
    #[default]
    Modern,
    /// The 0.9 generation.
    V09,
}
