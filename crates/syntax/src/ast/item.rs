//! Scripts, modules and their definitions (spec/script.md 6, 7 and 11.2).

use super::{Dialect, Element, Expr, Name, Qualified};
use crate::span::Span;

/// A whole script.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Script {
    /// Module documentation, lines joined by LF; `None` without.
    pub docs: Option<String>,
    /// Statements in order.
    pub stmts: Vec<Stmt>,
    /// Dialect the text was read in.
    pub dialect: Dialect,
    /// The whole text.
    pub span: Span,
}

/// A statement: a definition or an action.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum Stmt {
    /// A definition.
    Item(Item),
    /// An action.
    Expr(Expr),
}

/// A definition.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum Item {
    /// `const`.
    Const(Const),
    /// `fn`.
    Function(Function),
    /// `intrinsic fn`.
    Intrinsic(Intrinsic),
    /// `mod`.
    Module(Module),
    /// `use`.
    Use(Use),
}

/// `const name = value`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Const {
    /// Documentation lines joined by LF.
    pub docs: Option<String>,
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// The whole definition.
    pub span: Span,
}

/// `fn …`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Function {
    /// Documentation lines joined by LF.
    pub docs: Option<String>,
    /// Its name.
    pub name: Name,
    /// Parameters in order.
    pub params: Vec<Name>,
    /// Takes more arguments (`...`).
    pub is_open: bool,
    /// Its body.
    pub body: FnBody,
    /// The whole definition.
    pub span: Span,
}

/// Bodies of functions.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum FnBody {
    /// `with … end`; at least one action.
    Plain(Vec<Expr>),
    /// `of … end`.
    Matching {
        /// `case` clauses in order.
        clauses: Vec<FnClause>,
        /// Effectors of `default`.
        default: Vec<Expr>,
    },
}

/// A clause of a matching function.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FnClause {
    /// Patterns by position.
    pub elements: Vec<Element>,
    /// `when` guard.
    pub guard: Option<Expr>,
    /// Effectors, at least one.
    pub effectors: Vec<Expr>,
    /// The whole clause.
    pub span: Span,
}

/// `intrinsic fn name(params) as module::function`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Intrinsic {
    /// Documentation lines joined by LF.
    pub docs: Option<String>,
    /// Its name.
    pub name: Name,
    /// Parameters in order.
    pub params: Vec<Name>,
    /// Takes more arguments.
    pub is_open: bool,
    /// The library function.
    pub target: Qualified,
    /// The whole definition.
    pub span: Span,
}

/// `mod name with … end`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Module {
    /// Its name.
    pub name: Name,
    /// Module documentation.
    pub docs: Option<String>,
    /// Definitions in order.
    pub items: Vec<Item>,
    /// The whole definition.
    pub span: Span,
}

/// `use a::b as c;`, to be replaced by the module it names (spec/script.md 7.2).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Use {
    /// Path of the module.
    pub path: Qualified,
    /// Name given by `as`.
    pub alias: Option<Name>,
    /// The whole line up to `;`.
    pub span: Span,
}

/// A file that `use` loads into a script: definitions only.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ModuleFile {
    /// Module documentation, lines joined by LF; `None` without.
    pub docs: Option<String>,
    /// Definitions in order.
    pub items: Vec<Item>,
    /// Dialect the text was read in.
    pub dialect: Dialect,
    /// The whole text.
    pub span: Span,
}
