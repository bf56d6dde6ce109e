//! `qos::percentile`: lets a share of the events pass (spec/operators-and-flow.md B.7).
//!
//! Algorithm. The share p starts at 1. An event passes if (ingest time mod 65535) / 65535 is at most p, else it leaves by `overflow`.
//! An insight with this node's mark lowers p by `step_down` if it is bad (as for back-pressure) and raises it by `step_up` otherwise,
//! within 0 and 1. Attempts refused for want of a slot, and withdrawn ones, are no judgement.

use temblor_event::{End, Event, Insight, InsightKind, Mark, Outcome, Reason, Uid};
use temblor_script::MetaPaths;

use super::{OpCx, OpError, OpTraits, Operator, Sharing};
use crate::port::PortId;
use crate::sync::atomic::{AtomicU64, Ordering};

/// Configuration of the operator.
#[derive(Clone, Debug)]
pub struct Config {
    /// Longest time an event may take, milliseconds.
    pub timeout_ms: f64,
    /// Taken from the share for a bad event.
    pub step_down: f64,
    /// Added to the share for a good one.
    pub step_up: f64,
}

/// See the module's documentation.
pub struct Percentile {
    config: Config,
    overflow: PortId,
    /// Bits of the share, a double within 0 and 1.
    share: AtomicU64,
}

impl Percentile {
    /// An operator that sheds to `overflow`.
    pub fn new(config: Config, overflow: PortId) -> Self {
        Self {
            config,
            overflow,
            share: AtomicU64::new(1.0_f64.to_bits()),
        }
    }

    fn is_bad(&self, insight: &Insight) -> bool {
        insight.has_error
            || matches!(insight.kind, InsightKind::Fail | InsightKind::Pause)
            || insight.time_ms.is_some_and(|time| time as f64 > self.config.timeout_ms)
    }

    fn change(&self, by: f64) {
        let update = |bits| Some((f64::from_bits(bits) + by).clamp(0.0, 1.0).to_bits());
        // The closure never refuses.
        let _ = self.share.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    }
}

impl Operator for Percentile {
    fn on_event(&self, cx: &mut OpCx<'_>, _port: PortId, mut event: Event) -> Result<(), OpError> {
        event.op_meta.set(cx.uid, Mark::Passed);
        event.transactional = true;
        let position = (event.ingest_ns % 65535) as f64 / 65535.0;
        let passes = position <= f64::from_bits(self.share.load(Ordering::Relaxed));
        cx.emit(if passes { PortId::DEFAULT } else { self.overflow }, event);
        Ok(())
    }

    fn on_insight(&self, uid: Uid, insight: &mut Insight) {
        let is_no_judgement =
            insight.kind == InsightKind::Cancelled || insight.attempt.is_some_and(|attempt| attempt.outcome == Outcome::Overload);
        if insight.op_meta.get(uid).is_none() || is_no_judgement {
            return;
        }
        self.change(if self.is_bad(insight) {
            -self.config.step_down
        } else {
            self.config.step_up
        });
    }

    fn traits(&self) -> OpTraits {
        OpTraits {
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

    fn unread(&self, name: &str, port: &str, _event: &Event) -> End {
        if port == "overflow" {
            End {
                retry_after_s: Some(1),
                ..End::new(Reason::Overflow)
            }
        } else {
            super::unlinked(name, port)
        }
    }
}
