//! The interface of aggregate functions (spec/stdlib.md 8).
//!
//! One instance is the state of one call site in one group and window. Windows are tumbling only, so nothing is ever taken out again.

use std::any::Any;

use temblor_value::Value;

use super::{Arity, FnError, FunctionDoc};

/// State of an aggregate call.
pub trait Aggregate: Send + Sync {
    /// Takes in the arguments of one event.
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError>;
    /// Takes in the closing state of a finer window; `other` is of the same kind as `self`.
    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError>;
    /// The value of the call when the window closes; changes nothing that can be seen.
    fn emit(&self) -> Result<Value, FnError>;
    /// Empties the state for the next window.
    fn reset(&mut self);
    /// A new empty instance of the same kind.
    fn fresh(&self) -> Box<dyn Aggregate>;
    /// For `merge` to find the kind of the other side.
    fn as_any(&self) -> &dyn Any;
}

/// An aggregate function.
#[derive(Clone, Copy, Debug)]
pub struct AggregateDef {
    /// Module below `aggr`, such as `stats`.
    pub module: &'static str,
    /// Its name in the module.
    pub name: &'static str,
    /// Numbers of arguments it takes, checked at load.
    pub arity: Arity,
    /// Warning to give at each call (spec/script.md 9.2).
    pub warning: Option<&'static str>,
    /// Makes an empty instance.
    pub create: fn() -> Box<dyn Aggregate>,
    /// Its documentation.
    pub doc: FunctionDoc,
}
