//! Module `binary` (spec/stdlib.md 5.3).

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::{Blob, Value};

use crate::args::{self, failure};
use crate::growth;
use crate::table::{doc, ex, pure};

const MODULE: &str = "binary";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "len",
        Arity::exactly(1),
        len,
        doc(
            "len(binary)",
            "Number of bytes of `binary`.",
            &[ex("core::binary::len(<<0:24>>)", "3")],
        ),
    ),
    pure(
        MODULE,
        "from_bytes",
        Arity::exactly(1),
        from_bytes,
        doc(
            "from_bytes(array)",
            "The binary whose bytes are the elements of `array`. An element that is no integer in 0 to 255 is a runtime error.",
            &[ex("core::binary::from_bytes([104,105]) == <<104,105>>", "true")],
        ),
    ),
    pure(
        MODULE,
        "into_bytes",
        Arity::exactly(1),
        into_bytes,
        doc(
            "into_bytes(binary)",
            "The bytes of `binary` as integers. Any other value is a runtime error.",
            &[ex("core::binary::into_bytes(<<\"hi\"/binary>>)", "[104,105]")],
        ),
    ),
];

fn len(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(args::binary(&args[0])?.len()))
}

fn from_bytes(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let array = args::array(&args[0])?;
    cx.check_bytes(array.len())?;
    cx.charge(array.len())?;
    let byte = |(index, element): (usize, &Value)| {
        match element {
            Value::I64(number) => u8::try_from(*number).ok(),
            _ => None,
        }
        .ok_or_else(|| failure(format!("element {index} is not an integer between 0 and 255")))
    };
    let bytes: Vec<u8> = array.iter().enumerate().map(byte).collect::<Result<_, _>>()?;
    Ok(Value::from(Blob::from(bytes)))
}

fn into_bytes(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let Value::Bytes(bytes) = &args[0] else {
        return Err(failure("the argument is not a binary"));
    };
    let mut array = growth::array(cx, bytes.len())?;
    array.extend(bytes.iter().map(|byte| Value::from(i64::from(*byte))));
    Ok(Value::from(array))
}
