//! Tests of the rules of spec/stdlib.md, module by module.

mod aggregates;
mod datetime;
mod limits;
mod numbers;
mod reference;
mod robustness;
mod text;
mod values;

use std::sync::LazyLock;

use temblor_script::func::{CallCx, EventInfo, FnError, FunctionDef, Registry};
use temblor_script::host::NoHost;
use temblor_script::limits::{Limits, StepBudget};
use temblor_value::{Blob, Value, json};

use crate::install;

static REGISTRY: LazyLock<Registry> = LazyLock::new(registry);

/// The registry with everything installed.
fn registry() -> Registry {
    let mut registry = Registry::new();
    install(&mut registry);
    registry
}

/// Calls a function as the language does, with given limits.
fn call_with(limits: &Limits, info: EventInfo<'_>, path: &str, args: &[Value]) -> Result<Value, FnError> {
    let (module, name) = path.rsplit_once("::").expect("a path of module and name");
    let function: &FunctionDef = REGISTRY.function(module, name).expect("a function");
    if !function.arity.accepts(args.len()) {
        return Err(FnError::BadArity);
    }
    let mut steps = StepBudget::new(limits);
    let mut cx = CallCx {
        info,
        host: &NoHost,
        limits,
        steps: &mut steps,
    };
    (function.call)(&mut cx, args)
}

fn call(path: &str, args: &[Value]) -> Result<Value, FnError> {
    call_with(&Limits::default(), EventInfo::default(), path, args)
}

/// The arguments of a call as the elements of a JSON array.
fn args(json: &str) -> Vec<Value> {
    json::from_str(json).expect("JSON").as_array().expect("an array").to_vec()
}

/// The result of a call with JSON arguments, as JSON.
fn result(path: &str, arguments: &str) -> String {
    match call(path, &args(arguments)) {
        Ok(value) => json::to_string(&value),
        Err(FnError::BadType) => "bad type".to_owned(),
        Err(FnError::BadArity) => "bad arity".to_owned(),
        Err(FnError::Runtime(_)) => "runtime error".to_owned(),
        Err(FnError::Limit(limit)) => format!("{limit:?}"),
    }
}

/// Checks the results of calls of one function: pairs of arguments and result, both as JSON.
fn table(path: &str, rows: &[(&str, &str)]) {
    for (arguments, expected) in rows {
        assert_eq!(&result(path, arguments), expected, "{path}({arguments})");
    }
}

fn binary(bytes: &[u8]) -> Value {
    Value::from(Blob::from(bytes))
}
