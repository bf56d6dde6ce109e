//! `count`, `sum` and `mean` (spec/stdlib.md 8.2).

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
        name: "count",
        arity: Arity::exactly(0),
        warning: None,
        create: || Box::new(Count::default()),
        doc: doc("count()", "Number of events, as an integer.", &[]),
    },
    AggregateDef {
        module: MODULE,
        name: "sum",
        arity: Arity::exactly(1),
        warning: None,
        create: || Box::new(Sum::default()),
        doc: doc("sum(number)", "Sum of the numbers, always a float; `0.0` of none.", &[]),
    },
    AggregateDef {
        module: MODULE,
        name: "mean",
        arity: Arity::exactly(1),
        warning: None,
        create: || Box::new(Mean::default()),
        doc: doc("mean(number)", "Mean of the numbers, a float; null of none.", &[]),
    },
];

#[derive(Default)]
struct Count {
    events: u64,
}

impl Aggregate for Count {
    fn accumulate(&mut self, _: &[Value]) -> Result<(), FnError> {
        self.events += 1;
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        self.events += same_kind::<Self>(other)?.events;
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(Value::from(self.events))
    }

    fn reset(&mut self) {
        *self = Self::default();
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::default())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Default)]
struct Sum {
    sum: f64,
}

impl Aggregate for Sum {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.sum += args::float(&args[0])?;
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        self.sum += same_kind::<Self>(other)?.sum;
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(Value::from(self.sum))
    }

    fn reset(&mut self) {
        *self = Self::default();
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::default())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

#[derive(Default)]
struct Mean {
    sum: f64,
    count: u64,
}

impl Aggregate for Mean {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.sum += args::float(&args[0])?;
        self.count += 1;
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        let other = same_kind::<Self>(other)?;
        self.sum += other.sum;
        self.count += other.count;
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(if self.count == 0 {
            Value::Null
        } else {
            Value::from(self.sum / self.count as f64)
        })
    }

    fn reset(&mut self) {
        *self = Self::default();
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::default())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
