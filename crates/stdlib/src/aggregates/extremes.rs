//! `min` and `max` (spec/stdlib.md 8.2). Merging into an empty state takes the other state over.

use std::any::Any;

use temblor_script::func::{Aggregate, AggregateDef, Arity, FnError};
use temblor_value::Value;

use super::same_kind;
use crate::args;
use crate::table::doc;

const MODULE: &str = "stats";

/// The aggregates of this file.
pub(super) const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        module: MODULE,
        name: "min",
        arity: Arity::exactly(1),
        warning: None,
        create: || Box::new(Extreme::new(|new, old| new < old)),
        doc: doc("min(number)", "The smallest number as a float; `0.0` of none.", &[]),
    },
    AggregateDef {
        module: MODULE,
        name: "max",
        arity: Arity::exactly(1),
        warning: None,
        create: || Box::new(Extreme::new(|new, old| new > old)),
        doc: doc("max(number)", "The largest number as a float; `0.0` of none.", &[]),
    },
];

/// The most extreme number so far.
struct Extreme {
    number: Option<f64>,
    /// Whether the first number goes beyond the second.
    beyond: fn(f64, f64) -> bool,
}

impl Extreme {
    fn new(beyond: fn(f64, f64) -> bool) -> Self {
        Self { number: None, beyond }
    }

    fn take(&mut self, number: f64) {
        if self.number.is_none_or(|old| (self.beyond)(number, old)) {
            self.number = Some(number);
        }
    }
}

impl Aggregate for Extreme {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.take(args::float(&args[0])?);
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        if let Some(number) = same_kind::<Self>(other)?.number {
            self.take(number);
        }
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(Value::from(self.number.unwrap_or(0.0)))
    }

    fn reset(&mut self) {
        self.number = None;
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::new(self.beyond))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
