//! The `rest` offramp: an HTTP client whose requests are events and whose responses are events again.

mod config;
mod endpoint;
mod events;
mod expose;
mod facts;
mod health;
mod metrics;
mod request;
mod response;
mod sink;
mod slots;
mod stream;
mod tls;
mod warm;

use temblor_runtime::connectors::SinkType;

/// The connector type, for registration.
pub const TYPE: SinkType = SinkType {
    name: "rest",
    default_codec: "json",
    passes_bodies: true,
    plan: sink::plan,
};
