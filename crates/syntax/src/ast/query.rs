//! Queries (spec/query.md 2).

use super::{Const, Dialect, Expr, Function, Intrinsic, Name, Qualified, Script, Use};
use crate::span::Span;

/// A whole query.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Query {
    /// `#!config` lines in order.
    pub config: Vec<ConfigDirective>,
    /// Statements in order.
    pub stmts: Vec<QueryStmt>,
    /// Dialect the text was read in.
    pub dialect: Dialect,
    /// The whole text.
    pub span: Span,
}

/// `#!config name = value`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ConfigDirective {
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
    /// The whole line.
    pub span: Span,
}

/// A statement with its place.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct QueryStmt {
    /// What it is.
    pub kind: QueryStmtKind,
    /// Its place.
    pub span: Span,
}

/// Kinds of statements at top level.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum QueryStmtKind {
    /// A definition that may also stand in a module.
    Item(QueryItem),
    /// `create stream name`.
    CreateStream(Name),
    /// `create operator …`.
    CreateOperator(Create),
    /// `create script …`.
    CreateScript(Create),
    /// `select …`.
    Select(Box<Select>),
}

/// Definitions of queries and their modules. `const`, `fn` and `intrinsic fn` stand in modules only; the parser sees to it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum QueryItem {
    /// `mod name with … end`.
    Module {
        /// Its name.
        name: Name,
        /// Module documentation.
        docs: Option<String>,
        /// Definitions in order.
        items: Vec<QueryItem>,
        /// The whole definition.
        span: Span,
    },
    /// `use …`.
    Use(Use),
    /// `define … window`.
    Window(DefineWindow),
    /// `define … operator`.
    Operator(DefineOperator),
    /// `define script`.
    Script(DefineScript),
    /// `const`.
    Const(Const),
    /// `fn`.
    Function(Function),
    /// `intrinsic fn`.
    Intrinsic(Intrinsic),
}

/// Parameters of a `with`, in order; later ones of the same name win.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Params {
    /// Name and value.
    pub bindings: Vec<(Name, Expr)>,
}

/// Kinds of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub enum WindowKind {
    /// `tumbling`.
    Tumbling,
    /// `sliding` (parsed, refused later).
    Sliding,
}

/// `define tumbling window`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct DefineWindow {
    /// Its kind.
    pub kind: WindowKind,
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Params,
    /// `script` expression.
    pub script: Option<Expr>,
    /// The whole definition.
    pub span: Span,
}

/// `define ns::kind operator`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct DefineOperator {
    /// Namespace and kind, such as `qos::roundrobin`.
    pub kind: (Name, Name),
    /// Its name.
    pub name: Name,
    /// Parameters; `None` without any `with`, which is not the same as empty.
    pub params: Option<Params>,
    /// The whole definition.
    pub span: Span,
}

/// `define script`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct DefineScript {
    /// Its name.
    pub name: Name,
    /// Parameters; `None` without any `with`.
    pub params: Option<Params>,
    /// The body.
    pub script: Script,
    /// The whole definition.
    pub span: Span,
}

/// `create operator` or `create script`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Create {
    /// Name of the node.
    pub name: Name,
    /// Definition; `None`: the one of the same name.
    pub from: Option<Qualified>,
    /// Parameters; `None` without any `with`.
    pub params: Option<Params>,
}

/// `select …`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Select {
    /// What leaves.
    pub target: Expr,
    /// Where events come from.
    pub from: PortRef,
    /// Windows in order.
    pub windows: Vec<Qualified>,
    /// `where`.
    pub where_: Option<Expr>,
    /// `group by`.
    pub group_by: Option<Dimension>,
    /// Where results go.
    pub into: PortRef,
    /// `having`.
    pub having: Option<Expr>,
}

/// `node` or `node/port`.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct PortRef {
    /// The node.
    pub node: Name,
    /// The port, if given.
    pub port: Option<Name>,
    /// Its place.
    pub span: Span,
}

/// A dimension of `group by` (spec/query.md 10).
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub enum Dimension {
    /// An expression.
    Expr(Expr),
    /// `set(…)`.
    Set(Vec<Dimension>, Span),
    /// `each(…)`.
    Each(Expr, Span),
}

/// A file that `use` loads into a query: definitions only.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct QueryModuleFile {
    /// Module documentation, lines joined by LF; `None` without.
    pub docs: Option<String>,
    /// Definitions in order.
    pub items: Vec<QueryItem>,
    /// Dialect the text was read in.
    pub dialect: Dialect,
    /// The whole text.
    pub span: Span,
}
