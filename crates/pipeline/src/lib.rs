//! Queries to executable graphs: planning, operators, windows, executor.
//!
//! Nothing here names an async runtime, opens a file or a socket, or reads the clock: time comes in with events, signals and insights.

pub mod body;
pub mod exec;
pub mod graph;
pub mod op;
pub mod outputs;
pub mod port;
