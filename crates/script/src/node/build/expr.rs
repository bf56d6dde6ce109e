//! Building expressions and conditions.

use temblor_syntax::ast::{BinaryOp, UnaryOp};
use temblor_syntax::span::Span;
use temblor_value::{Key, Value};

use super::path;
use super::pattern;
use super::stmt::patch_ops;
use crate::ir::{self, Kind, TextPart};
use crate::node::call::{self, Aggregate, Native, WrongArity};
use crate::node::construct::{Array, Bytes, BytesPart, ComputedField, ComputedRecord, Record, Text, TextPart as TextPartNode};
use crate::node::function::Call;
use crate::node::looping::ForExpr;
use crate::node::matching::MatchExpr;
use crate::node::operator::{AllOf, Always, AnyOf, Binary, Chain, Equal, EqualConst, Link, Logic, Not, Ordered, Truth, Unary};
use crate::node::patch::{Merge, Patch};
use crate::node::path::Const;
use crate::node::present::TestValue;
use crate::node::{Expr, Test};

/// Operators in a spine up to this number become nested nodes, longer spines a loop.
const NESTED: usize = 6;

/// A node that is not yet asked for as a value or as a condition.
pub(crate) enum Built {
    Const(Value),
    Expr(Box<dyn Expr>),
    Test(Box<dyn Test>),
}

impl Built {
    fn into_expr(self) -> Box<dyn Expr> {
        match self {
            Self::Const(value) => Box::new(Const(value)),
            Self::Expr(expr) => expr,
            Self::Test(test) => Box::new(TestValue(test)),
        }
    }
}

/// Builds `expr` as a value.
pub(crate) fn expr(expr: ir::Expr) -> Box<dyn Expr> {
    build(expr).into_expr()
}

/// Builds several values.
pub(crate) fn exprs(list: Vec<ir::Expr>) -> Box<[Box<dyn Expr>]> {
    let mut built = Vec::with_capacity(list.len());
    for part in list {
        built.push(expr(part));
    }
    built.into()
}

/// Builds `expr` as a condition that must be a boolean.
pub(crate) fn condition(expr: ir::Expr, within: Span) -> Box<dyn Test> {
    let at = expr.at.0;
    match build(expr) {
        Built::Const(Value::Bool(flag)) => Box::new(Always(flag)),
        Built::Test(test) => test,
        other => Box::new(Truth {
            operand: other.into_expr(),
            at,
            within,
        }),
    }
}

fn build(expr: ir::Expr) -> Built {
    let at = expr.at.0;
    match expr.kind {
        Kind::Const(value) => Built::Const(value),
        Kind::Path(path) => Built::Expr(path::read(path)),
        Kind::Present { path, negated } => Built::Test(path::present(path, negated)),
        Kind::Unary { op, operand } => unary(op, *operand, at),
        Kind::Binary { first, rest } => binary(*first, rest),
        other => Built::Expr(value(other, at)),
    }
}

fn value(kind: Kind, at: Span) -> Box<dyn Expr> {
    match kind {
        Kind::Text(parts) => Box::new(Text {
            parts: parts
                .into_iter()
                .map(|part| match part {
                    TextPart::Literal(text) => TextPartNode::Literal(text),
                    TextPart::Value(value) => TextPartNode::Value(expr(value)),
                })
                .collect(),
            at,
        }),
        Kind::Array(elements) => Box::new(Array {
            elements: exprs(elements),
            at,
        }),
        Kind::Record(fields) => record(fields, at),
        Kind::Bytes(parts) => Box::new(Bytes {
            parts: parts
                .into_iter()
                .map(|part| BytesPart {
                    value: expr(part.value),
                    kind: part.kind,
                    at: part.at.0,
                })
                .collect(),
            at,
        }),
        Kind::Native { function, args } => native(function, args, at),
        Kind::Call { function, args } => Box::new(Call {
            function: function.0,
            args: exprs(args),
            at,
        }),
        Kind::Aggregate { index, callee } => Box::new(Aggregate { index, callee, at }),
        Kind::Match(inner) => {
            let inner = *inner;
            let (clauses, bodies) = pattern::clauses(inner.clauses, at);
            let clause_body = |(list, binds): (Vec<ir::Expr>, &Option<usize>)| match pattern::own_name(&list, *binds) {
                Some(name) => Box::new(name),
                None => last(list),
            };
            Box::new(MatchExpr {
                target: expr(inner.target),
                bodies: bodies.into_iter().zip(&clauses.binds).map(clause_body).collect(),
                clauses,
            })
        }
        Kind::For(inner) => {
            let inner = *inner;
            let (rounds, bodies) = pattern::rounds(inner.rounds, at);
            Box::new(ForExpr {
                target: expr(inner.target),
                rounds,
                bodies: bodies.into_iter().map(last).collect(),
            })
        }
        Kind::Patch(inner) => {
            let inner = *inner;
            let ops = patch_ops(inner.ops, inner.head.0, inner.target.at.0, at);
            Box::new(Patch {
                target: expr(inner.target),
                ops,
            })
        }
        Kind::Merge(parts) => {
            let (target, merged) = *parts;
            Box::new(Merge {
                target_at: target.at.0,
                value_at: merged.at.0,
                target: expr(target),
                value: expr(merged),
                at,
            })
        }
        // The parser lets actions stand only where `stmt` builds them; the rest went through `build`.
        _ => Box::new(Const(Value::Null)),
    }
}

/// The last effector: the only one of a value-level clause that is evaluated.
fn last(mut body: Vec<ir::Expr>) -> Box<dyn Expr> {
    match body.pop() {
        Some(value) => expr(value),
        None => Box::new(Const(Value::Null)),
    }
}

fn record(fields: Vec<ir::Field>, at: Span) -> Box<dyn Expr> {
    let keys: Option<Vec<Key>> = fields
        .iter()
        .map(|field| match field.key.as_const() {
            Some(Value::Str(key)) => Some(Key::new(key.clone())),
            _ => None,
        })
        .collect();
    match keys {
        Some(keys) => Box::new(Record {
            fields: keys
                .into_iter()
                .zip(fields.into_iter().map(|field| expr(field.value)))
                .collect(),
            at,
        }),
        None => Box::new(ComputedRecord {
            fields: fields
                .into_iter()
                .map(|field| ComputedField {
                    key: expr(field.key),
                    value: expr(field.value),
                })
                .collect(),
            at,
        }),
    }
}

fn native(function: ir::Native, args: Vec<ir::Expr>, at: Span) -> Box<dyn Expr> {
    let given = args.len();
    let args = exprs(args);
    let function = function.0;
    if function.arity.accepts(given) {
        Box::new(Native {
            call: function.call,
            callee: call::callee(&function, given),
            args,
            at,
        })
    } else {
        Box::new(WrongArity { function, args, at })
    }
}

fn unary(op: UnaryOp, operand: ir::Expr, within: Span) -> Built {
    let at = operand.at.0;
    match build(operand) {
        Built::Test(test) if matches!(op, UnaryOp::Not | UnaryOp::BitNot) => Built::Test(Box::new(Not(test))),
        operand => Built::Expr(Box::new(Unary {
            op,
            operand: operand.into_expr(),
            at,
            within,
        })),
    }
}

fn binary(first: ir::Expr, rest: Vec<(BinaryOp, ir::Expr)>) -> Built {
    let start = first.at.0;
    let first = build(first);
    let rest: Vec<(BinaryOp, Built, Span)> = rest
        .into_iter()
        .map(|(op, right)| {
            let at = start.to(right.at.0);
            (op, build(right), at)
        })
        .collect();
    if rest.len() > 1
        && let Some(op) = same_logic(&first, &rest)
    {
        return tests(op, first, rest);
    }
    if rest.len() > NESTED {
        return Built::Expr(Box::new(Chain {
            first: first.into_expr(),
            rest: rest
                .into_iter()
                .map(|(op, right, at)| Link {
                    op,
                    right: right.into_expr(),
                    at,
                })
                .collect(),
        }));
    }
    rest.into_iter()
        .fold(first, |left, (op, right, at)| operation(op, left, right, at))
}

/// The operator of a spine of conditions that are all joined by `and`, or all by `or`.
fn same_logic(first: &Built, rest: &[(BinaryOp, Built, Span)]) -> Option<BinaryOp> {
    let op = rest.first()?.0;
    let is_test = |built: &Built| matches!(built, Built::Test(_));
    let same = is_test(first) && rest.iter().all(|(other, right, _)| *other == op && is_test(right));
    (same && matches!(op, BinaryOp::And | BinaryOp::Or)).then_some(op)
}

fn tests(op: BinaryOp, first: Built, rest: Vec<(BinaryOp, Built, Span)>) -> Built {
    let tests = std::iter::once(first)
        .chain(rest.into_iter().map(|(_, right, _)| right))
        .filter_map(|built| match built {
            Built::Test(test) => Some(test),
            Built::Const(_) | Built::Expr(_) => None,
        })
        .collect();
    Built::Test(if op == BinaryOp::And {
        Box::new(AllOf(tests))
    } else {
        Box::new(AnyOf(tests))
    })
}

fn operation(op: BinaryOp, left: Built, right: Built, at: Span) -> Built {
    match (op, left, right) {
        (BinaryOp::Eq | BinaryOp::Ne, left, Built::Const(value)) => Built::Test(Box::new(EqualConst {
            operand: left.into_expr(),
            value,
            negated: op == BinaryOp::Ne,
        })),
        (BinaryOp::Eq | BinaryOp::Ne, left, right) => Built::Test(Box::new(Equal {
            left: left.into_expr(),
            right: right.into_expr(),
            negated: op == BinaryOp::Ne,
        })),
        (BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, left, right) => Built::Test(Box::new(Ordered {
            op,
            left: left.into_expr(),
            right: right.into_expr(),
            at,
        })),
        (BinaryOp::And, Built::Test(left), Built::Test(right)) => Built::Test(Box::new(AllOf(Box::new([left, right])))),
        (BinaryOp::Or, Built::Test(left), Built::Test(right)) => Built::Test(Box::new(AnyOf(Box::new([left, right])))),
        (BinaryOp::And | BinaryOp::Or, left, right) => Built::Test(Box::new(Logic {
            op,
            left: left.into_expr(),
            right: right.into_expr(),
            at,
        })),
        (op, left, right) => Built::Expr(Box::new(Binary {
            op,
            left: left.into_expr(),
            right: right.into_expr(),
            at,
        })),
    }
}
