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
use temblor_event::{End, Ending, Event, Reason, RequestKey, RequestSlot, Tickets};

use self::exchange::Pending;
use super::{Entry, Flow, Target};
use crate::ids::{SinkIx, SourceIx};
use crate::sink::Reply;

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

/// See the module's documentation.
pub struct Dispatch {
    flow: Arc<Flow>,
    request: RequestSlot,
    work: VecDeque<(Target, Event)>,
    pending: SmallVec<[Pending; 1]>,
    reply: Option<Box<Event>>,
    candidate: Option<End>,
    exchanges: u32,
    max_exchanges: u32,
}

/// What a request waited for.
#[expect(clippy::large_enum_variant, reason = "lives for one move; a box would cost every request an allocation")]
enum Progress {
    Exchange(SinkIx, Reply, Tickets),
    Ending(Ending),
}

impl Dispatch {
    /// A dispatch that belongs to no request.
    pub fn detached(flow: Arc<Flow>) -> Self {
        Self {
            flow,
            request: RequestSlot::default(),
            work: VecDeque::new(),
            pending: SmallVec::new(),
            reply: None,
            candidate: None,
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
            _ => self.offer(
                &Tickets::default(),
                End {
                    event: Some(Box::new(event)),
                    ..End::new(Reason::DecodeError)
                },
            ),
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
                if !self.request.is_open() {
                    return exhausted(self.candidate.take());
                }
                self.request.give_up(self.candidate.take());
            }
            match poll_fn(|cx| self.poll_progress(cx)).await {
                Progress::Exchange(sink, reply, tickets) => self.take_exchange_result(sink, reply, tickets),
                Progress::Ending(Ending::Reply(event)) => return Outcome::Reply(event),
                Progress::Ending(Ending::Exhausted(end)) => return exhausted(end),
            }
        }
    }

    /// Runs everything to its end; replies are lost.
    pub async fn finish(mut self) {
        self.request = RequestSlot::default();
        loop {
            self.run_work();
            self.reply = None;
            if self.pending.is_empty() || self.exchanges > self.max_exchanges {
                return;
            }
            let (sink, reply, tickets) = poll_fn(|cx| self.poll_pending(cx)).await;
            self.take_exchange_result(sink, reply, tickets);
        }
    }

    /// Whether an exchange is still under way.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        if let Poll::Ready((sink, reply, tickets)) = self.poll_pending(cx) {
            return Poll::Ready(Progress::Exchange(sink, reply, tickets));
        }
        self.request.poll(cx).map(Progress::Ending)
    }

    /// Notes how an event's way ended: for the requests whose tickets it had, else for this one.
    fn offer(&mut self, tickets: &Tickets, end: End) {
        if tickets.is_empty() {
            End::offer(&mut self.candidate, end);
        } else {
            tickets.offer(&end);
        }
    }

    fn enter_all(&mut self, entries: &[Entry], event: Event) {
        let Some((last, first)) = entries.split_last() else {
            self.offer(&event.tickets, End::new(Reason::NoReply));
            return;
        };
        for entry in first {
            self.work.push_back((Target::Pipeline(entry.clone()), event.clone()));
        }
        self.work.push_back((Target::Pipeline(last.clone()), event));
    }
}

fn exhausted(end: Option<End>) -> Outcome {
    Outcome::Exhausted(end.unwrap_or_else(|| End::new(Reason::NoReply)))
}
