//! `qos::roundrobin`: outputs in turn (spec/operators-and-flow.md B.8, spec/proxy.md 4.2).
//!
//! Algorithm. The outputs are looked at in turn, beginning at `next`, in up to three passes: the first output that is (1) open,
//! available and not the one this event was sent to before, (2) open and available, (3) open is taken, and `next` becomes the one
//! behind it. With `skip_unavailable = false` there is the third pass only. Open flags follow pause and resume insights that carry
//! this node's mark. `next` moves by one compare-and-swap, so workers that choose at the same moment take different outputs.

use parking_lot::RwLock;
use temblor_event::{End, Event, Insight, InsightKind, Mark, Reason, Signal, Uid};
use temblor_script::MetaPaths;

use super::{Availability, OpCx, OpError, OpTraits, Operator, Sharing};
use crate::port::PortId;
use crate::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// See the module's documentation.
pub struct RoundRobin {
    /// Output ports in configured order.
    outputs: Vec<PortId>,
    is_open: Vec<AtomicBool>,
    next: AtomicUsize,
    /// The initial open insight was not made yet.
    is_first_tick: AtomicBool,
    skip_unavailable: bool,
    overflow: PortId,
    /// Nodes and sinks behind exactly one output, ordered by uid. Read for insights without the own mark only.
    territory: RwLock<Vec<(Uid, u32)>>,
}

impl RoundRobin {
    /// A balancer over `outputs`, which must not be empty.
    pub fn new(outputs: Vec<PortId>, overflow: PortId, skip_unavailable: bool) -> Self {
        Self {
            is_open: outputs.iter().map(|_| AtomicBool::new(true)).collect(),
            outputs,
            next: AtomicUsize::new(0),
            is_first_tick: AtomicBool::new(true),
            skip_unavailable,
            overflow,
            territory: RwLock::default(),
        }
    }

    fn any_open(&self) -> bool {
        self.is_open.iter().any(|flag| flag.load(Ordering::Relaxed))
    }

    fn first(&self, from: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
        let count = self.outputs.len();
        (0..count)
            .map(|step| (from + step) % count)
            .find(|&index| self.is_open[index].load(Ordering::Relaxed) && fits(index))
    }

    /// The output that an insight speaks of: the one the event left by, or the one in whose territory the insight was made.
    fn output_of(&self, uid: Uid, insight: &Insight) -> Option<usize> {
        match insight.op_meta.get(uid) {
            Some(Mark::Output(index)) => Some(*index as usize),
            _ => {
                let territory = self.territory.read();
                let at = territory.binary_search_by_key(&insight.made_by, |(node, _)| *node).ok()?;
                Some(territory[at].1 as usize)
            }
        }
    }

    fn choose(&self, from: usize, before: Option<usize>, downstream: &dyn Availability, at_ns: u64) -> Option<usize> {
        if !self.skip_unavailable {
            return self.first(from, |_| true);
        }
        let is_available = |index: usize| downstream.is_available(self.outputs[index], at_ns);
        self.first(from, |index| Some(index) != before && is_available(index))
            .or_else(|| self.first(from, is_available))
            .or_else(|| self.first(from, |_| true))
    }
}

impl Operator for RoundRobin {
    fn on_event(&self, cx: &mut OpCx<'_>, _port: PortId, mut event: Event) -> Result<(), OpError> {
        let before = match event.op_meta.get(cx.uid) {
            Some(Mark::Output(index)) => Some(*index as usize),
            _ => None,
        };
        loop {
            let from = self.next.load(Ordering::Relaxed);
            let Some(chosen) = self.choose(from, before, cx.downstream, event.at_ns()) else {
                cx.emit(self.overflow, event);
                return Ok(());
            };
            let then = (chosen + 1) % self.outputs.len();
            if self
                .next
                .compare_exchange(from, then, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
            {
                event.op_meta.set(cx.uid, Mark::Output(chosen as u32));
                cx.emit(self.outputs[chosen], event);
                return Ok(());
            }
        }
    }

    fn on_signal(&self, cx: &mut OpCx<'_>, signal: Signal) -> Result<(), OpError> {
        if self.is_first_tick.load(Ordering::Relaxed) && self.any_open() && self.is_first_tick.swap(false, Ordering::Relaxed) {
            let insight = Insight::breaker(InsightKind::Resume, cx.uid, signal.ingest_ns());
            cx.raise(insight);
        }
        Ok(())
    }

    fn on_insight(&self, uid: Uid, insight: &mut Insight) {
        let is_breaker = matches!(insight.kind, InsightKind::Pause | InsightKind::Resume);
        if !is_breaker {
            return;
        }
        let before = self.any_open();
        if let Some(flag) = self.output_of(uid, insight).and_then(|index| self.is_open.get(index)) {
            flag.store(insight.kind == InsightKind::Resume, Ordering::Relaxed);
        }
        insight.kind = match (before, self.any_open()) {
            (false, true) => {
                // Sources know now; the initial insight would only repeat it.
                self.is_first_tick.store(false, Ordering::Relaxed);
                InsightKind::Resume
            }
            (true, false) => InsightKind::Pause,
            _ => InsightKind::None,
        };
    }

    fn traits(&self) -> OpTraits {
        OpTraits {
            handles_signals: true,
            handles_insights: true,
            ..OpTraits::PLAIN
        }
    }

    fn balanced_ports(&self) -> &[PortId] {
        &self.outputs
    }

    fn learn_territory(&self, mut nodes: Vec<(Uid, u32)>) {
        nodes.sort_by_key(|(uid, _)| *uid);
        *self.territory.write() = nodes;
    }

    fn meta_paths(&self) -> MetaPaths {
        MetaPaths::default()
    }

    fn sharing(&self) -> Sharing {
        Sharing::Atomic
    }

    fn is_available(&self, downstream: &dyn Availability, at_ns: u64) -> bool {
        let is_available = |index: usize| !self.skip_unavailable || downstream.is_available(self.outputs[index], at_ns);
        self.first(0, is_available).is_some()
    }

    fn unread(&self, name: &str, port: &str, _event: &Event) -> End {
        if port == "overflow" {
            End {
                retry_after_s: Some(1),
                ..End::new(Reason::NoUpstream)
            }
        } else {
            super::unlinked(name, port)
        }
    }
}
