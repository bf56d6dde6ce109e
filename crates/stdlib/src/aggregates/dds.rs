//! `dds` (spec/stdlib.md 8.2): quantiles of floats by a sketch.

use std::any::Any;

use temblor_script::func::{Aggregate, AggregateDef, Arity, FnError};
use temblor_value::{ObjectMap, Str, Value};

use super::percentiles::Percentiles;
use super::same_kind;
use super::sketch::Sketch;
use crate::args::{self, failure};
use crate::table::doc;

/// The aggregates of this file.
pub(super) const AGGREGATES: &[AggregateDef] = &[AggregateDef {
    module: "stats",
    name: "dds",
    arity: Arity::between(1, 2),
    warning: None,
    create: || Box::new(Dds::default()),
    doc: doc(
        "dds(number, percentiles)",
        "Statistics of numbers from 0 on in a sketch of one per cent accuracy: a record of `count`, `sum`, `min`, `max`, `mean` and \
         `percentiles`. Negative numbers and other values are ignored. The optional `percentiles` is an array of texts such as `\"0.99\"`.",
        &[],
    ),
}];

#[derive(Default)]
struct Dds {
    sketch: Sketch,
    percentiles: Percentiles,
}

impl Aggregate for Dds {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.percentiles.fix(args.get(1))?;
        if let Ok(number) = args::float(&args[0])
            && number >= 0.0
        {
            self.sketch.add(number);
        }
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        let other = same_kind::<Self>(other)?;
        self.percentiles.adopt(&other.percentiles);
        self.sketch.merge(&other.sketch);
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        let (min, max) = self.sketch.range().unwrap_or_default();
        let count = self.sketch.count();
        let mean = if count == 0 { 0.0 } else { self.sketch.sum() / count as f64 };
        let mut record = ObjectMap::with_capacity(6);
        record.insert(Str::from_static("count"), count);
        record.insert(Str::from_static("sum"), self.sketch.sum());
        record.insert(Str::from_static("min"), min);
        record.insert(Str::from_static("max"), max);
        record.insert(Str::from_static("mean"), mean);
        record.insert(
            Str::from_static("percentiles"),
            self.percentiles.record(|share| self.percentile(share))?,
        );
        Ok(Value::from(record))
    }

    fn reset(&mut self) {
        self.sketch = Sketch::default();
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::default())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Dds {
    fn percentile(&self, share: f64) -> Result<Value, FnError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(failure(format!("the percentile {share} is not between 0 and 1")));
        }
        let exact = self.sketch.quantile(share);
        let tenths = (exact * 10.0).ceil();
        // Numbers too large for a tenth have no fraction to round.
        Ok(Value::from(if tenths.is_finite() { tenths / 10.0 } else { exact }))
    }
}
