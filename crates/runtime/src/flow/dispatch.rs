//! One event's way through a flow, and the request's if it carries one.
//!
//! The running part is synchronous and takes no lock across an await. Exchanges are awaited in the caller's task. A [`Dispatch`] can be
//! left at any await and taken up again, also by another task: all that is pending is in it.
//!
//! Exhaustion (spec/proxy.md 1.1): the loop itself knows the end of a request: no work, no exchange pending, no reply. The candidate for
//! the answer is a field of the loop; nothing is allocated or counted for it.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use smallvec::SmallVec;
use temblor_event::{Attempt, End, Event, Insight, InsightKind, Outcome as AttemptOutcome, Reason, Uid};
use temblor_pipeline::outputs::Outputs;
use temblor_value::Str;
use tokio::time::Instant;

use super::{Entry, Flow, LinksOf, Target};
use crate::clock::now_ns;
use crate::ids::{PipelineIx, SinkIx, SourceIx};
use crate::sink::{Delivery, Exchange, Reply, ReplyFuture, SinkCx, SinkPort};

thread_local! {
    /// Working memory of pipeline runs, one per thread.
    static OUTPUTS: RefCell<Outputs> = RefCell::new(Outputs::new());
}

/// How a request ended for its source.
#[derive(Debug)]
pub enum Outcome {
    /// A reply event arrived.
    Reply(Box<Event>),
    /// No reply can come any more; the best candidate for an answer.
    Exhausted(End),
    /// More exchanges than allowed were caused (spec/proxy.md 1.3, `loop`).
    Loop,
}

struct Pending {
    sink: SinkIx,
    future: ReplyFuture,
    answers: bool,
    is_safe: bool,
    about: Option<Insight>,
    since: Instant,
}

/// The request a dispatch belongs to.
#[derive(Clone, Copy, Debug)]
struct Request {
    source: SourceIx,
    uid: Uid,
    number: u64,
}

/// See the module's documentation.
pub struct Dispatch {
    flow: Arc<Flow>,
    request: Option<Request>,
    work: VecDeque<(Target, Event)>,
    pending: SmallVec<[Pending; 1]>,
    reply: Option<Box<Event>>,
    candidate: Option<End>,
    exchanges: u32,
    max_exchanges: u32,
}

impl Dispatch {
    /// A dispatch that belongs to no request.
    pub fn detached(flow: Arc<Flow>) -> Self {
        Self {
            flow,
            request: None,
            work: VecDeque::new(),
            pending: SmallVec::new(),
            reply: None,
            candidate: None,
            exchanges: 0,
            max_exchanges: u32::MAX,
        }
    }

    /// A dispatch for the request whose first event has `number` at `source`; at most `max_exchanges` exchanges, 0 for no bound.
    pub fn of_request(flow: Arc<Flow>, source: SourceIx, uid: Uid, number: u64, max_exchanges: u32) -> Self {
        Self {
            request: Some(Request { source, uid, number }),
            max_exchanges: if max_exchanges == 0 { u32::MAX } else { max_exchanges },
            ..Self::detached(flow)
        }
    }

    /// Sends an event to the pipelines on a source's `out`. Nothing linked: the event vanishes.
    pub fn send_out(&mut self, source: SourceIx, event: Event) {
        let flow = Arc::clone(&self.flow);
        if let Some(node) = flow.source(source) {
            self.enter_all(&node.out, event);
        }
    }

    /// Sends an error event to the pipelines on a source's `err`; nothing linked: it is the candidate `decode_error`.
    pub fn send_err(&mut self, source: SourceIx, event: Event) {
        let flow = Arc::clone(&self.flow);
        match flow.source(source) {
            Some(node) if !node.err.is_empty() => self.enter_all(&node.err, event),
            _ => self.offer(End {
                event: Some(Box::new(event)),
                ..End::new(Reason::DecodeError)
            }),
        }
    }

    /// Runs until a reply is there or none can come. May be called again after it was dropped half way.
    pub async fn reply(&mut self) -> Outcome {
        loop {
            self.run_work();
            if let Some(event) = self.reply.take() {
                return Outcome::Reply(event);
            }
            if self.exchanges > self.max_exchanges {
                return Outcome::Loop;
            }
            if !self.pending.iter().any(|pending| pending.answers) {
                let end = self.candidate.take().unwrap_or_else(|| End::new(Reason::NoReply));
                return Outcome::Exhausted(end);
            }
            self.next_exchange().await;
        }
    }

    /// Runs everything to its end; replies are lost.
    pub async fn finish(mut self) {
        loop {
            self.run_work();
            self.reply = None;
            if self.pending.is_empty() || self.exchanges > self.max_exchanges {
                return;
            }
            self.next_exchange().await;
        }
    }

    /// Whether an exchange is still under way.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Gives up exchanges that may be given up because nobody waits any more (`all`: every one); their operators are told
    /// *cancelled*, which is no judgement.
    pub fn cancel(&mut self, all: bool) {
        self.give_up(all, InsightKind::Cancelled, AttemptOutcome::Cancelled);
    }

    /// Gives up all exchanges because the request's time is over; their operators are told of a failure.
    pub fn time_out(&mut self) {
        self.give_up(true, InsightKind::Fail, AttemptOutcome::Timeout);
    }

    fn give_up(&mut self, all: bool, kind: InsightKind, outcome: AttemptOutcome) {
        let mut kept = SmallVec::new();
        for pending in std::mem::take(&mut self.pending) {
            if !(all || pending.is_safe) {
                kept.push(pending);
                continue;
            }
            let Pending {
                sink,
                future,
                about,
                since,
                ..
            } = pending;
            drop(future);
            if let Some(insight) = about {
                self.flow.feedback_from_sink(sink, given_up(insight, kind, outcome, since));
            }
        }
        self.pending = kept;
    }

    fn offer(&mut self, end: End) {
        End::offer(&mut self.candidate, end);
    }

    fn enter_all(&mut self, entries: &[Entry], event: Event) {
        let Some((last, first)) = entries.split_last() else {
            self.offer(End::new(Reason::NoReply));
            return;
        };
        for entry in first {
            self.work.push_back((Target::Pipeline(entry.clone()), event.clone()));
        }
        self.work.push_back((Target::Pipeline(last.clone()), event));
    }

    fn run_work(&mut self) {
        let flow = Arc::clone(&self.flow);
        while let Some((target, event)) = self.work.pop_front() {
            match target {
                Target::Pipeline(entry) => self.run_pipeline(&flow, &entry, event),
                Target::Sink(ix, port) => self.deliver(&flow, ix, &port, event),
                Target::Source(ix) => self.take_reply(ix, event),
            }
        }
    }

    fn run_pipeline(&mut self, flow: &Flow, entry: &Entry, event: Event) {
        let Some(node) = flow.pipeline(entry.pipeline) else { return };
        let Some(input) = entry.input else {
            let text = format!("pipeline {} has no input port {}", node.url, entry.port);
            tracing::warn!(target: "tremor_runtime::pipeline", "[Pipeline::{}] {text}", node.url);
            self.offer(End::with_detail(Reason::SelectError, text));
            return;
        };
        OUTPUTS.with_borrow_mut(|outputs| {
            let links = LinksOf { flow, node, depth: 0 };
            node.with_state(|graph, state| graph.run(state, input, event, &links, outputs));
            self.take_results(entry.pipeline, outputs);
            outputs.clear();
        });
    }

    /// Takes over what a run of a pipeline gave: feedback, errors, ends, and the events for what its outputs are linked to.
    pub(super) fn take_results(&mut self, ix: PipelineIx, outputs: &mut Outputs) {
        let flow = Arc::clone(&self.flow);
        let Some(node) = flow.pipeline(ix) else { return };
        for (raised_by, insight) in outputs.insights.drain(..) {
            flow.feedback_through(ix, Some(raised_by), insight);
        }
        for error in outputs.errors.drain(..) {
            tracing::error!(target: "tremor_runtime::pipeline", "[Pipeline::{}] Error handling event:\n{error}", node.url);
        }
        if let Some(end) = outputs.end.take() {
            self.offer(end);
        }
        for (output, event) in outputs.events.drain(..) {
            let targets = node.outputs.get(usize::from(output.0)).map_or(&[][..], Vec::as_slice);
            match targets.split_last() {
                None => self.offer(end_of_unlinked(
                    node.graph.outputs()[usize::from(output.0)].as_str(),
                    &node.url,
                    &event,
                )),
                Some((last, first)) => {
                    for target in first {
                        self.work.push_back((target.clone(), event.clone()));
                    }
                    self.work.push_back((last.clone(), event));
                }
            }
        }
    }

    fn deliver(&mut self, flow: &Flow, ix: SinkIx, port: &str, event: Event) {
        let Some(node) = flow.sink(ix) else { return };
        let cx = SinkCx {
            response_need: node.response_need,
            response_meta: &node.response_meta,
            now_ns: now_ns(),
        };
        match node.sink.deliver(port, event, &cx) {
            Delivery::Done(insight) => {
                if let Some(insight) = insight {
                    flow.feedback_from_sink(ix, insight);
                }
                self.offer(End::new(Reason::NoReply));
            }
            Delivery::Queued => self.offer(End::new(Reason::NoReply)),
            Delivery::Reply(reply) => self.take_exchange_result(ix, reply),
            Delivery::Exchange(exchange) => {
                let Exchange {
                    future,
                    answers,
                    is_safe,
                    about,
                } = exchange;
                self.exchanges += 1;
                self.pending.push(Pending {
                    sink: ix,
                    future,
                    answers,
                    is_safe,
                    about,
                    since: Instant::now(),
                });
            }
        }
    }

    fn take_reply(&mut self, ix: SourceIx, event: Event) {
        let is_ours = self
            .request
            .is_some_and(|request| request.source == ix && event.id.max_by_source(request.uid) == Some((0, request.number)));
        if is_ours && self.reply.is_none() {
            self.reply = Some(Box::new(event));
        } else {
            tracing::debug!(target: "tremor_runtime::onramp", event_id = %event.id, "a reply for no waiting request was ignored");
        }
    }

    fn take_exchange_result(&mut self, ix: SinkIx, reply: Reply) {
        let flow = Arc::clone(&self.flow);
        let Reply {
            events,
            insight,
            insight_first,
        } = reply;
        let mut insight = insight;
        if insight_first && let Some(insight) = insight.take() {
            flow.feedback_from_sink(ix, insight);
        }
        let Some(node) = flow.sink(ix) else { return };
        for (port, event) in events {
            let entries = node.linked(port);
            match port {
                SinkPort::Err if entries.is_empty() => self.offer(End {
                    event: Some(Box::new(event)),
                    ..End::new(Reason::Offramp)
                }),
                _ => self.enter_all(entries, event),
            }
        }
        self.run_work();
        if let Some(insight) = insight {
            flow.feedback_from_sink(ix, insight);
        }
    }

    async fn next_exchange(&mut self) {
        let (sink, reply) = poll_fn(|cx| self.poll_pending(cx)).await;
        self.take_exchange_result(sink, reply);
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<(SinkIx, Reply)> {
        for at in 0..self.pending.len() {
            if let Poll::Ready(reply) = self.pending[at].future.as_mut().poll(cx) {
                let done = self.pending.remove(at);
                return Poll::Ready((done.sink, reply));
            }
        }
        Poll::Pending
    }
}

fn given_up(mut insight: Insight, kind: InsightKind, outcome: AttemptOutcome, since: Instant) -> Insight {
    let elapsed = since.elapsed();
    insight.kind = kind;
    insight.ingest_ns = now_ns();
    insight.time_ms = Some(elapsed.as_millis() as u64);
    insight.attempt = Some(Attempt {
        outcome,
        is_sent: true,
        status: None,
        elapsed_ms: elapsed.as_secs_f64() * 1000.0,
    });
    insight
}

/// A script's error event at an unlinked `err` is a script error; everything else is a port without link (spec/proxy.md 1.3).
fn end_of_unlinked(port: &str, url: &str, event: &Event) -> End {
    let script_error = (port == "err").then(|| event.value().get("error")).flatten();
    match script_error.and_then(|text| text.as_str()) {
        Some(text) if event.value().get("event").is_some() => End::with_detail(Reason::ScriptError, text),
        _ => End::with_detail(Reason::Unlinked, Str::from(format!("{url}/{port}"))),
    }
}
