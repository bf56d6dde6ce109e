//! Counters, gauges and histograms, and the text in which they are read (`proxy.md` 6.3).
//!
//! Whoever has something to count keeps plain [`Tally`]s and [`Histogram`]s, sharded by worker ([`Sharded`]), and reaches them by handle:
//! counting is one addition to memory that no other worker writes, without lock, look-up or allocation. Names and labels exist only in
//! [`Collect::collect`], which runs when somebody reads. Knows no event, no protocol and no clock.

mod counter;
mod histogram;
mod page;
mod registry;
mod shard;

pub use counter::{Counter, Presence, Present, Tally};
pub use histogram::{Buckets, Histogram, Snapshot};
pub use page::{Family, Format, Kind, Page};
pub use registry::{Collect, Metrics};
pub use shard::{Sharded, count_as_worker, expect_workers};
