//! Strict equality (spec/stdlib.md 4.2), which differs from the `==` of the language.

use temblor_script::func::{CallCx, FnError};
use temblor_value::Value;

/// Units in the last place by which equal floats may differ.
const MAX_ULPS: u64 = 4;

/// Whether two values are strictly equal. Every pair of values looked at counts as a step.
pub(crate) fn equal(cx: &mut CallCx<'_>, left: &Value, right: &Value) -> Result<bool, FnError> {
    let mut open = vec![(left, right)];
    while let Some(pair) = open.pop() {
        cx.charge(1)?;
        let same = match pair {
            (Value::Array(a), Value::Array(b)) => {
                let same = a.len() == b.len();
                if same {
                    open.extend(a.iter().zip(b.iter()));
                }
                same
            }
            (Value::Object(a), Value::Object(b)) => {
                let mut same = a.len() == b.len();
                for (key, value) in a.as_ref() {
                    let Some(other) = b.get(key.as_str()) else {
                        same = false;
                        break;
                    };
                    open.push((value, other));
                }
                same
            }
            (a, b) => scalars(a, b),
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn scalars(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::I64(a), Value::I64(b)) => a == b,
        (Value::U64(a), Value::U64(b)) => a == b,
        (Value::F64(a), Value::F64(b)) => floats(*a, *b),
        (Value::Str(a), Value::Str(b)) => a.as_str() == b.as_str(),
        (Value::Bytes(a), Value::Bytes(b)) => a[..] == b[..],
        _ => false,
    }
}

fn floats(a: f64, b: f64) -> bool {
    if a == b {
        return true;
    }
    if !a.is_finite() || !b.is_finite() {
        return false;
    }
    if (a - b).abs() <= f64::EPSILON {
        return true;
    }
    a.is_sign_positive() == b.is_sign_positive() && a.to_bits().abs_diff(b.to_bits()) <= MAX_ULPS
}
