//! Runtime errors (spec/script.md 10.2 to 10.4).
//!
//! A [`Trap`] is small and holds facts, not text; message and hint are built when someone looks. Folding at load raises the same
//! errors, so the texts are the same too.

mod text;

use temblor_syntax::Diagnostic;
use temblor_syntax::ast::{BinaryOp, UnaryOp};
use temblor_syntax::span::Span;
use temblor_value::{Kind, Str, Value};

use crate::func::FnError;
use crate::limits::LimitReached;
use crate::ops::OpError;

/// A runtime error with its place.
#[derive(Clone, Debug)]
pub struct Trap {
    /// What went wrong.
    pub(crate) kind: TrapKind,
    /// The range that is underlined.
    pub(crate) at: Span,
    /// The expression around it, whose lines are shown.
    pub(crate) within: Span,
}

/// Whose key is missing, in the words of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyOwner {
    Event,
    Meta,
    State,
    Local,
}

/// What a value should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Boolean,
    Integer,
    String,
    Array,
    Record,
    /// What an element step takes.
    IntegerOrString,
}

/// The function of a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Callee {
    pub module: &'static str,
    pub name: &'static str,
    /// Declared number of arguments, or the number given where that varies.
    pub arity: usize,
}

/// Kinds of runtime errors.
#[derive(Clone, Debug)]
pub(crate) enum TrapKind {
    /// A key that a record lacks; the record is kept for the hint.
    MissingKey {
        owner: KeyOwner,
        key: Str,
        among: Value,
    },
    /// A local name that was never set.
    Unset(Str),
    Conflict {
        got: Kind,
        expected: Expected,
    },
    NegativeIndex(i64),
    IndexOutOfBounds {
        index: u64,
        length: usize,
    },
    RangeOutOfBounds {
        start: u64,
        end: u64,
        length: usize,
    },
    RangeBackwards {
        start: u64,
        end: u64,
    },
    SetInArray,
    SetInvalid,
    SetConstant(Str),
    Binary {
        op: BinaryOp,
        left: Kind,
        right: Kind,
    },
    Unary {
        op: UnaryOp,
        operand: Kind,
    },
    Shift {
        op: BinaryOp,
    },
    NoClause,
    PatchExists(Str),
    PatchMissing(Str),
    PatchMerge {
        key: Str,
        got: Kind,
    },
    NotUnsigned,
    NotSigned,
    NotLongEnough,
    Arity {
        callee: Callee,
        given: usize,
        min: u8,
        max: Option<u8>,
    },
    Function {
        callee: Callee,
        error: FnError,
    },
    /// A library function that takes no values of these types.
    ArgumentTypes {
        callee: Callee,
        given: Box<[Kind]>,
    },
    /// With the name of the function.
    Recursion(Str),
    Limit(LimitReached),
    NoWindow(Callee),
}

impl TrapKind {
    /// What a library function said to `args`.
    #[cold]
    pub(crate) fn function(callee: Callee, error: FnError, args: &[Value]) -> Self {
        match error {
            FnError::BadType if !args.is_empty() => Self::ArgumentTypes {
                callee,
                given: args.iter().map(Value::kind).collect(),
            },
            error => Self::Function { callee, error },
        }
    }
}

impl Trap {
    /// An error at `at`, shown with the lines of `within`.
    #[cold]
    pub(crate) fn new(kind: TrapKind, at: Span, within: Span) -> Box<Self> {
        Box::new(Self { kind, at, within })
    }

    /// A type conflict.
    #[cold]
    pub(crate) fn conflict(got: &Value, expected: Expected, at: Span, within: Span) -> Box<Self> {
        let got = got.kind();
        Self::new(TrapKind::Conflict { got, expected }, at, within)
    }

    /// A limit met somewhere in `at`.
    #[cold]
    pub(crate) fn limit(limit: LimitReached, at: Span) -> Box<Self> {
        Self::new(TrapKind::Limit(limit), at, at)
    }

    /// A failed binary operation over `at`.
    #[cold]
    pub(crate) fn binary(error: OpError, op: BinaryOp, left: &Value, right: &Value, at: Span) -> Box<Self> {
        let kind = match error {
            OpError::Invalid => TrapKind::Binary {
                op,
                left: left.kind(),
                right: right.kind(),
            },
            OpError::Shift => TrapKind::Shift { op },
            OpError::Limit(limit) => TrapKind::Limit(limit),
        };
        Self::new(kind, at, at)
    }

    /// The place that is underlined.
    pub fn span(&self) -> Span {
        self.at
    }

    /// Whether the error is a limit of spec/script.md 14 rather than a mistake in the data.
    pub fn is_limit(&self) -> bool {
        matches!(
            self.kind,
            TrapKind::Limit(_)
                | TrapKind::Recursion(_)
                | TrapKind::Function {
                    error: FnError::Limit(_),
                    ..
                }
        )
    }

    /// The report.
    pub fn diagnostic(&self) -> Diagnostic {
        text::diagnostic(self)
    }

    /// The message alone, without place.
    pub fn message(&self) -> String {
        text::message(&self.kind)
    }
}
