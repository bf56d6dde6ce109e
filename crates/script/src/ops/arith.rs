//! Arithmetic (spec/script.md 3.3): integers are calculated unsigned, signed or as doubles, by the operands.

use temblor_value::Value;

use super::OpError;

/// Two numbers on the level on which they are calculated.
enum Pair {
    /// Both at least 0.
    Unsigned(u64, u64),
    /// Otherwise both within the signed range.
    Signed(i64, i64),
    /// Everything else that is a number.
    Double(f64, f64),
}

fn pair(left: &Value, right: &Value) -> Result<Pair, OpError> {
    Ok(match (left, right) {
        (Value::I64(left), Value::I64(right)) => {
            if *left >= 0 && *right >= 0 {
                Pair::Unsigned(*left as u64, *right as u64)
            } else {
                Pair::Signed(*left, *right)
            }
        }
        (Value::U64(left), Value::U64(right)) => Pair::Unsigned(*left, *right),
        (Value::U64(left), Value::I64(right)) if *right >= 0 => Pair::Unsigned(*left, *right as u64),
        (Value::I64(left), Value::U64(right)) if *left >= 0 => Pair::Unsigned(*left as u64, *right),
        _ => Pair::Double(
            left.as_f64().ok_or(OpError::Invalid)?,
            right.as_f64().ok_or(OpError::Invalid)?,
        ),
    })
}

/// `left + right` for numbers.
pub(crate) fn add(left: &Value, right: &Value) -> Result<Value, OpError> {
    Ok(match pair(left, right)? {
        Pair::Unsigned(left, right) => Value::from(left.wrapping_add(right)),
        Pair::Signed(left, right) => Value::I64(left.wrapping_add(right)),
        Pair::Double(left, right) => Value::F64(left + right),
    })
}

/// `left - right`.
pub(crate) fn sub(left: &Value, right: &Value) -> Result<Value, OpError> {
    Ok(match pair(left, right)? {
        Pair::Unsigned(left, right) if left >= right => Value::from(left - right),
        Pair::Unsigned(left, right) => {
            let below = i64::try_from(right - left).map_err(|_| OpError::Invalid)?;
            Value::I64(-below)
        }
        Pair::Signed(left, right) => Value::I64(left.wrapping_sub(right)),
        Pair::Double(left, right) => Value::F64(left - right),
    })
}

/// `left * right`.
pub(crate) fn mul(left: &Value, right: &Value) -> Result<Value, OpError> {
    Ok(match pair(left, right)? {
        Pair::Unsigned(left, right) => Value::from(left.wrapping_mul(right)),
        Pair::Signed(left, right) => Value::I64(left.wrapping_mul(right)),
        Pair::Double(left, right) => Value::F64(left * right),
    })
}

/// `left / right`, always a float.
pub(crate) fn div(left: &Value, right: &Value) -> Result<Value, OpError> {
    let left = left.as_f64().ok_or(OpError::Invalid)?;
    let right = right.as_f64().ok_or(OpError::Invalid)?;
    Ok(Value::F64(left / right))
}

/// `left % right`.
pub(crate) fn rem(left: &Value, right: &Value) -> Result<Value, OpError> {
    match pair(left, right)? {
        Pair::Unsigned(left, right) => left.checked_rem(right).map(Value::from),
        Pair::Signed(_, 0) | Pair::Double(..) => None,
        Pair::Signed(left, right) => Some(Value::I64(left.wrapping_rem(right))),
    }
    .ok_or(OpError::Invalid)
}
