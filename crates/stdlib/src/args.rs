//! The argument classes of spec/stdlib.md 4.1.
//!
//! Each function reads one argument and refuses every other kind of value with [`FnError::BadType`]; nothing is ever converted from
//! text, booleans or null.

use temblor_script::func::FnError;
use temblor_value::{Blob, ObjectMap, Str, Value};

/// Class `string`.
pub(crate) fn string(value: &Value) -> Result<&Str, FnError> {
    match value {
        Value::Str(text) => Ok(text),
        _ => Err(FnError::BadType),
    }
}

/// Class `array`.
pub(crate) fn array(value: &Value) -> Result<&[Value], FnError> {
    value.as_array().ok_or(FnError::BadType)
}

/// Class `record`.
pub(crate) fn record(value: &Value) -> Result<&ObjectMap, FnError> {
    value.as_object().ok_or(FnError::BadType)
}

/// Class `binary`.
pub(crate) fn binary(value: &Value) -> Result<&Blob, FnError> {
    match value {
        Value::Bytes(bytes) => Ok(bytes),
        _ => Err(FnError::BadType),
    }
}

/// Class `int`: an integer in the signed 64 bit range.
pub(crate) fn int(value: &Value) -> Result<i64, FnError> {
    match value {
        Value::I64(number) => Ok(*number),
        _ => Err(FnError::BadType),
    }
}

/// Class `uint`: an integer that is not negative.
pub(crate) fn uint(value: &Value) -> Result<u64, FnError> {
    match value {
        Value::I64(number) => u64::try_from(*number).map_err(|_| FnError::BadType),
        Value::U64(number) => Ok(*number),
        _ => Err(FnError::BadType),
    }
}

/// Class `u32`: an integer in 0 ..= 4294967295.
pub(crate) fn u32(value: &Value) -> Result<u32, FnError> {
    u32::try_from(int(value)?).map_err(|_| FnError::BadType)
}

/// Class `num` where it says "as float".
pub(crate) fn float(value: &Value) -> Result<f64, FnError> {
    match value {
        Value::I64(number) => Ok(*number as f64),
        Value::U64(number) => Ok(*number as f64),
        Value::F64(number) => Ok(*number),
        _ => Err(FnError::BadType),
    }
}

/// The error of a function whose argument types are right but whose values are not.
pub(crate) fn failure(reason: impl Into<String>) -> FnError {
    FnError::Runtime(reason.into())
}
