//! What a dispatch waits for: exchanges with upstreams, and pauses before one is repeated.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use smallvec::SmallVec;
use temblor_event::{Attempt, End, Event, Insight, InsightKind, Outcome, Reason, Tickets};
use temblor_pipeline::port::NodeId;
use tokio::time::{Instant, Sleep, sleep};

use super::super::Flow;
use super::super::feedback::Claimed;
use super::{Run, Step};
use crate::clock::now_ns;
use crate::ids::{PipelineIx, SinkIx};
use crate::ramp_metrics::RampPort;
use crate::sink::{Reply, ReplyFuture, SinkPort, Withdrawal};

/// Something under way.
pub(super) struct Pending {
    pub(super) awaited: Awaited,
    pub(super) answers: bool,
    pub(super) withdrawal: Withdrawal,
    pub(super) since: Instant,
    /// Of the event that was sent; what comes back carries them on.
    pub(super) tickets: Tickets,
}

/// What is awaited.
pub(super) enum Awaited {
    Exchange {
        sink: SinkIx,
        future: ReplyFuture,
        about: Option<Insight>,
    },
    /// The time before an event leaves the node again that claimed its failure.
    Pause {
        pipeline: PipelineIx,
        node: NodeId,
        event: Event,
        sleep: Pin<Box<Sleep>>,
    },
}

/// What came to its end.
#[expect(
    clippy::large_enum_variant,
    reason = "lives for one move; a box would cost every request an allocation"
)]
pub(super) enum Done {
    Exchange(SinkIx, Reply, Tickets),
    Pause(PipelineIx, NodeId, Event),
}

impl Run {
    pub(super) fn give_up(&mut self, flow: &Flow, all: bool, kind: InsightKind, outcome: Outcome) {
        let mut kept = SmallVec::new();
        for pending in std::mem::take(&mut self.pending) {
            if !(all || pending.withdrawal.is_possible()) {
                kept.push(pending);
                continue;
            }
            let Awaited::Exchange { sink, future, about } = pending.awaited else {
                continue;
            };
            drop(future);
            // What never had its turn says nothing about the other side, whoever ended it.
            let (kind, outcome) = if pending.withdrawal.is_queued() {
                (InsightKind::Cancelled, Outcome::Cancelled)
            } else {
                (kind, outcome)
            };
            if let Some(node) = flow.sink(sink) {
                node.sink.given_up(outcome);
            }
            if let Some(insight) = about {
                let elapsed = pending.since.elapsed().saturating_sub(pending.withdrawal.uncounted());
                let attempt = Attempt {
                    outcome,
                    is_sent: pending.withdrawal.may_be_sent(),
                    status: None,
                    elapsed_ms: elapsed.as_secs_f64() * 1000.0,
                };
                flow.feedback_from_sink(sink, given_up(insight, kind, attempt));
            }
        }
        self.pending = kept;
    }

    pub(super) fn take_done(&mut self, flow: &Flow, done: Done) {
        match done {
            Done::Exchange(sink, reply, tickets) => self.take_exchange_result(flow, sink, reply, tickets),
            Done::Pause(pipeline, node, event) => self.work.push_back((Step::From(pipeline, node), event)),
        }
    }

    pub(super) fn take_exchange_result(&mut self, flow: &Flow, ix: SinkIx, reply: Reply, tickets: Tickets) {
        let Reply {
            events,
            mut insight,
            mut insight_first,
        } = reply;
        if let Some(insight) = &mut insight
            && insight.attempt.is_some()
            && insight.op_meta.attempted().is_some()
        {
            insight.repeatable_until_ns = self.repeatable_until_ns();
            insight_first = true;
        }
        if insight_first
            && let Some(insight) = insight.take()
            && let Some(claimed) = flow.feedback_from_sink(ix, insight)
        {
            self.repeat(claimed, tickets);
            return;
        }
        let Some(node) = flow.sink(ix) else { return };
        if let Some(metrics) = &node.metrics {
            let has_failed = events.iter().any(|(port, _)| *port == SinkPort::Err);
            metrics.count(if has_failed { RampPort::Error } else { RampPort::Out });
        }
        for (port, mut event) in events {
            let entries = node.linked(port);
            match port {
                SinkPort::Err if entries.is_empty() => {
                    let id = event.id.clone();
                    self.offer(
                        &id,
                        &tickets,
                        End {
                            event: Some(event),
                            ..End::new(Reason::Offramp)
                        },
                    );
                }
                _ => {
                    event.tickets.clone_from(&tickets);
                    self.enter_all(entries, event);
                }
            }
        }
        self.run_work(flow);
        if let Some(insight) = insight {
            flow.feedback_from_sink(ix, insight);
        }
    }

    /// Until when a failed event may be sent again, nanoseconds since the epoch; `None`: nobody waits for its answer any more.
    fn repeatable_until_ns(&self) -> Option<u64> {
        if self.is_left || self.reply.is_some() {
            return None;
        }
        let Some(deadline) = self.deadline else {
            return Some(u64::MAX);
        };
        let left = deadline
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())?;
        Some(now_ns().saturating_add(u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)))
    }

    fn repeat(&mut self, claimed: Claimed, tickets: Tickets) {
        let Claimed { pipeline, node, claim } = claimed;
        let mut event = claim.event;
        event.tickets.clone_from(&tickets);
        if claim.pause_ms == 0 {
            self.work.push_back((Step::From(pipeline, node), event));
            return;
        }
        self.pending.push(Pending {
            awaited: Awaited::Pause {
                pipeline,
                node,
                event,
                sleep: Box::pin(sleep(Duration::from_millis(claim.pause_ms))),
            },
            answers: true,
            withdrawal: Withdrawal::Always,
            since: Instant::now(),
            tickets,
        });
    }

    pub(super) fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<Done> {
        for at in 0..self.pending.len() {
            if let Poll::Ready(reply) = self.pending[at].awaited.poll(cx) {
                let Pending { awaited, tickets, .. } = self.pending.remove(at);
                return Poll::Ready(match awaited {
                    Awaited::Exchange { sink, .. } => Done::Exchange(sink, reply, tickets),
                    Awaited::Pause {
                        pipeline, node, event, ..
                    } => Done::Pause(pipeline, node, event),
                });
            }
        }
        Poll::Pending
    }
}

impl Awaited {
    /// The reply of an exchange; the end of a pause gives an empty one.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Reply> {
        match self {
            Self::Exchange { future, .. } => future.as_mut().poll(cx),
            Self::Pause { sleep, .. } => sleep.as_mut().poll(cx).map(|()| Reply::default()),
        }
    }
}

fn given_up(mut insight: Insight, kind: InsightKind, attempt: Attempt) -> Insight {
    insight.kind = kind;
    insight.ingest_ns = now_ns();
    insight.time_ms = Some(attempt.elapsed_ms as u64);
    insight.attempt = Some(attempt);
    insight
}
