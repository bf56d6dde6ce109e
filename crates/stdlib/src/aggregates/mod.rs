//! The aggregates (spec/stdlib.md 8), called as `aggr::stats::…` and `aggr::win::…` in a `select`.

mod dds;
mod extremes;
mod hdr;
mod percentiles;
mod sketch;
mod sums;
mod variance;
mod win;

use temblor_script::func::{Aggregate, AggregateDef, FnError};

use crate::args::failure;

/// The tables of all aggregates.
pub(crate) const TABLES: &[&[AggregateDef]] = &[
    sums::AGGREGATES,
    extremes::AGGREGATES,
    variance::AGGREGATES,
    hdr::AGGREGATES,
    dds::AGGREGATES,
    win::AGGREGATES,
];

/// The other side of a merge as an aggregate of the same kind.
fn same_kind<T: 'static>(other: &dyn Aggregate) -> Result<&T, FnError> {
    other
        .as_any()
        .downcast_ref()
        .ok_or_else(|| failure("states of different aggregates cannot be merged"))
}
