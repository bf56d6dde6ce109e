//! One event's way through a flow, and the request's if it carries one.
//!
//! The running part is synchronous and takes no lock across an await. Exchanges are awaited in the caller's task. A [`Dispatch`] can be
//! left at any await and taken up again, also by another task: all that is pending is in it.
//!
//! Exhaustion (spec/proxy.md 1.1): as long as nothing holds the request's event beyond a run, the loop itself knows the end of a request: no
//! work, no exchange pending, no reply. The candidate for the answer is a field of the loop; nothing is allocated or counted for it. Once an
//! operator holds the event, the loop waits for its tickets (`temblor_event::Tickets`) as well.

mod exchange;
mod work;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use smallvec::SmallVec;
use temblor_event::{End, Ending, Event, EventId, Reason, RequestKey, RequestSlot, Tickets};
use temblor_pipeline::port::NodeId;
use tokio::time::Instant;
use temblor_value::Value;

use self::exchange::{Done, Pending};
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
    request: RequestSlot,
    /// When the request's time is over.
    deadline: Option<Instant>,
    /// Nobody waits for a reply any more.
    is_left: bool,
    work: VecDeque<(Step, Event)>,
    pending: SmallVec<[Pending; 1]>,
    reply: Option<Event>,
    candidate: Option<End>,
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
#[expect(clippy::large_enum_variant, reason = "lives for one move; a box would cost every request an allocation")]
enum Progress {
    Done(Done),
    Ending(Ending),
}

impl Dispatch {
    /// A dispatch that belongs to no request.
    pub fn detached(flow: Arc<Flow>) -> Self {
        Self {
            flow,
            request: RequestSlot::default(),
            deadline: None,
            is_left: false,
            work: VecDeque::new(),
            pending: SmallVec::new(),
            reply: None,
            candidate: None,
            correlation: None,
            exchanges: 0,
            max_exchanges: u32::MAX,
        }
    }

    /// A dispatch for a request; at most `max_exchanges` exchanges, 0 for no bound.
    pub fn of_request(flow: Arc<Flow>, key: RequestKey, max_exchanges: u32) -> Self {
        Self {
            request: RequestSlot::new(key),
            max_exchanges: if max_exchanges == 0 { u32::MAX } else { max_exchanges },
            ..Self::detached(flow)
        }
    }

    /// The same dispatch, of a request whose time is over at `deadline`: what would come later is not tried.
    #[must_use]
    pub fn until(self, deadline: Instant) -> Self {
        Self {
            deadline: Some(deadline),
            ..self
        }
    }

    /// Sends an event to the pipelines on a source's `out`. Nothing linked: the event vanishes.
    pub fn send_out(&mut self, source: SourceIx, event: Event) {
        let flow = Arc::clone(&self.flow);
        if let Some(node) = flow.source(source) {
            self.count(node.metrics.as_deref(), RampPort::Out, event.ingest_ns);
            self.enter_all(&node.out, event);
        }
    }

    /// Sends an error event to the pipelines on a source's `err`; nothing linked: it is the candidate `decode_error`.
    pub fn send_err(&mut self, source: SourceIx, event: Event) {
        let flow = Arc::clone(&self.flow);
        let node = flow.source(source);
        self.count(node.and_then(|node| node.metrics.as_deref()), RampPort::Error, event.ingest_ns);
        match node {
            Some(node) if !node.err.is_empty() => self.enter_all(&node.err, event),
            _ => End::offer(
                &mut self.candidate,
                End {
                    event: Some(event),
                    ..End::new(Reason::DecodeError)
                },
            ),
        }
    }

    /// Sends an event to the pipelines on a source's `unanswered`; nothing linked: it leads to nothing.
    pub fn send_unanswered(&mut self, source: SourceIx, event: Event) {
        let flow = Arc::clone(&self.flow);
        if let Some(node) = flow.source(source) {
            self.enter_all(&node.unanswered, event);
        }
    }

    /// Notes `$correlation` of the events on their way from now on: of those that end, and of the last one a sink got.
    pub fn note_correlation(&mut self) {
        self.request.note_correlation();
    }

    /// `$correlation` of the event that a sink got last, if it was noted.
    pub fn correlation(&self) -> Option<Value> {
        self.correlation.clone()
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
                if !self.request.is_open() {
                    return self.exhausted(None);
                }
                self.request.give_up(self.candidate.take());
            }
            match poll_fn(|cx| self.poll_progress(cx)).await {
                Progress::Done(done) => self.take_done(done),
                Progress::Ending(Ending::Reply(event)) => return Outcome::Reply(event),
                Progress::Ending(Ending::Exhausted(end)) => return self.exhausted(end),
            }
        }
    }

    /// Runs everything to its end; replies are lost.
    pub async fn finish(mut self) {
        self.request = RequestSlot::default();
        self.is_left = true;
        loop {
            self.run_work();
            self.reply = None;
            if self.pending.is_empty() || self.exchanges > self.max_exchanges {
                return;
            }
            let done = poll_fn(|cx| self.poll_pending(cx)).await;
            self.take_done(done);
        }
    }

    /// Whether an exchange is still under way.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
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
    fn count(&mut self, metrics: Option<&RampMetrics>, port: RampPort, at_ns: u64) {
        let Some(metrics) = metrics else { return };
        if let Some(events) = metrics.report_if_due(at_ns) {
            let flow = Arc::clone(&self.flow);
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
            self.work.push_back((Step::To(Target::Pipeline(entry.clone())), event.clone()));
        }
        self.work.push_back((Step::To(Target::Pipeline(last.clone())), event));
    }
}
