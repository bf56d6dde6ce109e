//! What plain scalars mean (formats.md 3.3).

use temblor_value::{Str, Value};

/// The value of a plain scalar.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => number(text).unwrap_or_else(|| Value::Str(Str::from(text))),
    }
}

fn number(text: &str) -> Option<Value> {
    let (is_negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let first = unsigned.as_bytes().first()?;
    if !first.is_ascii_digit() && *first != b'.' {
        return None;
    }
    let is_decimal = unsigned.bytes().all(|byte| byte.is_ascii_digit());
    if is_decimal && unsigned.len() > 1 && *first == b'0' {
        return None;
    }
    integer(is_negative, unsigned, is_decimal).or_else(|| float(is_negative, unsigned))
}

fn integer(is_negative: bool, unsigned: &str, is_decimal: bool) -> Option<Value> {
    let (digits, radix) = match unsigned.get(..2) {
        Some("0x") => (&unsigned[2..], 16),
        Some("0o") => (&unsigned[2..], 8),
        Some("0b") => (&unsigned[2..], 2),
        _ if is_decimal => (unsigned, 10),
        _ => return None,
    };
    // The library would accept a sign here.
    if !digits.starts_with(|first: char| first.is_digit(radix)) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if is_negative {
        0i64.checked_sub_unsigned(magnitude).map(Value::I64)
    } else {
        Some(Value::from(magnitude))
    }
}

fn float(is_negative: bool, unsigned: &str) -> Option<Value> {
    let magnitude = match unsigned {
        ".inf" | ".Inf" | ".INF" => f64::INFINITY,
        ".nan" | ".NaN" | ".NAN" => f64::NAN,
        _ => unsigned.parse().ok().filter(|number: &f64| number.is_finite())?,
    };
    Some(Value::F64(if is_negative { -magnitude } else { magnitude }))
}
