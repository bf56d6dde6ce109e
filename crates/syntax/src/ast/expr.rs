//! Expressions and actions (spec/script.md 5 and 11.3–11.4).
//!
//! The grammar's two layers share one tree: the parser accepts [`ExprKind::Let`], [`ExprKind::Emit`] and [`ExprKind::Drop`] only where
//! actions are allowed. A `match` or `for` remembers in `is_action` on which layer it was parsed.

use super::{Name, Path, Pattern, Qualified};
use crate::span::Span;

/// An expression with its place.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The whole expression, brackets of a parenthesised value excluded.
    pub span: Span,
}

/// Kinds of expressions.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum ExprKind {
    /// `null`, booleans, numbers.
    Literal(Literal),
    /// A string or heredoc.
    Text(Text),
    /// `[a, b]`.
    Array(Vec<Expr>),
    /// `{"k": v}`.
    Record(Vec<Field>),
    /// `<<a:8, b/binary>>`.
    Bytes(Vec<BytesPart>),
    /// A path.
    Path(Path),
    /// `present p`.
    Present(Path),
    /// `absent p`.
    Absent(Path),
    /// Prefix operator.
    Unary {
        /// The operator.
        op: UnaryOp,
        /// Its operand.
        operand: Box<Expr>,
    },
    /// Binary operator.
    Binary {
        /// The operator.
        op: BinaryOp,
        /// Left and right operand.
        operands: Box<(Expr, Expr)>,
    },
    /// `f(a)`, `m::f(a)`.
    Call(Call),
    /// `recur(a)`.
    Recur(Vec<Expr>),
    /// `match … end`.
    Match(Box<Match>),
    /// `for … end`.
    For(Box<For>),
    /// `patch … end`.
    Patch(Box<Patch>),
    /// `merge … end`.
    Merge(Box<Merge>),
    /// `let path = value`; an action.
    Let {
        /// What is set.
        target: Path,
        /// To what.
        value: Box<Expr>,
    },
    /// `emit …`; an action.
    Emit(Box<Emit>),
    /// `drop`; an action.
    Drop,
}

/// Scalar literals.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
}

/// A string or heredoc: a sequence of parts; empty for `""`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Text {
    /// Pieces in order, literal neighbours joined.
    pub parts: Vec<TextPart>,
    /// Written as a heredoc.
    pub is_heredoc: bool,
}

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum TextPart {
    /// Characters, escapes resolved.
    Literal(String),
    /// An interpolated value.
    Value(Expr),
}

/// A field of a record literal.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Field {
    /// The key, which may be interpolated.
    pub key: Text,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Expr,
}

/// A part of a bytes literal (spec/script.md 5.2).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct BytesPart {
    /// The value.
    pub value: Expr,
    /// Size as written, in bits or bytes by type; not yet checked.
    pub size: Option<(i64, Span)>,
    /// Type name as written; not yet checked.
    pub kind: Option<Name>,
    /// The whole part.
    pub span: Span,
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum UnaryOp {
    /// `+`.
    Plus,
    /// `-`.
    Minus,
    /// `not`.
    Not,
    /// `!`.
    BitNot,
}

/// Binary operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum BinaryOp {
    /// `or`.
    Or,
    /// `xor`.
    Xor,
    /// `and`.
    And,
    /// `^`.
    BitXor,
    /// `&`.
    BitAnd,
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
    /// `<<`.
    Shl,
    /// `>>`.
    ShrSigned,
    /// `>>>`.
    ShrUnsigned,
    /// `+`.
    Add,
    /// `-`.
    Sub,
    /// `*`.
    Mul,
    /// `/`.
    Div,
    /// `%`.
    Rem,
}

/// A call.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Call {
    /// The function.
    pub function: Qualified,
    /// The arguments.
    pub args: Vec<Expr>,
}

/// `match` (spec/script.md 5.4).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Match {
    /// What is matched.
    pub target: Expr,
    /// Clauses in order, `default` among them.
    pub clauses: Vec<Clause>,
    /// Parsed on the action layer.
    pub is_action: bool,
}

/// A clause of a `match`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Clause {
    /// The pattern; `None` for `default`.
    pub pattern: Option<Pattern>,
    /// `when` guard.
    pub guard: Option<Expr>,
    /// Effectors, at least one.
    pub effectors: Vec<Expr>,
    /// From `case` or `default` to the last effector.
    pub span: Span,
}

/// `for` (spec/script.md 5.6).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct For {
    /// What is walked.
    pub target: Expr,
    /// Clauses in order.
    pub rounds: Vec<Round>,
    /// Parsed on the action layer.
    pub is_action: bool,
}

/// A clause of a `for`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Round {
    /// Name for index or key.
    pub key: Name,
    /// Name for the element.
    pub value: Name,
    /// `when` guard.
    pub guard: Option<Expr>,
    /// Effectors, at least one.
    pub effectors: Vec<Expr>,
    /// From `case` to the last effector.
    pub span: Span,
}

/// `patch` (spec/script.md 5.7).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Patch {
    /// The record that is copied and changed.
    pub target: Expr,
    /// Operations in order, at least one.
    pub ops: Vec<PatchOp>,
    /// From `patch` to the end of the target: the place of errors of `move` and `copy`.
    pub head_span: Span,
}

/// An operation of a `patch`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct PatchOp {
    /// What it does.
    pub kind: PatchOpKind,
    /// Its place.
    pub span: Span,
}

/// Kinds of patch operations; the first expression is the key.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum PatchOpKind {
    /// `insert k => v`.
    Insert(Expr, Expr),
    /// `update k => v`.
    Update(Expr, Expr),
    /// `upsert k => v`.
    Upsert(Expr, Expr),
    /// `erase k`.
    Erase(Expr),
    /// `move k => k2`.
    Move(Expr, Expr),
    /// `copy k => k2`.
    Copy(Expr, Expr),
    /// `merge k => v`.
    Merge(Expr, Expr),
    /// `merge => v`.
    MergeAll(Expr),
}

/// `merge target of value end` (spec/script.md 5.8).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Merge {
    /// The record that is copied.
    pub target: Expr,
    /// What is merged into it.
    pub value: Expr,
}

/// `emit` (spec/script.md 5.9).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Emit {
    /// The value; `None`: the event.
    pub value: Option<Expr>,
    /// The port text.
    pub port: Option<(Text, Span)>,
}
