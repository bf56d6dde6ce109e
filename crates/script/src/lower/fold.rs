//! Constant folding (spec/script.md 9.1): each constructor gives a constant if all its parts are.

use smallvec::SmallVec;
use temblor_syntax::ast::{BinaryOp, UnaryOp};
use temblor_syntax::span::Span;
use temblor_value::{ObjectMap, Str, Value};

use super::Lowered;
use crate::binary::Writer;
use crate::func::{CallCx, EventInfo, FunctionDef};
use crate::host::NoHost;
use crate::ir::{BytesPart, Expr, Field, Kind, Native, TextPart};
use crate::limits::{LimitReached, Limits, StepBudget};
use crate::node::call::{arity_error, callee};
use crate::node::construct::write_value;
use crate::ops;
use crate::trap::{Trap, TrapKind};

fn constant(value: Value, at: Span) -> Expr {
    Expr::new(Kind::Const(value), at)
}

/// The values of `exprs`, if all are constant.
fn constants<'e>(exprs: impl IntoIterator<Item = &'e Expr>) -> Option<Vec<Value>> {
    exprs.into_iter().map(|expr| expr.as_const().cloned()).collect()
}

/// The report of an error while folding.
fn report(trap: &Trap) -> Box<temblor_syntax::Diagnostic> {
    Box::new(trap.diagnostic())
}

/// A constant array or record of so many elements, unless that breaks a limit.
fn collection(value: Value, elements: usize, at: Span, limits: &Limits) -> Lowered<Expr> {
    let within = limits.check_elements(elements).and_then(|()| {
        let fits = value.depth_at_most(limits.depth_of_values());
        fits.then_some(()).ok_or(LimitReached::Depth)
    });
    within.map_err(|limit| report(&Trap::limit(limit, at)))?;
    Ok(constant(value, at))
}

/// `[…]`.
pub(crate) fn array(elements: Vec<Expr>, at: Span, limits: &Limits) -> Lowered<Expr> {
    match constants(&elements) {
        Some(values) => collection(Value::from(values), elements.len(), at, limits),
        None => Ok(Expr::new(Kind::Array(elements), at)),
    }
}

/// `{…}`.
pub(crate) fn record(fields: Vec<Field>, at: Span, limits: &Limits) -> Lowered<Expr> {
    let mut map = ObjectMap::with_capacity(fields.len());
    for field in &fields {
        match (field.key.as_const(), field.value.as_const()) {
            (Some(Value::Str(key)), Some(value)) => {
                map.insert(key.clone(), value.clone());
            }
            _ => return Ok(Expr::new(Kind::Record(fields), at)),
        }
    }
    collection(Value::from(map), fields.len(), at, limits)
}

/// A text; neighbouring pieces that are known are joined.
pub(crate) fn text(parts: Vec<TextPart>, at: Span, limits: &Limits) -> Lowered<Expr> {
    let mut joined: Vec<TextPart> = Vec::with_capacity(parts.len());
    let mut known: Vec<u8> = Vec::new();
    let flush = |known: &mut Vec<u8>, joined: &mut Vec<TextPart>| {
        if !known.is_empty() {
            joined.push(TextPart::Literal(Str::new(&String::from_utf8_lossy(known))));
            known.clear();
        }
    };
    for part in parts {
        match part {
            TextPart::Literal(text) => known.extend_from_slice(text.as_bytes()),
            TextPart::Value(value) => {
                if let Some(value) = value.as_const() {
                    write_value(value, &mut known);
                } else {
                    flush(&mut known, &mut joined);
                    joined.push(TextPart::Value(value));
                }
            }
        }
        limits
            .check_bytes(known.len())
            .map_err(|limit| report(&Trap::limit(limit, at)))?;
    }
    flush(&mut known, &mut joined);
    Ok(match joined.as_slice() {
        [] => constant(Value::from(""), at),
        [TextPart::Literal(text)] => constant(Value::Str(text.clone()), at),
        _ => Expr::new(Kind::Text(joined), at),
    })
}

/// `<<…>>`.
pub(crate) fn bytes(parts: Vec<BytesPart>, at: Span, limits: &Limits) -> Lowered<Expr> {
    let Some(values) = constants(parts.iter().map(|part| &part.value)) else {
        return Ok(Expr::new(Kind::Bytes(parts), at));
    };
    let mut writer = Writer::default();
    for (part, value) in parts.iter().zip(values) {
        writer
            .part(part.kind, &value, limits)
            .map_err(|kind| report(&Trap::new(kind, part.at.0, at)))?;
    }
    Ok(constant(writer.finish(), at))
}

/// A prefix operation.
pub(crate) fn unary(op: UnaryOp, operand: Expr, at: Span) -> Lowered<Expr> {
    let Some(value) = operand.as_const() else {
        let operand = Box::new(operand);
        return Ok(Expr::new(Kind::Unary { op, operand }, at));
    };
    match ops::unary(op, value) {
        Ok(value) => Ok(constant(value, at)),
        Err(_) => {
            let kind = TrapKind::Unary {
                op,
                operand: value.kind(),
            };
            Err(report(&Trap::new(kind, at, at)))
        }
    }
}

/// A binary operation over `at`; operations on the left are joined into one spine.
pub(crate) fn binary(op: BinaryOp, left: Expr, right: Expr, at: Span, limits: &Limits) -> Lowered<Expr> {
    if let (Some(one), Some(other)) = (left.as_const(), right.as_const()) {
        let decided = matches!(
            (op, one),
            (BinaryOp::And, Value::Bool(false)) | (BinaryOp::Or, Value::Bool(true))
        );
        if decided {
            return Ok(constant(one.clone(), at));
        }
        return match ops::binary(op, one, other, limits) {
            Ok(value) => Ok(constant(value, at)),
            Err(error) => Err(report(&Trap::binary(error, op, one, other, at))),
        };
    }
    let kind = match left.kind {
        Kind::Binary { first, mut rest } => {
            rest.push((op, right));
            Kind::Binary { first, rest }
        }
        kind => Kind::Binary {
            first: Box::new(Expr::new(kind, left.at.0)),
            rest: vec![(op, right)],
        },
    };
    Ok(Expr::new(kind, at))
}

/// A call of a library function.
pub(crate) fn native(function: FunctionDef, args: Vec<Expr>, at: Span, limits: &Limits) -> Lowered<Expr> {
    let values: Option<SmallVec<[Value; 4]>> = args.iter().map(|arg| arg.as_const().cloned()).collect();
    let (Some(values), crate::func::Purity::Pure) = (values, function.purity) else {
        let function = Native(function);
        return Ok(Expr::new(Kind::Native { function, args }, at));
    };
    if !function.arity.accepts(values.len()) {
        return Err(report(&Trap::new(arity_error(&function, values.len()), at, at)));
    }
    let mut cx = CallCx {
        info: EventInfo::default(),
        host: &NoHost,
        limits,
        steps: &mut StepBudget::new(limits),
    };
    match (function.call)(&mut cx, &values) {
        Ok(value) if value.depth_at_most(limits.depth_of_values()) => Ok(constant(value, at)),
        Ok(_) => Err(report(&Trap::limit(LimitReached::Depth, at))),
        Err(error) => {
            let callee = callee(&function, values.len());
            Err(report(&Trap::new(TrapKind::function(callee, error, &values), at, at)))
        }
    }
}
