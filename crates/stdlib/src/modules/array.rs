//! Module `array` (spec/stdlib.md 5.1). Arrays are values: every function makes a new one.

use temblor_script::func::{Arity, CallCx, FnError, FunctionDef};
use temblor_value::Value;

use crate::args::{self, failure};
use crate::growth::{self, Text};
use crate::table::{doc, ex, pure};
use crate::{strict, text};

const MODULE: &str = "array";

/// The functions of the module.
pub(crate) const FUNCTIONS: &[FunctionDef] = &[
    pure(
        MODULE,
        "len",
        Arity::exactly(1),
        len,
        doc(
            "len(array)",
            "Number of elements of `array`; a nested array counts as one.",
            &[ex("core::array::len([7,[8,9]])", "2")],
        ),
    ),
    pure(
        MODULE,
        "is_empty",
        Arity::exactly(1),
        is_empty,
        doc(
            "is_empty(array)",
            "Whether `array` has no elements.",
            &[
                ex("core::array::is_empty([null])", "false"),
                ex("core::array::is_empty([])", "true"),
            ],
        ),
    ),
    pure(
        MODULE,
        "contains",
        Arity::exactly(2),
        contains,
        doc(
            "contains(array, element)",
            "Whether an element of `array` is strictly equal to `element`: an integer never equals a float, a string never a binary.",
            &[
                ex("core::array::contains([1,2], 2.0)", "false"),
                ex("core::array::contains([1,2], 2)", "true"),
            ],
        ),
    ),
    pure(
        MODULE,
        "push",
        Arity::exactly(2),
        push,
        doc(
            "push(array, element)",
            "A new array with `element`, any value, behind the elements of `array`.",
            &[ex("core::array::push([1],[2])", "[1,[2]]")],
        ),
    ),
    pure(
        MODULE,
        "zip",
        Arity::exactly(2),
        zip,
        doc(
            "zip(left, right)",
            "The pairs of the elements of two arrays at the same place. Arrays of different lengths are a runtime error.",
            &[ex("core::array::zip([\"k\"],[5])", "[[\"k\",5]]")],
        ),
    ),
    pure(
        MODULE,
        "unzip",
        Arity::exactly(1),
        unzip,
        doc(
            "unzip(array)",
            "The inverse of `zip`: two arrays, the first and the second elements of the pairs in `array`. \
             An element that is no array of two is a runtime error.",
            &[
                ex("core::array::unzip([[1,\"x\"],[2,\"y\"]])", "[[1,2],[\"x\",\"y\"]]"),
                ex("core::array::unzip([])", "[[],[]]"),
            ],
        ),
    ),
    pure(
        MODULE,
        "flatten",
        Arity::exactly(1),
        flatten,
        doc(
            "flatten(value)",
            "All elements of nested arrays in order, to any depth. A value that is no array gives an array of that value.",
            &[
                ex("core::array::flatten([1,[2,[3,[]]]])", "[1,2,3]"),
                ex("core::array::flatten(\"q\")", "[\"q\"]"),
            ],
        ),
    ),
    pure(
        MODULE,
        "coalesce",
        Arity::exactly(1),
        coalesce,
        doc(
            "coalesce(array)",
            "The elements of `array` that are not null; nested arrays stay as they are.",
            &[ex("core::array::coalesce([0,null,\"\"])", "[0,\"\"]")],
        ),
    ),
    pure(
        MODULE,
        "join",
        Arity::exactly(2),
        join,
        doc(
            "join(array, separator)",
            "The texts of the elements of `array` with the string `separator` between them. Strings stand as they are, floats without \
             a trailing `.0`, arrays and records as JSON, binaries as base64.",
            &[ex("core::array::join([1,\"b\",2.0],\"/\")", "\"1/b/2\"")],
        ),
    ),
];

fn len(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(args::array(&args[0])?.len()))
}

fn is_empty(_: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    Ok(Value::from(args::array(&args[0])?.is_empty()))
}

fn contains(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    for element in args::array(&args[0])? {
        if strict::equal(cx, element, &args[1])? {
            return Ok(Value::from(true));
        }
    }
    Ok(Value::from(false))
}

fn push(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let source = args::array(&args[0])?;
    let mut result = growth::array(cx, source.len() + 1)?;
    result.extend_from_slice(source);
    result.push(args[1].clone());
    Ok(Value::from(result))
}

fn zip(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (left, right) = (args::array(&args[0])?, args::array(&args[1])?);
    if left.len() != right.len() {
        return Err(failure(format!(
            "the arrays have different lengths, {} and {}",
            left.len(),
            right.len()
        )));
    }
    let mut pairs = growth::array(cx, left.len())?;
    pairs.extend(left.iter().zip(right).map(|(l, r)| Value::from(vec![l.clone(), r.clone()])));
    Ok(Value::from(pairs))
}

fn unzip(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let source = args::array(&args[0])?;
    let (mut left, mut right) = (growth::array(cx, source.len())?, growth::array(cx, source.len())?);
    for (index, element) in source.iter().enumerate() {
        let Some([l, r]) = element.as_array() else {
            return Err(failure(format!("element {index} is not an array of two")));
        };
        left.push(l.clone());
        right.push(r.clone());
    }
    Ok(Value::from(vec![Value::from(left), Value::from(right)]))
}

fn flatten(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let mut open = vec![args.iter()];
    let mut leaves = Vec::new();
    while let Some(level) = open.last_mut() {
        match level.next() {
            Some(Value::Array(nested)) => {
                cx.charge(1)?;
                open.push(nested.iter());
            }
            Some(leaf) => growth::push(cx, &mut leaves, leaf.clone())?,
            None => {
                open.pop();
            }
        }
    }
    Ok(Value::from(leaves))
}

fn coalesce(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let mut result = Vec::new();
    for element in args::array(&args[0])? {
        if !matches!(element, Value::Null) {
            growth::push(cx, &mut result, element.clone())?;
        }
    }
    Ok(Value::from(result))
}

fn join(cx: &mut CallCx<'_>, args: &[Value]) -> Result<Value, FnError> {
    let (array, separator) = (args::array(&args[0])?, args::string(&args[1])?);
    let mut out = Text::new(cx.limits);
    for (index, element) in array.iter().enumerate() {
        if index > 0 {
            out.push_str(separator)?;
        }
        cx.charge(1)?;
        text::display(cx, element, &mut out)?;
    }
    Ok(Value::from(out.finish()?))
}
