//! Bitwise operators (spec/script.md 3.4).

use temblor_value::Value;

use super::OpError;

/// `&` and `^`: two booleans, or two integers that are both at least 0 or both within the signed range.
pub(crate) fn logic(
    left: &Value,
    right: &Value,
    flags: fn(bool, bool) -> bool,
    bits: fn(u64, u64) -> u64,
) -> Result<Value, OpError> {
    Ok(match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Value::Bool(flags(*left, *right)),
        (Value::I64(left), Value::I64(right)) => {
            let result = bits(*left as u64, *right as u64);
            if *left >= 0 && *right >= 0 {
                Value::from(result)
            } else {
                Value::I64(result as i64)
            }
        }
        (Value::U64(left), Value::U64(right)) => Value::from(bits(*left, *right)),
        (Value::U64(left), Value::I64(right)) if *right >= 0 => Value::from(bits(*left, *right as u64)),
        (Value::I64(left), Value::U64(right)) if *left >= 0 => Value::from(bits(*left as u64, *right)),
        _ => return Err(OpError::Invalid),
    })
}

/// The 64 bits of an integer, and whether it counts as unsigned.
fn raw(value: &Value) -> Result<(u64, bool), OpError> {
    match value {
        Value::I64(number) => Ok((*number as u64, *number >= 0)),
        Value::U64(number) => Ok((*number, true)),
        _ => Err(OpError::Invalid),
    }
}

fn operands(left: &Value, right: &Value) -> Result<(u64, bool, u32), OpError> {
    let (bits, unsigned) = raw(left)?;
    raw(right)?;
    match right {
        Value::I64(count @ 0..=63) => Ok((bits, unsigned, *count as u32)),
        _ => Err(OpError::Shift),
    }
}

/// `<<`.
pub(crate) fn shift_left(left: &Value, right: &Value) -> Result<Value, OpError> {
    let (bits, unsigned, count) = operands(left, right)?;
    Ok(if unsigned {
        Value::from(bits << count)
    } else {
        Value::I64((bits << count) as i64)
    })
}

/// `>>`, which keeps the sign.
pub(crate) fn shift_right(left: &Value, right: &Value) -> Result<Value, OpError> {
    let (bits, unsigned, count) = operands(left, right)?;
    Ok(if unsigned {
        Value::from(bits >> count)
    } else {
        Value::I64((bits as i64) >> count)
    })
}

/// `>>>`, whose result is read as a signed number.
pub(crate) fn shift_right_raw(left: &Value, right: &Value) -> Result<Value, OpError> {
    let (bits, _, count) = operands(left, right)?;
    Ok(Value::I64((bits >> count) as i64))
}
