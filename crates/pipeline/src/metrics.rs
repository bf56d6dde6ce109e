//! Counters of ports, and the events that report them (spec/operators-and-flow.md C.1, spec/proxy.md 6.3).
//!
//! What a node emits is counted, by port and by cause, in one place; what its consumers get follows from the edges and is summed up when
//! somebody reads.

use std::sync::atomic::{AtomicU64, Ordering};

use temblor_event::{Event, EventId, Payload, Uid};
use temblor_metrics::{Family, Kind, Page, Sharded, Tally};
use temblor_value::{Str, Value};

use crate::graph::{Graph, Node, NodeKind, PipelineState};
use crate::op::OwnMetric;
use crate::outputs::Outputs;
use crate::port::{NodeId, OutputId, PortId, PortTable};

const NODE_EVENTS: Family = Family {
    name: "temblor_node_events_total",
    kind: Kind::Counter,
    help: "Events that nodes of pipelines were handed (input) and emitted (output)",
};

/// Counters of one instance.
pub(crate) struct Metrics {
    /// Two for each output port of each node: events emitted in response to an event, and all others.
    emitted: Sharded<Box<[Tally]>>,
    /// Where a node's counters begin.
    starts: Vec<usize>,
    /// Reports as events, if the query asks for them.
    reports: Option<Reports>,
}

struct Reports {
    /// Value of the tag `pipeline`.
    pipeline: Str,
    interval_ns: u64,
    /// Ingest time of the event that reported last.
    last_ns: AtomicU64,
    /// Where reports leave.
    output: Option<OutputId>,
}

impl Metrics {
    /// Counters of a graph without edges; for the time until it is complete.
    pub(crate) fn none() -> Self {
        Self {
            emitted: Sharded::default(),
            starts: Vec::new(),
            reports: None,
        }
    }

    pub(crate) fn new(graph: &Graph, pipeline: &str, interval_ns: Option<u64>) -> Self {
        let mut starts = Vec::with_capacity(graph.nodes.len());
        let mut length = 0;
        for node in &graph.nodes {
            starts.push(length);
            length += 2 * node.ports.len();
        }
        Self {
            emitted: Sharded::new(|| (0..length).map(|_| Tally::default()).collect()),
            starts,
            reports: interval_ns.map(|interval_ns| Reports {
                pipeline: Str::new(pipeline),
                interval_ns,
                last_ns: AtomicU64::new(0),
                output: graph.output("metrics"),
            }),
        }
    }

    /// Counts what `from` emits, in response to an event or not.
    pub(crate) fn count(&self, from: NodeId, is_response: bool, emitted: &[(PortId, Event)]) {
        if emitted.is_empty() {
            return;
        }
        let Some(start) = self.starts.get(usize::from(from.0)) else {
            return;
        };
        let tallies = self.emitted.mine();
        for (port, _) in emitted {
            if let Some(tally) = tallies.get(start + 2 * usize::from(port.0) + usize::from(!is_response)) {
                tally.one();
            }
        }
    }

    /// Totals so far.
    fn totals(&self, graph: &Graph) -> Totals {
        let sum = |at: usize| self.emitted.sum(|tallies| tallies.get(at).map_or(0, Tally::get));
        let mut totals = Totals {
            inputs: graph.nodes.iter().map(|node| vec![0; node.input_ports.len()]).collect(),
            outputs: Vec::with_capacity(graph.nodes.len()),
        };
        for (node, start) in graph.nodes.iter().zip(&self.starts) {
            let mut outputs = vec![0; node.ports.len()];
            for (port, output) in outputs.iter_mut().enumerate() {
                let (responses, others) = (sum(start + 2 * port), sum(start + 2 * port + 1));
                // Pass-throughs are not counted, neither what they emit nor what they get.
                if !matches!(node.kind, NodeKind::Pass) {
                    *output = responses;
                }
                for edge in node.consumers(PortId(port as u16)) {
                    if !matches!(graph.node(edge.to).kind, NodeKind::Pass)
                        && let Some(input) = totals.inputs[usize::from(edge.to.0)].get_mut(usize::from(edge.port.0))
                    {
                        *input += responses + others;
                    }
                }
            }
            totals.outputs.push(outputs);
        }
        totals
    }

    /// Adds the report to the results if more than the interval has passed since the last one. Of several workers one reports.
    pub(crate) fn report_if_due(&self, graph: &Graph, state: &PipelineState, at_ns: u64, out: &mut Outputs) {
        let Some(reports) = &self.reports else { return };
        let last_ns = reports.last_ns.load(Ordering::Relaxed);
        let is_due = at_ns.saturating_sub(last_ns) > reports.interval_ns;
        if is_due
            && reports
                .last_ns
                .compare_exchange(last_ns, at_ns, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
        {
            self.report(reports, graph, state, at_ns, out);
        }
    }

    fn report(&self, reports: &Reports, graph: &Graph, state: &PipelineState, at_ns: u64, out: &mut Outputs) {
        let Some(output) = reports.output else { return };
        let totals = self.totals(graph);
        for (at, node) in graph.nodes.iter().enumerate() {
            let own = match &node.kind {
                NodeKind::Shared(operator) => operator.metrics(),
                NodeKind::Stateful(slot, _) => state
                    .operators
                    .get(*slot)
                    .map(|operator| operator.metrics())
                    .unwrap_or_default(),
                NodeKind::Input | NodeKind::Pass | NodeKind::Output(_) => Vec::new(),
            };
            let inputs = ports("input", &node.input_ports, &totals.inputs[at]);
            let outputs = ports("output", &node.ports, &totals.outputs[at]);
            for metric in own.into_iter().chain(inputs).chain(outputs) {
                let value = reports.record(&node.name, metric, at_ns);
                let event = Event::new(EventId::new(Uid(0), 0), Payload::new(value, Value::object()), at_ns);
                out.events.push((output, event));
            }
        }
    }

    /// Puts the totals, and what operators count themselves, on the page.
    pub(crate) fn collect(&self, graph: &Graph, pipeline: &str, instance: &str, page: &mut Page) {
        let totals = self.totals(graph);
        for (at, node) in graph.nodes.iter().enumerate() {
            let labels = [("pipeline", pipeline), ("instance", instance), ("node", node.name.as_str())];
            for (direction, table, counts) in [
                ("input", &node.input_ports, &totals.inputs[at]),
                ("output", &node.ports, &totals.outputs[at]),
            ] {
                for (port, count) in counted(counts) {
                    let [pipeline, instance, name] = labels;
                    let labels = [pipeline, instance, name, ("direction", direction), ("port", table.name(port))];
                    page.counter(&NODE_EVENTS, &labels, count);
                }
            }
            collect_own(node, &labels, page);
        }
    }
}

fn collect_own(node: &Node, labels: &[(&str, &str)], page: &mut Page) {
    if let NodeKind::Shared(operator) = &node.kind {
        operator.collect(labels, page);
    }
}

/// What was counted, by node and port.
struct Totals {
    inputs: Vec<Vec<u64>>,
    outputs: Vec<Vec<u64>>,
}

impl Reports {
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

/// Ports that have counted anything.
fn counted(counts: &[u64]) -> impl Iterator<Item = (PortId, u64)> {
    let counted = counts.iter().enumerate().map(|(port, count)| (PortId(port as u16), *count));
    counted.filter(|(_, count)| *count > 0)
}

/// Counters of one direction that have counted anything, as they are reported.
fn ports(direction: &'static str, table: &PortTable, counts: &[u64]) -> Vec<OwnMetric> {
    counted(counts)
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
