//! `first`, `last` and the collecting aggregates (spec/stdlib.md 8.3).

use std::any::Any;

use temblor_script::func::{Aggregate, AggregateDef, Arity, FnError};
use temblor_value::Value;

use super::same_kind;
use crate::table::doc;

const MODULE: &str = "win";
const MEMORY: &str = "this aggregate keeps the values of all events of a window in memory";

/// The aggregates of this file.
pub(super) const AGGREGATES: &[AggregateDef] = &[
    AggregateDef {
        module: MODULE,
        name: "first",
        arity: Arity::exactly(1),
        warning: None,
        create: || Box::new(First::default()),
        doc: doc(
            "first(value)",
            "The value of the first event, null included; null of none.",
            &[],
        ),
    },
    AggregateDef {
        module: MODULE,
        name: "last",
        arity: Arity::exactly(1),
        warning: None,
        create: || Box::new(Last::default()),
        doc: doc(
            "last(value)",
            "The value of the last event, null included; null of none.",
            &[],
        ),
    },
    AggregateDef {
        module: MODULE,
        name: "collect_flattened",
        arity: Arity::exactly(1),
        warning: Some(MEMORY),
        create: || Box::new(Collected::new(Levels::Flat)),
        doc: doc(
            "collect_flattened(value)",
            "Array of the values of all events; in coarser windows one flat array as well.",
            &[],
        ),
    },
    AggregateDef {
        module: MODULE,
        name: "collect_nested",
        arity: Arity::exactly(1),
        warning: Some(MEMORY),
        create: || Box::new(Collected::new(Levels::Nested)),
        doc: doc(
            "collect_nested(value)",
            "Array of the values of all events; in coarser windows an array of the arrays of finer ones.",
            &[],
        ),
    },
];

/// A value that stays beyond its event and so must not hold on to the buffer that the event came in.
fn kept(value: &Value) -> Value {
    let mut value = value.clone();
    value.detach();
    value
}

#[derive(Default)]
struct First {
    value: Option<Value>,
}

impl Aggregate for First {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        if self.value.is_none() {
            self.value = Some(kept(&args[0]));
        }
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        let other = same_kind::<Self>(other)?;
        if self.value.is_none() {
            self.value.clone_from(&other.value);
        }
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(self.value.clone().unwrap_or(Value::Null))
    }

    fn reset(&mut self) {
        self.value = None;
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::default())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Default)]
struct Last {
    value: Option<Value>,
}

impl Aggregate for Last {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.value = Some(kept(&args[0]));
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        let other = same_kind::<Self>(other)?;
        if other.value.is_some() {
            self.value.clone_from(&other.value);
        }
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(self.value.clone().unwrap_or(Value::Null))
    }

    fn reset(&mut self) {
        self.value = None;
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::default())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What merging does to the levels of nesting.
#[derive(Clone, Copy)]
enum Levels {
    /// The elements of the finer window are appended.
    Flat,
    /// The array of the finer window becomes one element.
    Nested,
}

struct Collected {
    values: Vec<Value>,
    levels: Levels,
}

impl Collected {
    fn new(levels: Levels) -> Self {
        Self {
            values: Vec::new(),
            levels,
        }
    }
}

impl Aggregate for Collected {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.values.push(kept(&args[0]));
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        let other = same_kind::<Self>(other)?;
        match self.levels {
            Levels::Flat => self.values.extend_from_slice(&other.values),
            Levels::Nested => self.values.push(other.emit()?),
        }
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(Value::from(self.values.clone()))
    }

    fn reset(&mut self) {
        self.values.clear();
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::new(self.levels))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
