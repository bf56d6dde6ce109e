//! The `rest` offramp: an HTTP client whose requests are events and whose responses are events again.

mod config;
mod endpoint;
mod events;
mod permit;
mod request;
mod response;
mod sink;

use temblor_runtime::connectors::SinkType;

/// The connector type, for registration.
pub const TYPE: SinkType = SinkType {
    name: "rest",
    default_codec: "json",
    build: sink::build,
};
