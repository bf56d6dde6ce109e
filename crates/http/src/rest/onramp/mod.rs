//! The `rest` onramp: an HTTP server whose requests are events and whose answers are replies.

mod access;
mod alarm;
mod answer;
mod answers;
mod config;
mod entrance;
mod facts;
mod forwarded;
mod handler;
mod hops;
mod identity;
mod item;
mod journal;
mod metrics;
mod panic;
mod proxy;
mod reason;
mod reply;
#[cfg(test)]
mod sample;
mod source;
mod tls;
mod unanswered;
mod upgrade;
mod waiting;

use temblor_runtime::connectors::SourceType;

/// The connector type, for registration.
pub const TYPE: SourceType = SourceType {
    name: "rest",
    default_codec: "json",
    passes_bodies: true,
    plan: source::plan,
};
