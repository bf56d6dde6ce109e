//! `qos::backpressure`: keeps events away from what fails or is slow (spec/operators-and-flow.md B.6, spec/proxy.md 0.3 row 17 and 4.3).
//!
//! Algorithm. While the back-off is zero every event passes and nothing is written. An insight that carries this node's mark is bad if
//! it has an error, is a failure or a pause, or took longer than `timeout`: the back-off becomes the first configured step above the
//! present one (or the last step) and `next` the insight's time plus the back-off; any other insight sets both to zero. During a
//! back-off the first event at or after `next` passes and moves `next` on by the back-off, moved by compare-and-swap so that one event
//! passes per period; the others leave by `overflow`. A tick at or after `next` ends the back-off.
//!
//! No judgement: an attempt refused for want of a slot, or withdrawn. A failure of an event that was let through before the present
//! back-off began does not raise it, so one burst counts once.

use temblor_event::{End, Event, Insight, InsightKind, Mark, Outcome, Reason, Signal, Uid};
use temblor_script::MetaPaths;

use super::{Availability, OpCx, OpError, OpTraits, Operator, Sharing};
use crate::port::PortId;
use crate::sync::atomic::{AtomicU64, Ordering};

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;

/// Configuration of the operator.
#[derive(Clone, Debug)]
pub struct Config {
    /// Longest time an event may take, milliseconds.
    pub timeout_ms: f64,
    /// Back-off steps, milliseconds.
    pub steps_ms: Vec<u64>,
    /// Pause and resume what lies before instead of only shedding.
    pub circuit_breaker: bool,
}

/// See the module's documentation.
pub struct Backpressure {
    config: Config,
    overflow: PortId,
    /// Present back-off; 0: none.
    backoff_ns: AtomicU64,
    /// When the next event may pass.
    next_ns: AtomicU64,
    /// When the present back-off began.
    since_ns: AtomicU64,
}

impl Backpressure {
    /// An operator that sheds to `overflow`.
    pub fn new(config: Config, overflow: PortId) -> Self {
        Self {
            config,
            overflow,
            backoff_ns: AtomicU64::new(0),
            next_ns: AtomicU64::new(0),
            since_ns: AtomicU64::new(0),
        }
    }

    fn is_bad(&self, insight: &Insight) -> bool {
        insight.has_error
            || matches!(insight.kind, InsightKind::Fail | InsightKind::Pause)
            || insight.time_ms.is_some_and(|time| time as f64 > self.config.timeout_ms)
    }

    fn step_above(&self, backoff_ns: u64) -> u64 {
        let steps = || self.config.steps_ms.iter().map(|step| step.saturating_mul(NS_PER_MS));
        steps()
            .find(|step| *step > backoff_ns)
            .or_else(|| steps().next_back())
            .unwrap_or(0)
    }

    fn raise(&self, insight: &Insight, before_ns: u64) {
        if before_ns > 0 && insight.event_ns < self.since_ns.load(Ordering::Relaxed) {
            return;
        }
        let backoff_ns = self.step_above(before_ns);
        self.since_ns.store(insight.ingest_ns, Ordering::Relaxed);
        self.next_ns
            .store(insight.ingest_ns.saturating_add(backoff_ns), Ordering::Relaxed);
        self.backoff_ns.store(backoff_ns, Ordering::Release);
    }

    fn reset(&self) {
        self.backoff_ns.store(0, Ordering::Release);
        self.next_ns.store(0, Ordering::Relaxed);
    }

    /// Takes the turn of this period; false if it is not due or another event took it.
    fn take_turn(&self, at_ns: u64, backoff_ns: u64) -> bool {
        let next_ns = self.next_ns.load(Ordering::Relaxed);
        next_ns <= at_ns
            && self
                .next_ns
                .compare_exchange(
                    next_ns,
                    at_ns.saturating_add(backoff_ns),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_ok()
    }
}

fn is_no_judgement(insight: &Insight) -> bool {
    insight.kind == InsightKind::Cancelled || insight.attempt.is_some_and(|attempt| attempt.outcome == Outcome::Overload)
}

impl Operator for Backpressure {
    fn on_event(&self, cx: &mut OpCx<'_>, _port: PortId, mut event: Event) -> Result<(), OpError> {
        event.op_meta.set(cx.uid, Mark::Passed);
        event.transactional = true;
        let backoff_ns = self.backoff_ns.load(Ordering::Acquire);
        let passes = backoff_ns == 0 || self.take_turn(event.at_ns(), backoff_ns);
        cx.emit(if passes { PortId::DEFAULT } else { self.overflow }, event);
        Ok(())
    }

    fn on_signal(&self, cx: &mut OpCx<'_>, signal: Signal) -> Result<(), OpError> {
        let now_ns = signal.ingest_ns();
        if self.backoff_ns.load(Ordering::Acquire) > 0 && self.next_ns.load(Ordering::Relaxed) <= now_ns {
            self.reset();
            if self.config.circuit_breaker {
                cx.raise(Insight::breaker(InsightKind::Resume, cx.uid, now_ns));
            }
        }
        Ok(())
    }

    fn on_insight(&self, uid: Uid, insight: &mut Insight) {
        if insight.op_meta.get(uid).is_none() || is_no_judgement(insight) {
            return;
        }
        let before_ns = self.backoff_ns.load(Ordering::Acquire);
        if self.is_bad(insight) {
            self.raise(insight, before_ns);
        } else {
            self.reset();
        }
        let is_now_backing_off = self.backoff_ns.load(Ordering::Acquire) > 0;
        if self.config.circuit_breaker && before_ns == 0 && is_now_backing_off {
            insight.kind = InsightKind::Pause;
        } else if insight.kind == InsightKind::Pause {
            insight.kind = InsightKind::None;
        }
    }

    fn traits(&self) -> OpTraits {
        OpTraits {
            handles_signals: true,
            handles_insights: true,
            ..OpTraits::PLAIN
        }
    }

    fn meta_paths(&self) -> MetaPaths {
        MetaPaths::default()
    }

    fn sharing(&self) -> Sharing {
        Sharing::Atomic
    }

    fn is_available(&self, downstream: &dyn Availability, at_ns: u64) -> bool {
        let is_due = self.backoff_ns.load(Ordering::Acquire) == 0 || self.next_ns.load(Ordering::Relaxed) <= at_ns;
        is_due && downstream.is_available(PortId::DEFAULT, at_ns)
    }

    fn unread(&self, name: &str, port: &str, event: &Event) -> End {
        if port == "overflow" {
            let wait_ns = self.next_ns.load(Ordering::Relaxed).saturating_sub(event.at_ns());
            End {
                retry_after_s: Some(wait_ns.div_ceil(NS_PER_S).max(1)),
                ..End::new(Reason::Overflow)
            }
        } else {
            super::unlinked(name, port)
        }
    }
}
