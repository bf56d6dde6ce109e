//! Exchanges of a dispatch: requests to upstreams that are under way.

use std::sync::Arc;
use std::task::{Context, Poll};

use smallvec::SmallVec;
use temblor_event::{Attempt, End, Insight, InsightKind, Outcome, Reason, Tickets};
use tokio::time::Instant;

use super::Dispatch;
use crate::clock::now_ns;
use crate::ids::SinkIx;
use crate::sink::{Reply, ReplyFuture, SinkPort};

/// An exchange under way.
pub(super) struct Pending {
    pub(super) sink: SinkIx,
    pub(super) future: ReplyFuture,
    pub(super) answers: bool,
    pub(super) is_safe: bool,
    pub(super) about: Option<Insight>,
    pub(super) since: Instant,
    /// Of the event that was sent; what comes back carries them on.
    pub(super) tickets: Tickets,
}

impl Dispatch {
    /// Gives up exchanges that may be given up because nobody waits any more (`all`: every one); their operators are told
    /// *cancelled*, which is no judgement.
    pub fn cancel(&mut self, all: bool) {
        self.give_up(all, InsightKind::Cancelled, Outcome::Cancelled);
    }

    /// Gives up all exchanges because the request's time is over; their operators are told of a failure.
    pub fn time_out(&mut self) {
        self.give_up(true, InsightKind::Fail, Outcome::Timeout);
    }

    fn give_up(&mut self, all: bool, kind: InsightKind, outcome: Outcome) {
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

    pub(super) fn take_exchange_result(&mut self, ix: SinkIx, reply: Reply, tickets: Tickets) {
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
        for (port, mut event) in events {
            let entries = node.linked(port);
            match port {
                SinkPort::Err if entries.is_empty() => self.offer(
                    &tickets,
                    End {
                        event: Some(Box::new(event)),
                        ..End::new(Reason::Offramp)
                    },
                ),
                _ => {
                    event.tickets.clone_from(&tickets);
                    self.enter_all(entries, event);
                }
            }
        }
        self.run_work();
        if let Some(insight) = insight {
            flow.feedback_from_sink(ix, insight);
        }
    }

    pub(super) fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<(SinkIx, Reply, Tickets)> {
        for at in 0..self.pending.len() {
            if let Poll::Ready(reply) = self.pending[at].future.as_mut().poll(cx) {
                let done = self.pending.remove(at);
                return Poll::Ready((done.sink, reply, done.tickets));
            }
        }
        Poll::Pending
    }
}

fn given_up(mut insight: Insight, kind: InsightKind, outcome: Outcome, since: Instant) -> Insight {
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
