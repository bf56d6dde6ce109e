//! Workers, sources and sinks, flow linking and running.
//!
//! This crate knows no protocol: what speaks HTTP or reads files brings [`sink::Sink`]s and [`source::Source`]s.

pub mod activity;
pub mod boot;
pub mod clock;
pub mod connectors;
pub mod deploy;
pub mod error;
pub mod exit;
pub mod explain;
pub mod facts;
pub mod flow;
pub mod ids;
pub mod log_store;
pub mod need;
pub mod queue_length;
pub mod ramp;
mod ramp_metrics;
mod registry;
pub mod reload;
pub mod shared;
pub mod shutdown;
pub mod sink;
pub mod snapshot;
pub mod sockets;
pub mod source;
mod turns;
pub mod undeploy;
pub mod variables;
pub mod worker;

pub use temblor_config as config;
