//! Queries to executable graphs: planning, operators, windows, executor.
//!
//! The way of a query: text → [`Query`] (all expressions compiled, all parameters constant) → logical graph (nodes and links by name,
//! checked) → [`graph::Graph`] (ports as numbers, pass-throughs bypassed). Nothing here names an async runtime, opens a file or a socket,
//! or reads the clock: time comes in with events, signals and insights.

#![forbid(unsafe_code)]

pub mod body;
mod errors;
pub mod exec;
pub mod graph;
mod metrics;
pub mod op;
pub mod outline;
pub mod outputs;
mod plan;
pub mod port;
mod query;
mod report;
mod select;
mod sync;
pub mod territory;

pub use errors::QueryErrors;
pub use query::{InstanceCx, Query};
