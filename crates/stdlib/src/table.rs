//! Row builders for the function tables: they keep a row of a module's table short enough to be read as documentation.

use temblor_script::func::{Arity, Example, FunctionDef, FunctionDoc, NativeFn, Purity};

/// A row for a function whose calls with constant arguments are computed at load.
pub(crate) const fn pure(
    module: &'static str,
    name: &'static str,
    arity: Arity,
    call: NativeFn,
    doc: FunctionDoc,
) -> FunctionDef {
    FunctionDef {
        module,
        name,
        arity,
        purity: Purity::Pure,
        call,
        doc,
    }
}

/// A row for a function that is evaluated for each event.
pub(crate) const fn impure(
    module: &'static str,
    name: &'static str,
    arity: Arity,
    call: NativeFn,
    doc: FunctionDoc,
) -> FunctionDef {
    FunctionDef {
        module,
        name,
        arity,
        purity: Purity::Impure,
        call,
        doc,
    }
}

/// The documentation of a row.
pub(crate) const fn doc(signature: &'static str, text: &'static str, examples: &'static [Example]) -> FunctionDoc {
    FunctionDoc {
        signature,
        text,
        examples,
    }
}

/// An expression and its value as JSON.
pub(crate) const fn ex(source: &'static str, result: &'static str) -> Example {
    Example { source, result }
}
