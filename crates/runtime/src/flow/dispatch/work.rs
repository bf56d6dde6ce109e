//! The synchronous part of a dispatch: events through pipelines, to sinks and back to sources.
//!
//! All that an event causes inside an island happens under the island's gate, deliveries to sinks included, so that sinks see events in
//! the order in which the island let them pass. Feedback that a sink gives at once walks back under the gate as well, unless it leads to another
//! island.

use std::cell::RefCell;

use temblor_event::{End, Event, InsightKind, Reason, Uid};
use temblor_pipeline::graph::{Graph, PipelineState};
use temblor_pipeline::outputs::Outputs;
use temblor_value::Str;
use tokio::time::Instant;

use super::super::island::Held;
use super::super::{Entry, Flow, LinksOf, Target};
use super::exchange::{Awaited, Pending};
use super::{Run, Step, Trace};
use crate::clock::now_ns;
use crate::ids::{PipelineIx, SinkIx, SourceIx};
use crate::ramp_metrics::{Ignored, RampPort};
use crate::sink::{Delivery, Exchange, SinkCx};

thread_local! {
    /// Working memory of pipeline runs, one per thread.
    static OUTPUTS: RefCell<Outputs> = RefCell::new(Outputs::new());
}

impl Run {
    pub(super) fn run_work(&mut self, flow: &Flow) {
        self.run_work_within(flow, &mut Held::default());
    }

    /// Runs all that is to do; `held` is the gate that the caller already holds.
    pub(in crate::flow) fn run_work_within<'f>(&mut self, flow: &'f Flow, held: &mut Held<'f>) {
        loop {
            self.run_turn(flow, held);
            if self.turns.is_empty() {
                return;
            }
            let ix = self.turns.remove(0);
            held.enter(flow, ix);
            self.run(flow, ix, |graph, state, links, out| graph.end_turn(state, links, out));
        }
    }

    /// Runs what is to do until somebody waits for the end of the turn, or nothing is left.
    pub(super) fn run_turn<'f>(&mut self, flow: &'f Flow, held: &mut Held<'f>) {
        while let Some((step, event)) = self.work.pop_front() {
            match step {
                Step::To(Target::Pipeline(entry)) => {
                    held.enter(flow, entry.pipeline);
                    self.run_pipeline(flow, &entry, event);
                }
                Step::To(Target::Sink(ix, port)) => self.deliver(flow, held, ix, &port, event),
                Step::To(Target::Source(ix)) => self.take_reply(flow, ix, event),
                Step::From(pipeline, node) => {
                    held.enter(flow, pipeline);
                    self.run(flow, pipeline, |graph, state, links, out| {
                        graph.resume(state, node, event, links, out);
                    });
                }
            }
        }
    }

    fn run_pipeline(&mut self, flow: &Flow, entry: &Entry, event: Event) {
        let Some(node) = flow.pipeline(entry.pipeline) else { return };
        let Some(input) = entry.input else {
            let text = format!("pipeline {} has no input port {}", node.url, entry.port);
            tracing::warn!(target: "tremor_runtime::pipeline", "[Pipeline::{}] {text}", node.url);
            let end = End {
                correlation: self.request.correlation_of(&event),
                ..End::with_detail(Reason::SelectError, text)
            };
            self.offer(&event.id, &event.tickets, end);
            return;
        };
        self.run(flow, entry.pipeline, |graph, state, links, out| {
            graph.run(state, input, event, links, out);
        });
    }

    fn run(&mut self, flow: &Flow, ix: PipelineIx, call: impl FnOnce(&Graph, &mut PipelineState, &LinksOf<'_>, &mut Outputs)) {
        let Some(node) = flow.pipeline(ix) else { return };
        OUTPUTS.with_borrow_mut(|outputs| {
            let links = LinksOf { flow, node, depth: 0 };
            std::mem::swap(&mut outputs.request, &mut self.request);
            node.with_state(|graph, state| call(graph, state, &links, outputs));
            std::mem::swap(&mut outputs.request, &mut self.request);
            self.take_results(flow, ix, outputs);
            outputs.clear();
        });
    }

    /// Takes over what a run of a pipeline gave: feedback, errors, ends, and the events for what its outputs are linked to.
    pub(in crate::flow) fn take_results(&mut self, flow: &Flow, ix: PipelineIx, outputs: &mut Outputs) {
        let Some(node) = flow.pipeline(ix) else { return };
        if outputs.is_turn_open() && !self.turns.contains(&ix) {
            self.turns.push(ix);
        }
        for (raised_by, insight) in outputs.insights.drain(..) {
            flow.feedback_through(ix, raised_by, insight);
        }
        for error in outputs.errors.drain(..) {
            tracing::error!(target: "tremor_runtime::pipeline", "[Pipeline::{}] Error handling event:\n{error}", node.url);
        }
        if let Some(end) = outputs.end.take() {
            End::offer(&mut self.candidate, end);
        }
        for (output, event) in outputs.events.drain(..) {
            let targets = node.outputs.get(usize::from(output.0)).map_or(&[][..], Vec::as_slice);
            match targets.split_last() {
                None => {
                    let port = node.graph.outputs()[usize::from(output.0)].as_str();
                    let end = End {
                        correlation: self.request.correlation_of(&event),
                        ..end_of_unlinked(port, &node.url, &event)
                    };
                    self.offer(&event.id, &event.tickets, end);
                }
                Some((last, first)) => {
                    for target in first {
                        self.work.push_back((Step::To(target.clone()), event.clone()));
                    }
                    self.work.push_back((Step::To(last.clone()), event));
                }
            }
        }
    }

    fn deliver<'f>(&mut self, flow: &'f Flow, held: &mut Held<'f>, ix: SinkIx, port: &str, mut event: Event) {
        let Some(node) = flow.sink(ix) else { return };
        let cx = SinkCx {
            response_need: node.response_need,
            response_meta: &node.response_meta,
            now_ns: now_ns(),
            outputs: flow,
        };
        // A sink that never answers gives them up at once, and what an exchange gives carries them on.
        let tickets = std::mem::take(&mut event.tickets);
        self.correlation = self.request.correlation_of(&event);
        self.count(flow, node.metrics.as_deref(), RampPort::In, event.ingest_ns);
        let mut output = None;
        if let Some(trace) = &mut self.trace {
            trace.label(&event);
            output = Trace::delivery(flow, &event);
        }
        // `no_reply` is what is left if nobody leaves a candidate.
        event.lease.deliver();
        match node.sink.deliver(port, event, &cx) {
            Delivery::Done(insights) => {
                if let Some(metrics) = &node.metrics {
                    let has_failed = insights.iter().any(|insight| insight.kind == InsightKind::Fail);
                    metrics.count(if has_failed { RampPort::Error } else { RampPort::Out });
                }
                for insight in insights {
                    flow.feedback_within(held, ix, insight);
                }
            }
            Delivery::Queued => {
                if let Some(metrics) = &node.metrics {
                    metrics.count(RampPort::Out);
                }
            }
            Delivery::Reply(reply) => {
                held.leave();
                if let Some(trace) = &mut self.trace {
                    trace.attempt(flow, ix, output);
                }
                self.take_exchange_result(flow, ix, *reply, tickets);
            }
            Delivery::Exchange(exchange) => {
                let Exchange {
                    future,
                    answers,
                    withdrawal,
                    about,
                } = exchange;
                self.exchanges += 1;
                if let Some(trace) = &mut self.trace {
                    trace.attempt(flow, ix, output);
                }
                self.pending.push(Pending {
                    awaited: Awaited::Exchange { sink: ix, future, about },
                    answers,
                    withdrawal,
                    since: Instant::now(),
                    tickets,
                });
            }
        }
    }

    fn take_reply(&mut self, flow: &Flow, ix: SourceIx, mut event: Event) {
        let Some(source) = flow.source(ix) else { return };
        let tickets = std::mem::take(&mut event.tickets);
        let is_ours = self
            .request
            .key()
            .is_some_and(|key| key.source == source.uid && key.is_carried_by(&event.id));
        let is_taken = tickets.reply(source.uid, &event);
        if is_ours && self.reply.is_none() {
            if let Some(trace) = &mut self.trace {
                trace.label(&event);
            }
            self.reply = Some(event);
        } else if !is_taken {
            if let Some(metrics) = &source.metrics {
                metrics.ignore(self.why_ignored(is_ours, source.uid, &event));
            }
            tracing::debug!(target: "tremor_runtime::onramp", event_id = %event.id, "a reply for no waiting request was ignored");
        }
    }
}

impl Run {
    /// Why a reply at a source answers nothing.
    fn why_ignored(&self, is_ours: bool, source: Uid, event: &Event) -> Ignored {
        if is_ours || self.has_replied {
            Ignored::Duplicate
        } else if event.id.max_by_source(source).is_some() {
            Ignored::Late
        } else {
            Ignored::Unknown
        }
    }
}

/// A script's error event at an unlinked `err` is a script error; everything else is a port without link (spec/proxy.md 1.3).
fn end_of_unlinked(port: &str, url: &str, event: &Event) -> End {
    let script_error = (port == "err").then(|| event.value().get("error")).flatten();
    match script_error.and_then(|text| text.as_str()) {
        Some(text) if event.value().get("event").is_some() => End::with_detail(Reason::ScriptError, text),
        _ => End::with_detail(Reason::Unlinked, Str::from(format!("{url}/{port}"))),
    }
}
