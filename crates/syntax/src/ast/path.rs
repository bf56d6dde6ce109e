//! Paths (spec/script.md 4).

use super::{Expr, Name, Qualified};
use crate::span::Span;

/// A root with steps.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Path {
    /// Where it starts.
    pub root: Root,
    /// Steps in order. For the metadata root the first name is an ordinary field step.
    pub steps: Vec<Step>,
    /// The whole path.
    pub span: Span,
}

/// Roots of paths.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum Root {
    /// `event`.
    Event,
    /// `$`.
    Meta,
    /// `state`.
    State,
    /// `args`.
    Args,
    /// `group`.
    Group,
    /// `window`.
    Window,
    /// A bare name: a constant of the current module or a local.
    Name(Name),
    /// `mod::name`: a constant of a module; at least two parts.
    Const(Qualified),
}

/// A step with its place: the name without dot, the expression without brackets.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Step {
    /// What it does.
    pub kind: StepKind,
    /// Its place.
    pub span: Span,
}

/// Kinds of steps.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum StepKind {
    /// `.name`.
    Field(String),
    /// `[e]`.
    Index(Box<Expr>),
    /// `[a:b]`.
    Range(Box<(Expr, Expr)>),
}
