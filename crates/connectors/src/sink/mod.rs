//! Offramps.

pub mod blackhole;
pub mod cb;
pub mod debug;
pub mod exit;
pub mod file;
mod line;
pub mod null;
pub mod stdio;
mod writer;

use temblor_event::{Event, Insight, InsightKind, Uid};
use temblor_runtime::sink::Delivery;

/// Feedback on an event that was handled, if it wants any (spec/artefacts.md 1.8, *auto*).
fn judge(event: &Event, is_handled: bool, uid: Uid, now_ns: u64) -> Option<Insight> {
    let kind = if is_handled { InsightKind::Ack } else { InsightKind::Fail };
    event.transactional.then(|| Insight::about(event, kind, uid, now_ns))
}

/// Logs an error of a handler and turns it into feedback.
fn failed(url: &str, event: &Event, error: &str, uid: Uid, now_ns: u64) -> Delivery {
    tracing::error!(target: "tremor_runtime::offramp", event_id = %event.id, "[Sink::{url}] {error}");
    Delivery::done(judge(event, false, uid, now_ns))
}
