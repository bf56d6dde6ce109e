//! Counters of ports and the events that report them (spec/operators-and-flow.md C.1).
//!
//! Present only in instances of queries that ask for it, so that others pay one branch.

use std::sync::atomic::{AtomicU64, Ordering};

use temblor_event::{Event, EventId, Payload, Uid};
use temblor_value::{Str, Value};

use crate::graph::{Graph, NodeKind, PipelineState};
use crate::op::OwnMetric;
use crate::outputs::Outputs;
use crate::port::{NodeId, OutputId, PortId, PortTable};

/// Counters of one instance.
pub(crate) struct Metrics {
    /// Value of the tag `pipeline`.
    pipeline: Str,
    interval_ns: u64,
    /// Ingest time of the event that reported last.
    last_ns: AtomicU64,
    /// Where reports leave.
    output: Option<OutputId>,
    nodes: Vec<Counts>,
}

struct Counts {
    inputs: Box<[AtomicU64]>,
    outputs: Box<[AtomicU64]>,
}

impl Metrics {
    pub(crate) fn new(graph: &Graph, pipeline: &str, interval_ns: u64) -> Self {
        let counters = |ports: &PortTable| (0..ports.len()).map(|_| AtomicU64::new(0)).collect();
        Self {
            pipeline: Str::new(pipeline),
            interval_ns,
            last_ns: AtomicU64::new(0),
            output: graph.output("metrics"),
            nodes: graph
                .nodes
                .iter()
                .map(|node| Counts {
                    inputs: counters(&node.input_ports),
                    outputs: counters(&node.ports),
                })
                .collect(),
        }
    }

    /// Counts what `from` emits. Outputs count only in response to an event; what others are handed counts always.
    pub(crate) fn count(&self, graph: &Graph, from: NodeId, is_response: bool, emitted: &[(PortId, Event)]) {
        let node = graph.node(from);
        for (port, _) in emitted {
            if is_response && !matches!(node.kind, NodeKind::Pass) {
                add(&self.nodes[usize::from(from.0)].outputs, *port);
            }
            for edge in node.consumers(*port) {
                if !matches!(graph.node(edge.to).kind, NodeKind::Pass) {
                    add(&self.nodes[usize::from(edge.to.0)].inputs, edge.port);
                }
            }
        }
    }

    /// Adds the report to the results if more than the interval has passed since the last one. Of several workers one reports.
    pub(crate) fn report_if_due(&self, graph: &Graph, state: &PipelineState, at_ns: u64, out: &mut Outputs) {
        let last_ns = self.last_ns.load(Ordering::Relaxed);
        let is_due = at_ns.saturating_sub(last_ns) > self.interval_ns;
        if is_due
            && self
                .last_ns
                .compare_exchange(last_ns, at_ns, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.report(graph, state, at_ns, out);
        }
    }

    fn report(&self, graph: &Graph, state: &PipelineState, at_ns: u64, out: &mut Outputs) {
        let Some(output) = self.output else { return };
        for (node, counts) in graph.nodes.iter().zip(&self.nodes) {
            let own = match &node.kind {
                NodeKind::Shared(operator) => operator.metrics(),
                NodeKind::Stateful(slot, _) => state
                    .operators
                    .get(*slot)
                    .map(|operator| operator.metrics())
                    .unwrap_or_default(),
                NodeKind::Input | NodeKind::Pass | NodeKind::Output(_) => Vec::new(),
            };
            let inputs = ports("input", &node.input_ports, &counts.inputs);
            let outputs = ports("output", &node.ports, &counts.outputs);
            for metric in own.into_iter().chain(inputs).chain(outputs) {
                let value = self.record(&node.name, metric, at_ns);
                let event = Event::new(EventId::new(Uid(0), 0), Payload::new(value, Value::object()), at_ns);
                out.events.push((output, event));
            }
        }
    }

    fn record(&self, node: &Str, metric: OwnMetric, at_ns: u64) -> Value {
        let mut tags = Value::object();
        tags.insert(Str::from_static("pipeline"), self.pipeline.clone());
        tags.insert(Str::from_static("node"), node.clone());
        for (name, tag) in metric.tags {
            tags.insert(Str::from_static(name), tag);
        }
        let mut fields = Value::object();
        fields.insert(Str::from_static("count"), metric.count);
        let mut record = Value::object();
        record.insert(Str::from_static("measurement"), Str::from_static(metric.measurement));
        record.insert(Str::from_static("tags"), tags);
        record.insert(Str::from_static("fields"), fields);
        record.insert(Str::from_static("timestamp"), at_ns);
        record
    }
}

fn add(counters: &[AtomicU64], port: PortId) {
    if let Some(counter) = counters.get(usize::from(port.0)) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counters of one direction that have counted anything.
fn ports(direction: &'static str, table: &PortTable, counts: &[AtomicU64]) -> Vec<OwnMetric> {
    let counted = counts
        .iter()
        .enumerate()
        .map(|(port, count)| (PortId(port as u16), count.load(Ordering::Relaxed)));
    counted
        .filter(|(_, count)| *count > 0)
        .map(|(port, count)| OwnMetric {
            measurement: "events",
            tags: vec![
                ("direction", Str::from_static(direction)),
                ("port", Str::new(table.name(port))),
            ],
            count,
        })
        .collect()
}
