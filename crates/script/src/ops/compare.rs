//! Ordering comparisons (spec/script.md 2.5).

use std::cmp::Ordering;

use temblor_syntax::ast::BinaryOp;
use temblor_value::Value;

use super::OpError;

/// `<`, `<=`, `>`, `>=`. Comparisons with not-a-number are false, not errors.
pub(crate) fn ordered(op: BinaryOp, left: &Value, right: &Value) -> Result<bool, OpError> {
    let order = match (left, right) {
        (Value::I64(left), Value::I64(right)) => Some(left.cmp(right)),
        (Value::Str(_) | Value::Bytes(_), Value::Str(_) | Value::Bytes(_)) => {
            bytes(left).zip(bytes(right)).map(|(l, r)| l.cmp(r))
        }
        (Value::U64(left), Value::U64(right)) => Some(left.cmp(right)),
        (Value::I64(left), Value::U64(_)) if *left >= 0 => Some(Ordering::Less),
        (Value::U64(_), Value::I64(right)) if *right >= 0 => Some(Ordering::Greater),
        _ => {
            let left = left.as_f64().ok_or(OpError::Invalid)?;
            let right = right.as_f64().ok_or(OpError::Invalid)?;
            left.partial_cmp(&right)
        }
    };
    Ok(order.is_some_and(|order| match op {
        BinaryOp::Lt => order.is_lt(),
        BinaryOp::Le => order.is_le(),
        BinaryOp::Gt => order.is_gt(),
        _ => order.is_ge(),
    }))
}

fn bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Str(text) => Some(text.as_bytes()),
        Value::Bytes(blob) => Some(blob),
        _ => None,
    }
}
