//! The middle form of programs: names are slots, constants are values, calls know their target.
//!
//! `lower` makes it, `opt` makes it smaller, `node::build` turns it into what runs. It is never evaluated itself. Comparing two trees with
//! `==` leaves places out, which is the structural equality of spec/query.md 8.4.

pub(crate) mod pattern;
pub(crate) mod prune;
pub(crate) mod walk;

use std::sync::Arc;

use temblor_syntax::ast::{BinaryOp, UnaryOp};
use temblor_syntax::span::Span;
use temblor_value::{Str, Value};

use crate::func::FunctionDef;
use crate::node::function::Function;
use crate::trap::Callee;

pub(crate) use pattern::{Element, FieldTest, FieldTestKind, Matcher, Pattern, RecordPattern};

/// A place in a source text. All places are equal, so that trees compare by structure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(pub Span);

impl PartialEq for Place {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// Number of a local name in its frame.
pub(crate) type Slot = usize;

/// An expression or action.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr {
    pub kind: Kind,
    pub at: Place,
}

/// Kinds of expressions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Const(Value),
    Path(Path),
    /// `present`, or `absent` if negated.
    Present {
        path: Path,
        negated: bool,
    },
    Text(Vec<TextPart>),
    Array(Vec<Expr>),
    Record(Vec<Field>),
    Bytes(Vec<BytesPart>),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    /// Operations of one left spine, applied from left to right; flat, so that long sums need no deep tree.
    Binary {
        first: Box<Expr>,
        rest: Vec<(BinaryOp, Expr)>,
    },
    Native {
        function: Native,
        args: Vec<Expr>,
    },
    Call {
        function: FunctionRef,
        args: Vec<Expr>,
    },
    /// An aggregate call, by its number among those of the expression.
    Aggregate {
        index: usize,
        callee: Callee,
    },
    Match(Box<Match>),
    For(Box<For>),
    Patch(Box<Patch>),
    Merge(Box<(Expr, Expr)>),
    Let {
        target: Path,
        value: Box<Expr>,
    },
    /// `emit`; no value: the event.
    Emit {
        value: Option<Box<Expr>>,
        port: Option<Box<Expr>>,
    },
    Drop,
    /// `event` as the result of the script.
    ReturnEvent,
    /// `recur` in tail position of a function.
    Recur(Vec<Expr>),
}

/// A library function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Native(pub FunctionDef);

impl PartialEq for Native {
    fn eq(&self, other: &Self) -> bool {
        self.0.module == other.0.module && self.0.name == other.0.name
    }
}

/// A script function, already compiled.
#[derive(Clone, Debug)]
pub(crate) struct FunctionRef(pub Arc<Function>);

impl PartialEq for FunctionRef {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// A path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Path {
    pub root: Root,
    pub steps: Vec<Step>,
    pub at: Place,
}

/// Roots of paths.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Root {
    Event,
    Meta,
    State,
    Args,
    Group,
    Window,
    Local { slot: Slot, name: Str },
    Const { value: Value, name: Str },
}

/// A step with its place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub kind: StepKind,
    pub at: Place,
}

/// Kinds of steps; constant elements are fields or indexes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum StepKind {
    Field(Str),
    Index(usize),
    Computed(Box<Expr>),
    Range(Box<(Expr, Expr)>),
}

/// A piece of an interpolated text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TextPart {
    Literal(Str),
    Value(Expr),
}

/// A field of a record literal; the key is a constant string or a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub key: Expr,
    pub value: Expr,
}

/// A part of a bytes literal.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct BytesPart {
    pub value: Expr,
    pub kind: crate::binary::PartKind,
    pub at: Place,
}

/// `match` on either layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Match {
    pub target: Expr,
    pub clauses: Vec<Clause>,
    /// Runs also where its value is not used.
    pub is_action: bool,
}

/// A clause of a `match`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Clause {
    pub pattern: Pattern,
    /// Slot of the name that the pattern binds.
    pub binds: Option<Slot>,
    pub guard: Option<Expr>,
    /// In order, at least one.
    pub body: Vec<Expr>,
}

/// `for` on either layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct For {
    pub target: Expr,
    pub rounds: Vec<Round>,
    pub is_action: bool,
}

/// A clause of a `for`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Round {
    pub key: Slot,
    pub value: Slot,
    pub guard: Option<Expr>,
    /// In order, at least one.
    pub body: Vec<Expr>,
}

/// `patch`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Patch {
    pub target: Expr,
    pub ops: Vec<PatchOp>,
    /// From `patch` to the end of the target.
    pub head: Place,
}

/// An operation of a `patch`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PatchOp {
    Insert(Expr, Expr),
    Update(Expr, Expr),
    Upsert(Expr, Expr),
    Erase(Expr),
    Move(Expr, Expr),
    Copy(Expr, Expr),
    Merge(Expr, Expr),
    MergeAll(Expr),
}

impl Expr {
    /// An expression at `span`.
    pub(crate) fn new(kind: Kind, span: Span) -> Self {
        Self { kind, at: Place(span) }
    }

    /// The value, if it is known at load.
    pub(crate) fn as_const(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Const(value) => Some(value),
            _ => None,
        }
    }

    /// Whether this is an action: something that has an effect beside its value.
    pub(crate) fn is_action(&self) -> bool {
        match &self.kind {
            Kind::Let { .. } | Kind::Emit { .. } | Kind::Drop | Kind::ReturnEvent | Kind::Recur(_) => true,
            Kind::Match(inner) => inner.is_action,
            Kind::For(inner) => inner.is_action,
            _ => false,
        }
    }

    /// Whether this is exactly `event`.
    pub(crate) fn is_whole_event(&self) -> bool {
        matches!(&self.kind, Kind::Path(path) if path.root == Root::Event && path.steps.is_empty())
    }
}
