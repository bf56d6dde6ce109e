//! One event's way through a flow, and the request's if it carries one.
//!
//! The running part is synchronous and takes no lock across an await. Exchanges are awaited in the caller's task. A [`Dispatch`] can be
//! left at any await and taken up again, also by another task: all that is pending is in it.
//!
//! Exhaustion (spec/proxy.md 1.1): as long as nothing holds the request's event beyond a run, the loop itself knows the end of a request: no
//! work, no exchange pending, no reply. The candidate for the answer is a field of the loop; nothing is allocated or counted for it. Once an
//! operator holds the event, the loop waits for its tickets (`temblor_event::Tickets`) as well.

mod exchange;
mod fifo;
mod trace;
mod work;

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use smallvec::SmallVec;
use temblor_event::{
    End, Ending, Event, EventId, InsightKind, Outcome as AttemptOutcome, Reason, RequestKey, RequestSlot, Tickets,
};
use temblor_pipeline::port::NodeId;
use temblor_value::Value;
use tokio::time::Instant;

use self::exchange::{Done, Pending};
use self::fifo::Fifo;
pub use self::trace::Trace;
use super::island::Held;
use super::{Entry, Flow, Target};
use crate::ids::{PipelineIx, SourceIx};
use crate::ramp_metrics::{RampMetrics, RampPort};

/// How a request ended for its source.
#[derive(Debug)]
pub enum Outcome {
    /// A reply event arrived.
    Reply(Event),
    /// No reply can come any more; the best candidate for an answer.
    Exhausted(End),
    /// More exchanges than allowed were caused (spec/proxy.md 1.3, `loop`).
    Loop,
}

/// See the module's documentation.
pub struct Dispatch {
    flow: Arc<Flow>,
    pub(super) run: Run,
}

/// What a dispatch knows beside the flow, which is handed in: the count of its owners is one memory cell for all workers, and no event may
/// touch that.
pub(super) struct Run {
    request: RequestSlot,
    /// When the request's time is over.
    deadline: Option<Instant>,
    /// Nobody waits for a reply any more.
    is_left: bool,
    /// The request had its reply.
    has_replied: bool,
    work: Fifo<(Step, Event)>,
    /// Pipelines with nodes that wait for the end of the turn, which comes when there is no work.
    turns: SmallVec<[PipelineIx; 1]>,
    pending: SmallVec<[Pending; 1]>,
    reply: Option<Event>,
    candidate: Option<End>,
    /// What is written down of the request's way, if somebody asks for it.
    trace: Option<Box<Trace>>,
    /// `$correlation` of the event that a sink got last, if the request wants to know it.
    correlation: Option<Value>,
    exchanges: u32,
    max_exchanges: u32,
}

/// Where an event goes next.
enum Step {
    To(Target),
    /// On from behind a node that sends it again.
    From(PipelineIx, NodeId),
}

/// What a request waited for.
enum Progress {
    Done(Done),
    Ending(Ending),
}

impl Dispatch {
    /// A dispatch that belongs to no request.
    pub fn detached(flow: Arc<Flow>) -> Self {
        Self { flow, run: Run::new() }
    }

    /// A dispatch for a request; at most `max_exchanges` exchanges, 0 for no bound.
    pub fn of_request(flow: Arc<Flow>, key: RequestKey, max_exchanges: u32) -> Self {
        let run = Run {
            request: RequestSlot::new(key),
            max_exchanges: if max_exchanges == 0 { u32::MAX } else { max_exchanges },
            ..Run::new()
        };
        Self { flow, run }
    }

    /// The same dispatch, of a request whose time is over at `deadline`: what would come later is not tried.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.run.deadline = Some(deadline);
        self
    }

    /// Goes on with `flow` from now on. Nothing may be under way.
    pub fn follow(&mut self, flow: Arc<Flow>) {
        self.flow = flow;
    }

    /// The flow it goes by.
    pub fn flow(&self) -> &Arc<Flow> {
        &self.flow
    }

    /// Sends an event to the pipelines on a source's `out`. Nothing linked: the event vanishes.
    pub fn send_out(&mut self, source: SourceIx, event: Event) {
        let Self { flow, run } = self;
        if let Some(node) = flow.source(source) {
            run.count(flow, node.metrics.as_deref(), RampPort::Out, event.ingest_ns);
            run.enter_all(&node.out, event);
        }
    }

    /// Sends an error event to the pipelines on a source's `err`; nothing linked: it is the candidate `decode_error`.
    pub fn send_err(&mut self, source: SourceIx, event: Event) {
        let Self { flow, run } = self;
        let node = flow.source(source);
        run.count(
            flow,
            node.and_then(|node| node.metrics.as_deref()),
            RampPort::Error,
            event.ingest_ns,
        );
        match node {
            Some(node) if !node.err.is_empty() => run.enter_all(&node.err, event),
            _ => End::offer(
                &mut run.candidate,
                End {
                    event: Some(event),
                    ..End::new(Reason::DecodeError)
                },
            ),
        }
    }

    /// Sends an event to the pipelines on a source's `unanswered`; nothing linked: it leads to nothing.
    pub fn send_unanswered(&mut self, source: SourceIx, event: Event) {
        if let Some(node) = self.flow.source(source) {
            self.run.enter_all(&node.unanswered, event);
        }
    }

    /// Notes `$correlation` of the events on their way from now on: of those that end, and of the last one a sink got.
    pub fn note_correlation(&mut self) {
        self.run.request.note_correlation();
    }

    /// `$correlation` of the event that a sink got last, if it was noted.
    pub fn correlation(&self) -> Option<Value> {
        self.run.correlation.clone()
    }

    /// Writes down what becomes of the request's events from now on.
    pub fn trace(&mut self) {
        self.run.trace = Some(Box::default());
    }

    /// What was written down so far; nothing more is.
    pub fn take_trace(&mut self) -> Option<Box<Trace>> {
        self.run.trace.take()
    }

    /// Runs until a reply is there or none can come. May be called again after it was dropped half way.
    pub async fn reply(&mut self) -> Outcome {
        let Self { flow, run } = self;
        loop {
            run.run_work(flow);
            if let Some(event) = run.reply.take() {
                run.has_replied = true;
                return Outcome::Reply(event);
            }
            if run.exchanges > run.max_exchanges {
                return Outcome::Loop;
            }
            if !run.pending.iter().any(|pending| pending.answers) {
                if !run.request.is_open() {
                    return run.exhausted(None);
                }
                run.request.give_up(run.candidate.take());
            }
            let began = run.trace.is_some().then(Instant::now);
            let progress = poll_fn(|cx| run.poll_progress(cx)).await;
            if let (Some(trace), Some(began)) = (&mut run.trace, began) {
                trace.waited += began.elapsed();
            }
            match progress {
                Progress::Done(done) => run.take_done(flow, done),
                Progress::Ending(Ending::Reply(event)) => {
                    run.has_replied = true;
                    return Outcome::Reply(event);
                }
                Progress::Ending(Ending::Exhausted(end)) => return run.exhausted(end),
            }
        }
    }

    /// Runs everything to its end; replies are lost.
    pub async fn finish(mut self) {
        self.run_out().await;
    }

    /// Runs what is to do without ending the turn, for callers that have the next event at hand: what an operator does once for all events
    /// of a turn waits. [`Dispatch::run_out`] must follow before the caller waits for anything and before [`Dispatch::follow`], and at once if
    /// this gives false: an exchange is under way. Replies are lost.
    pub fn run_on(&mut self) -> bool {
        let Self { flow, run } = self;
        run.leave();
        run.run_turn(flow, &mut Held::default());
        run.reply = None;
        run.candidate = None;
        run.pending.is_empty()
    }

    /// Does what [`Dispatch::finish`] does and can be used again.
    pub async fn run_out(&mut self) {
        let Self { flow, run } = self;
        run.leave();
        loop {
            run.run_work(flow);
            run.reply = None;
            if run.pending.is_empty() || run.exchanges > run.max_exchanges {
                break;
            }
            let done = poll_fn(|cx| run.poll_pending(cx)).await;
            run.take_done(flow, done);
        }
        run.work.clear();
        run.pending.clear();
        run.candidate = None;
        run.exchanges = 0;
    }

    /// Whether an exchange is still under way.
    pub fn is_pending(&self) -> bool {
        !self.run.pending.is_empty()
    }

    /// Gives up exchanges that may be given up because nobody waits any more (`all`: every one); their operators are told
    /// *cancelled*, which is no judgement.
    pub fn cancel(&mut self, all: bool) {
        self.run
            .give_up(&self.flow, all, InsightKind::Cancelled, AttemptOutcome::Cancelled);
    }

    /// Gives up all exchanges because the request's time is over; their operators are told of a failure.
    pub fn time_out(&mut self) {
        self.run.give_up(&self.flow, true, InsightKind::Fail, AttemptOutcome::Timeout);
    }
}

impl Run {
    fn new() -> Self {
        Self {
            request: RequestSlot::default(),
            deadline: None,
            is_left: false,
            has_replied: false,
            work: Fifo::new(),
            turns: SmallVec::new(),
            pending: SmallVec::new(),
            reply: None,
            candidate: None,
            trace: None,
            correlation: None,
            exchanges: 0,
            max_exchanges: u32::MAX,
        }
    }

    /// From now on nobody waits for a reply.
    fn leave(&mut self) {
        self.request = RequestSlot::default();
        self.is_left = true;
    }

    /// The end, else the best candidate of this run, else that nothing answers.
    fn exhausted(&mut self, end: Option<End>) -> Outcome {
        let end = end.or_else(|| self.candidate.take());
        Outcome::Exhausted(end.unwrap_or_else(|| End {
            correlation: self.correlation.take(),
            ..End::new(Reason::NoReply)
        }))
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        if let Poll::Ready(done) = self.poll_pending(cx) {
            return Poll::Ready(Progress::Done(done));
        }
        self.request.poll(cx).map(Progress::Ending)
    }

    /// Notes how an event's way ended: for the requests whose tickets it had, else for this one if it carried it.
    fn offer(&mut self, id: &EventId, tickets: &Tickets, end: End) {
        if !tickets.is_empty() {
            tickets.offer(&end);
        } else if self.request.key().is_none_or(|key| key.is_carried_by(id)) {
            End::offer(&mut self.candidate, end);
        }
    }

    /// Counts an event of a source or sink that reports metrics; what is due is sent before.
    fn count(&mut self, flow: &Flow, metrics: Option<&RampMetrics>, port: RampPort, at_ns: u64) {
        let Some(metrics) = metrics else { return };
        if let Some(events) = metrics.report_if_due(at_ns) {
            for event in events {
                if let Some(entry) = &flow.metrics {
                    self.work.push_back((Step::To(Target::Pipeline(entry.clone())), event));
                }
            }
        }
        metrics.count(port);
    }

    fn enter_all(&mut self, entries: &[Entry], event: Event) {
        let Some((last, first)) = entries.split_last() else {
            let end = End {
                correlation: self.request.correlation_of(&event),
                ..End::new(Reason::NoReply)
            };
            self.offer(&event.id, &event.tickets, end);
            return;
        };
        for entry in first {
            self.work
                .push_back((Step::To(Target::Pipeline(entry.clone())), event.clone()));
        }
        self.work.push_back((Step::To(Target::Pipeline(last.clone())), event));
    }
}
