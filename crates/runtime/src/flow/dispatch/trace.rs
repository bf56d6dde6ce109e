//! What of a request's way is written down for who wants to know it (spec/proxy.md 5.1): kept only where somebody asks.

use std::time::Duration;

use temblor_event::{Event, Mark};
use temblor_value::{Str, Value};

use super::super::Flow;
use crate::ids::SinkIx;
use crate::sink::OutputNames;

/// See the module's documentation.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// Events that sinks took to answer them, refusals included.
    pub attempts: u32,
    /// The artefact that took the last of them.
    pub offramp: Option<Str>,
    /// The output by which the balancer sent it there.
    pub output: Option<Str>,
    /// Time in which the request waited for exchanges and for those who hold its events.
    pub waited: Duration,
    /// What programs said in `$access`, the later over the earlier; null: nothing.
    pub labels: Value,
}

impl Trace {
    /// An event of the request reaches a sink or its source.
    pub(super) fn label(&mut self, event: &Event) {
        let Some(Value::Object(given)) = event.meta().get("access") else {
            return;
        };
        if self.labels == Value::Null {
            self.labels = Value::object();
        }
        if let Some(labels) = self.labels.object_mut() {
            for (name, value) in given.iter() {
                labels.insert(name.clone(), value.clone());
            }
        }
    }

    /// A sink is about to be given an event.
    pub(super) fn delivery(flow: &Flow, event: &Event) -> Option<Str> {
        let marks = event.op_meta.iter().filter_map(|(node, mark)| match mark {
            Mark::Output(index) => Some((node, *index)),
            Mark::Passed | Mark::Attempted(_) => None,
        });
        marks.last().and_then(|(node, index)| flow.output_name(node, index))
    }

    /// A sink took an event to answer it.
    pub(super) fn attempt(&mut self, flow: &Flow, sink: SinkIx, output: Option<Str>) {
        self.attempts += 1;
        self.output = output;
        self.offramp = flow
            .sink(sink)
            .and_then(|node| node.metrics.as_ref())
            .map(|metrics| metrics.id().clone());
    }
}
