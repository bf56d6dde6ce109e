//! The `rest` onramp: an HTTP server whose requests are events and whose answers are replies.

mod alarm;
mod answer;
mod config;
mod handler;
mod item;
mod panic;
mod reply;
mod source;

use temblor_runtime::connectors::SourceType;

/// The connector type, for registration.
pub const TYPE: SourceType = SourceType {
    name: "rest",
    default_codec: "json",
    passes_bodies: true,
    build: source::build,
};
