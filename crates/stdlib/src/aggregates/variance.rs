//! `var` and `stdev` (spec/stdlib.md 8.2): sample variance by Welford's updates, merged pairwise, which keeps its
//! quality wherever the values lie.

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
        name: "var",
        arity: Arity::exactly(1),
        warning: None,
        create: || Box::new(Spread::new(|variance| variance)),
        doc: doc("var(number)", "Sample variance of the numbers; `0.0` of fewer than two.", &[]),
    },
    AggregateDef {
        module: MODULE,
        name: "stdev",
        arity: Arity::exactly(1),
        warning: None,
        create: || Box::new(Spread::new(f64::sqrt)),
        doc: doc(
            "stdev(number)",
            "Sample standard deviation of the numbers; `0.0` of fewer than two.",
            &[],
        ),
    },
];

/// Count, mean and sum of squared distances from the mean.
#[derive(Clone, Copy, Default)]
struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn take(&mut self, number: f64) {
        self.count += 1;
        let before = number - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (number - self.mean);
    }

    fn join(&mut self, other: Self) {
        if self.count == 0 {
            *self = other;
            return;
        }
        let (mine, others) = (self.count as f64, other.count as f64);
        let (distance, both) = (other.mean - self.mean, mine + others);
        self.mean += distance * others / both;
        self.squares += other.squares + distance * distance * mine * others / both;
        self.count += other.count;
    }

    fn variance(self) -> f64 {
        if self.count < 2 {
            0.0
        } else {
            self.squares / (self.count - 1) as f64
        }
    }
}

/// A measure of spread that follows from the variance.
struct Spread {
    moments: Moments,
    of_variance: fn(f64) -> f64,
}

impl Spread {
    fn new(of_variance: fn(f64) -> f64) -> Self {
        Self {
            moments: Moments::default(),
            of_variance,
        }
    }
}

impl Aggregate for Spread {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.moments.take(args::float(&args[0])?);
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        let other = same_kind::<Self>(other)?.moments;
        if other.count > 0 {
            self.moments.join(other);
        }
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        Ok(Value::from((self.of_variance)(self.moments.variance())))
    }

    fn reset(&mut self) {
        self.moments = Moments::default();
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::new(self.of_variance))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
