//! Messages and hints of runtime errors; the markers are those of spec/script.md 10.2.

use temblor_syntax::codes::{self, Code};
use temblor_syntax::suggest::nearest;
use temblor_syntax::{Diagnostic, Excerpt};

use super::{Callee, Expected, KeyOwner, Trap, TrapKind};
use crate::func::FnError;
use crate::limits::LimitReached;
use crate::ops::{binary_sign, unary_sign};

/// The report of `trap`.
pub(super) fn diagnostic(trap: &Trap) -> Diagnostic {
    let excerpt = match trap.kind {
        TrapKind::NoClause
        | TrapKind::Arity { .. }
        | TrapKind::Function { .. }
        | TrapKind::ArgumentTypes { .. }
        | TrapKind::SetConstant(_)
        | TrapKind::Recursion(_) => Excerpt::Around { before: 2, after: 2 },
        _ => Excerpt::Range(trap.within),
    };
    let diagnostic = Diagnostic::error(code(&trap.kind), trap.at, message(&trap.kind)).with_excerpt(excerpt);
    match hint(&trap.kind) {
        Some(hint) => diagnostic.with_hint(hint),
        None => diagnostic,
    }
}

fn code(kind: &TrapKind) -> Code {
    match kind {
        TrapKind::MissingKey { .. } | TrapKind::Unset(_) => codes::MISSING_KEY,
        TrapKind::Conflict { .. } => codes::TYPE_CONFLICT,
        TrapKind::NegativeIndex(_) => codes::BAD_INDEX,
        TrapKind::IndexOutOfBounds { .. } | TrapKind::RangeOutOfBounds { .. } => codes::INDEX_BOUNDS,
        TrapKind::RangeBackwards { .. } => codes::BAD_RANGE,
        TrapKind::SetInArray => codes::SET_IN_ARRAY,
        TrapKind::SetInvalid => codes::BAD_TARGET,
        TrapKind::SetConstant(_) => codes::SET_CONST,
        TrapKind::Binary { .. } => codes::BINARY_OPERATION,
        TrapKind::Unary { .. } => codes::UNARY_OPERATION,
        TrapKind::Shift { .. } => codes::SHIFT_COUNT,
        TrapKind::NoClause => codes::NO_CLAUSE,
        TrapKind::PatchExists(_) | TrapKind::PatchMissing(_) | TrapKind::PatchMerge { .. } => codes::PATCH,
        TrapKind::NotUnsigned | TrapKind::NotSigned | TrapKind::NotLongEnough => codes::BYTES_VALUE,
        TrapKind::Arity { .. }
        | TrapKind::Function {
            error: FnError::BadArity,
            ..
        } => codes::ARITY,
        TrapKind::ArgumentTypes { .. }
        | TrapKind::Function {
            error: FnError::BadType, ..
        } => codes::ARGUMENT_TYPE,
        TrapKind::Function {
            error: FnError::Limit(reached),
            ..
        }
        | TrapKind::Limit(reached) => limit_code(*reached),
        TrapKind::Function { .. } => codes::FUNCTION_FAILED,
        TrapKind::Recursion(_) => codes::RECURSION_LIMIT,
        TrapKind::NoWindow(_) => codes::AGGREGATE_WITHOUT_WINDOW,
    }
}

fn limit_code(reached: LimitReached) -> Code {
    match reached {
        LimitReached::Depth => codes::VALUE_DEPTH,
        LimitReached::Bytes | LimitReached::Elements => codes::TOO_LARGE,
        LimitReached::Steps => codes::STEP_LIMIT,
    }
}

fn owner(owner: KeyOwner) -> &'static str {
    match owner {
        KeyOwner::Event => "event",
        KeyOwner::Meta => "global",
        KeyOwner::State => "state",
        KeyOwner::Local => "local",
    }
}

fn expected(expected: Expected) -> &'static str {
    match expected {
        Expected::Boolean => "boolean",
        Expected::Integer => "integer",
        Expected::String => "string",
        Expected::Array => "array",
        Expected::Record => "record",
        Expected::IntegerOrString => "one of integer, string",
    }
}

fn name(callee: &Callee) -> String {
    format!("{}::{}/{}", callee.module, callee.name, callee.arity)
}

fn limit(limit: LimitReached) -> &'static str {
    match limit {
        LimitReached::Depth => "The value is nested too deeply",
        LimitReached::Bytes => "The string or binary is too large",
        LimitReached::Elements => "The array or record is too large",
        LimitReached::Steps => "The step limit for one event was reached",
    }
}

/// The message of an error.
pub(super) fn message(kind: &TrapKind) -> String {
    match kind {
        TrapKind::MissingKey { owner: whose, key, .. } => {
            format!("There is no {} key `{key}` to read", owner(*whose))
        }
        TrapKind::Unset(key) => format!("There is no local key `{key}`: the name was never set"),
        TrapKind::Conflict { got, expected: wanted } => {
            format!("Conflicting types, got {got} but expected {}", expected(*wanted))
        }
        TrapKind::NegativeIndex(index) => format!("Bad array index, got `{index}`"),
        TrapKind::IndexOutOfBounds { index, length } => {
            format!("Array index out of bounds, got index {index} but the valid range is 0:{length}")
        }
        TrapKind::RangeOutOfBounds { start, end, length } if start == end => {
            format!("Array index out of bounds, got index {start} but the valid range is 0:{length}")
        }
        TrapKind::RangeOutOfBounds { start, end, length } => {
            format!("Array index out of bounds, got index range {start}:{end} but the valid range is 0:{length}")
        }
        TrapKind::RangeBackwards { start, end } => format!("The array range {start}:{end} is invalid, it runs backwards"),
        TrapKind::SetInArray => "It is not possible to assign value into an array".to_owned(),
        TrapKind::SetInvalid => "You are trying to assign to a value that isn't valid".to_owned(),
        TrapKind::SetConstant(name) => format!("Can't assign to the `{name}` constant"),
        TrapKind::Binary { op, left, right } => {
            let sign = binary_sign(*op);
            format!("The binary operation `{sign}` is not defined for the type `{left}` and `{right}`")
        }
        TrapKind::Unary { op, operand } => {
            let sign = unary_sign(*op);
            format!("The unary operation `{sign}` is not defined for the type `{operand}`")
        }
        TrapKind::Shift { op } => {
            let sign = binary_sign(*op);
            format!("The right side of the operation `{sign}` must be a number of bits from 0 to 63")
        }
        TrapKind::NoClause => "A match was reached in which no clause matched".to_owned(),
        TrapKind::PatchExists(key) => format!("The key that the patch adds already exists: {key}"),
        TrapKind::PatchMissing(key) => format!("The key that the patch updates does not exists: {key}"),
        TrapKind::PatchMerge { key, got } => {
            format!("Only records can be merged, but the key '{key}' has the type {got}")
        }
        TrapKind::NotUnsigned => "Not an unsigned integer in a bytes literal".to_owned(),
        TrapKind::NotSigned => "Not an signed integer in a bytes literal".to_owned(),
        TrapKind::NotLongEnough => "Not a long enough binary in a bytes literal".to_owned(),
        TrapKind::Arity { callee, given, min, max } => {
            let range = match max {
                Some(max) => format!("{min}..={max}"),
                None => format!("{min}.."),
            };
            format!(
                "Bad arity for function {}: expected {range} arguments but got {given}",
                name(callee)
            )
        }
        TrapKind::Function { callee, error } => call(callee, error),
        TrapKind::ArgumentTypes { callee, given } => {
            let given: Vec<String> = given.iter().map(ToString::to_string).collect();
            format!(
                "Bad type passed to function {}: it was called with {}",
                name(callee),
                given.join(", ")
            )
        }
        TrapKind::Recursion(function) => format!("Recursion limit reached in function {function}"),
        TrapKind::Limit(reached) => limit(*reached).to_owned(),
        TrapKind::NoWindow(callee) => {
            format!(
                "Unknown aggregate function aggr::{}::{}: there is no window here",
                callee.module, callee.name
            )
        }
    }
}

fn call(callee: &Callee, error: &FnError) -> String {
    let name = name(callee);
    match error {
        FnError::BadType => format!("Bad type passed to function {name}"),
        FnError::BadArity => format!("Bad arity for function {name}"),
        FnError::Runtime(reason) => format!("Runtime error in function {name}: {reason}"),
        FnError::Limit(reached) => format!("Runtime error in function {name}: {}", limit(*reached)),
    }
}

fn hint(kind: &TrapKind) -> Option<String> {
    const WORDS: [&str; 4] = ["event", "true", "false", "null"];
    match kind {
        TrapKind::Unset(name)
        | TrapKind::MissingKey {
            owner: KeyOwner::Local,
            key: name,
            ..
        } if name == "nil" => Some("Did you mean null?".to_owned()),
        TrapKind::Unset(name) => nearest(name, WORDS.into_iter(), 2).map(did_you_mean),
        TrapKind::MissingKey {
            owner: whose,
            key,
            among,
        } => {
            let keys = among
                .as_object()
                .into_iter()
                .flat_map(|map| map.keys().map(temblor_value::Str::as_str));
            let words = WORDS.into_iter().filter(|_| *whose == KeyOwner::Local);
            nearest(key, keys.chain(words), 2).map(did_you_mean)
        }
        TrapKind::Conflict {
            got: temblor_value::Kind::Float,
            expected: Expected::Integer | Expected::IntegerOrString,
        } => Some("The functions of std::math round floats: floor, ceil, round, trunc".to_owned()),
        TrapKind::Recursion(_) => Some(limit_hint("recursion")),
        TrapKind::Limit(reached)
        | TrapKind::Function {
            error: FnError::Limit(reached),
            ..
        } => Some(limit_hint(match reached {
            LimitReached::Depth => "value_depth",
            LimitReached::Bytes => "value_bytes",
            LimitReached::Elements => "value_elements",
            LimitReached::Steps => "steps",
        })),
        TrapKind::NoClause => Some("Consider adding a `default => null` clause at the end of your match".to_owned()),
        _ => None,
    }
}

fn limit_hint(name: &str) -> String {
    format!("The limit `{name}` can be set, see `--limit`")
}

fn did_you_mean(word: &str) -> String {
    format!("Did you mean to use `{word}`?")
}
