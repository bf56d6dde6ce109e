//! The operators of the language on values (spec/script.md 2.4, 2.5 and 3).
//!
//! Used at load by folding and at run time by nodes, so that both agree. Nothing here knows of spans; an [`OpError`] gets its place
//! from the caller.

pub(crate) mod arith;
pub(crate) mod bits;
pub(crate) mod compare;
pub(crate) mod merge;
#[cfg(test)]
mod tests;

use temblor_syntax::ast::{BinaryOp, UnaryOp};
use temblor_value::{Str, Value};

use crate::limits::{LimitReached, Limits};

/// Why an operator has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpError {
    /// The operator does not take operands of these types or values.
    Invalid,
    /// A shift count below 0 or above 63.
    Shift,
    /// The result would exceed a limit.
    Limit(LimitReached),
}

/// The value of a binary operation with both operands at hand; `and` and `or` included.
pub(crate) fn binary(op: BinaryOp, left: &Value, right: &Value, limits: &Limits) -> Result<Value, OpError> {
    match op {
        BinaryOp::Or => both_bool(left, right).map(|(l, r)| Value::Bool(l || r)),
        BinaryOp::Xor => both_bool(left, right).map(|(l, r)| Value::Bool(l != r)),
        BinaryOp::And => both_bool(left, right).map(|(l, r)| Value::Bool(l && r)),
        BinaryOp::BitXor => bits::logic(left, right, |l, r| l != r, |l, r| l ^ r),
        BinaryOp::BitAnd => bits::logic(left, right, |l, r| l && r, |l, r| l & r),
        BinaryOp::Eq => Ok(Value::Bool(left == right)),
        BinaryOp::Ne => Ok(Value::Bool(left != right)),
        BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => compare::ordered(op, left, right).map(Value::Bool),
        BinaryOp::Shl => bits::shift_left(left, right),
        BinaryOp::ShrSigned => bits::shift_right(left, right),
        BinaryOp::ShrUnsigned => bits::shift_right_raw(left, right),
        BinaryOp::Add => match (left, right) {
            (Value::Str(left), Value::Str(right)) => concat(left, right, limits),
            _ => arith::add(left, right),
        },
        BinaryOp::Sub => arith::sub(left, right),
        BinaryOp::Mul => arith::mul(left, right),
        BinaryOp::Div => arith::div(left, right),
        BinaryOp::Rem => arith::rem(left, right),
    }
}

/// The value of a prefix operation.
pub(crate) fn unary(op: UnaryOp, operand: &Value) -> Result<Value, OpError> {
    match (op, operand) {
        (UnaryOp::Plus, Value::I64(_) | Value::U64(_) | Value::F64(_)) => Ok(operand.clone()),
        (UnaryOp::Minus, Value::I64(number)) => number.checked_neg().map(Value::I64).ok_or(OpError::Invalid),
        (UnaryOp::Minus, Value::F64(number)) => Ok(Value::F64(-number)),
        (UnaryOp::Not | UnaryOp::BitNot, Value::Bool(flag)) => Ok(Value::Bool(!flag)),
        (UnaryOp::BitNot, Value::I64(number)) if *number < 0 => Ok(Value::I64(!number)),
        (UnaryOp::BitNot, Value::I64(number)) => Ok(Value::from(!(*number as u64))),
        (UnaryOp::BitNot, Value::U64(number)) => Ok(Value::from(!number)),
        _ => Err(OpError::Invalid),
    }
}

fn both_bool(left: &Value, right: &Value) -> Result<(bool, bool), OpError> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Ok((*left, *right)),
        _ => Err(OpError::Invalid),
    }
}

fn concat(left: &Str, right: &Str, limits: &Limits) -> Result<Value, OpError> {
    let length = left.len().saturating_add(right.len());
    limits.check_bytes(length).map_err(OpError::Limit)?;
    let mut text = String::with_capacity(length);
    text.push_str(left);
    text.push_str(right);
    Ok(Value::from(text))
}

/// The sign of a binary operator as it is written.
pub(crate) fn binary_sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::Xor => "xor",
        BinaryOp::And => "and",
        BinaryOp::BitXor => "^",
        BinaryOp::BitAnd => "&",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Shl => "<<",
        BinaryOp::ShrSigned => ">>",
        BinaryOp::ShrUnsigned => ">>>",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
    }
}

/// The sign of a prefix operator as it is written.
pub(crate) fn unary_sign(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Plus => "+",
        UnaryOp::Minus => "-",
        UnaryOp::Not => "not",
        UnaryOp::BitNot => "!",
    }
}
