//! What a scalar means where no type is wanted (spec/runtime.md 2.4), and the text of a scalar value.

use temblor_value::{Str, Value};

use crate::yaml::node::{Form, Scalar};

/// The value of a scalar in an untyped place.
pub(crate) fn resolve(scalar: &Scalar) -> Value {
    match scalar.form {
        Form::Quoted => Value::from(scalar.text.clone()),
        Form::Plain | Form::Json => resolve_plain(&scalar.text),
    }
}

/// The rules in their order; the first that fits wins.
fn resolve_plain(text: &Str) -> Value {
    match text.as_str() {
        "" | "~" | "null" => return Value::Null,
        "true" => return Value::from(true),
        "false" => return Value::from(false),
        _ => {}
    }
    if let Some(integer) = parse_radix(text) {
        return integer;
    }
    if has_leading_zero(text) {
        return Value::from(text.clone());
    }
    if let Some(integer) = parse_decimal(text) {
        return integer;
    }
    match parse_float(text) {
        Some(float) => Value::from(float),
        None => Value::from(text.clone()),
    }
}

/// Splits the optional sign off; the flag says whether it is a minus.
fn split_sign(text: &str) -> (bool, &str) {
    if let Some(rest) = text.strip_prefix('-') {
        (true, rest)
    } else {
        (false, text.strip_prefix('+').unwrap_or(text))
    }
}

fn parse_radix(text: &str) -> Option<Value> {
    let (is_negative, unsigned) = split_sign(text);
    let (radix, digits) = match unsigned.get(..2)? {
        "0x" => (16, &unsigned[2..]),
        "0o" => (8, &unsigned[2..]),
        "0b" => (2, &unsigned[2..]),
        _ => return None,
    };
    // the library's parser would take a second sign
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    signed(is_negative, magnitude)
}

fn parse_decimal(text: &str) -> Option<Value> {
    let (is_negative, digits) = split_sign(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    signed(is_negative, digits.parse().ok()?)
}

fn signed(is_negative: bool, magnitude: u64) -> Option<Value> {
    if is_negative {
        0_i64.checked_sub_unsigned(magnitude).map(Value::from)
    } else {
        Some(Value::from(magnitude))
    }
}

fn has_leading_zero(text: &str) -> bool {
    let (_, digits) = split_sign(text);
    digits.len() > 1 && digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn parse_float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => return Some(f64::NAN),
        _ => {}
    }
    // `inf`, `nan` and numbers beyond the range are text
    text.parse().ok().filter(|float: &f64| float.is_finite())
}

/// The canonical YAML text of a null, boolean or number; `None` for anything else.
pub(crate) fn write_plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".to_owned()),
        Value::Bool(boolean) => Some(boolean.to_string()),
        Value::I64(integer) => Some(integer.to_string()),
        Value::U64(integer) => Some(integer.to_string()),
        Value::F64(float) => Some(write_float(*float)),
        _ => None,
    }
}

fn write_float(float: f64) -> String {
    if float.is_nan() {
        ".nan".to_owned()
    } else if float == f64::INFINITY {
        ".inf".to_owned()
    } else if float == f64::NEG_INFINITY {
        "-.inf".to_owned()
    } else {
        format!("{float:?}")
    }
}
