//! `hdr` (spec/stdlib.md 8.2): a high dynamic range histogram with two significant digits.

use std::any::Any;

use hdrhistogram::Histogram;
use temblor_script::func::{Aggregate, AggregateDef, Arity, FnError};
use temblor_value::{ObjectMap, Str, Value};

use super::percentiles::Percentiles;
use super::same_kind;
use crate::args::failure;
use crate::table::doc;

const SIGNIFICANT_DIGITS: u8 = 2;

/// The aggregates of this file.
pub(super) const AGGREGATES: &[AggregateDef] = &[AggregateDef {
    module: "stats",
    name: "hdr",
    arity: Arity::between(1, 2),
    warning: None,
    create: || Box::new(Hdr::default()),
    doc: doc(
        "hdr(number, percentiles)",
        "Statistics of integers from 0 on in a histogram of two significant digits: a record of `count`, `min`, `max`, `mean`, `stdev` \
         (of the population), `var` and `percentiles`. Fractions are cut; negative numbers and other values are ignored. The optional \
         `percentiles` is an array of texts such as `\"0.99\"`.",
        &[],
    ),
}];

/// A histogram that exists from the first number on.
#[derive(Default)]
struct Hdr {
    histogram: Option<Histogram<u64>>,
    percentiles: Percentiles,
}

impl Hdr {
    fn histogram(&mut self) -> Result<&mut Histogram<u64>, FnError> {
        if self.histogram.is_none() {
            self.histogram = Some(Histogram::new(SIGNIFICANT_DIGITS).map_err(|error| failure(error.to_string()))?);
        }
        self.histogram.as_mut().ok_or_else(|| failure("there is no histogram"))
    }
}

/// The integer that is recorded for a value, if it is a number from 0 on.
fn recorded(value: &Value) -> Option<u64> {
    match value {
        Value::I64(number) => u64::try_from(*number).ok(),
        Value::U64(number) => Some(*number),
        Value::F64(number) => (*number >= 0.0).then_some(*number as u64),
        _ => None,
    }
}

/// The highest value of a slot as the histogram gives it. It falls one short in the topmost slot of all, whose end is the end of the type;
/// no other slot ends there.
fn high(of_slot: u64) -> u64 {
    if of_slot == u64::MAX - 1 { u64::MAX } else { of_slot }
}

impl Aggregate for Hdr {
    fn accumulate(&mut self, args: &[Value]) -> Result<(), FnError> {
        self.percentiles.fix(args.get(1))?;
        if let Some(number) = recorded(&args[0]) {
            self.histogram()?.record(number).map_err(|error| failure(error.to_string()))?;
        }
        Ok(())
    }

    fn merge(&mut self, other: &dyn Aggregate) -> Result<(), FnError> {
        let other = same_kind::<Self>(other)?;
        self.percentiles.adopt(&other.percentiles);
        if let Some(histogram) = &other.histogram {
            self.histogram()?.add(histogram).map_err(|error| failure(error.to_string()))?;
        }
        Ok(())
    }

    fn emit(&self) -> Result<Value, FnError> {
        let histogram = self.histogram.as_ref();
        let integer = |of: fn(&Histogram<u64>) -> u64| Value::from(histogram.map_or(0, of));
        let deviation = histogram.map_or(0.0, Histogram::stdev);
        let mut record = ObjectMap::with_capacity(7);
        record.insert(Str::from_static("count"), integer(Histogram::len));
        record.insert(Str::from_static("min"), integer(Histogram::min));
        record.insert(Str::from_static("max"), integer(|histogram| high(histogram.max())));
        record.insert(Str::from_static("mean"), histogram.map_or(0.0, Histogram::mean));
        record.insert(Str::from_static("stdev"), deviation);
        record.insert(Str::from_static("var"), deviation * deviation);
        let percentiles = self
            .percentiles
            .record(|share| Ok(Value::from(histogram.map_or(0, |h| high(h.value_at_quantile(share))))))?;
        record.insert(Str::from_static("percentiles"), percentiles);
        Ok(Value::from(record))
    }

    fn reset(&mut self) {
        if let Some(histogram) = &mut self.histogram {
            histogram.reset();
        }
    }

    fn fresh(&self) -> Box<dyn Aggregate> {
        Box::new(Self::default())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
