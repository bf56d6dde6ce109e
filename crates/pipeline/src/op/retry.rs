//! `qos::retry`: sends an event again when an upstream failed it (spec/proxy.md 4.5).
//!
//! Algorithm. Every event leaves marked with a copy of itself and the number of the attempt. A failure that comes back with the mark is
//! *claimed* if all of this holds, in this order: the request can still be answered; the outcome or status is in `on`; attempts are left; the
//! method is in `methods`, or nothing was sent, or `$retry` says so; the body can be sent again; the pause, a random one of at most
//! `backoff` · 2^(n-1), ends before the deadline; the budget allows it. Then the copy leaves again after the pause, with the marks of the
//! nodes behind, so that a balancer can choose another output. What is not claimed goes on as if this operator were not there.
//!
//! Budget: over the last `budget_window`, counted in ten slices, repeats are allowed below `min_per_second` a second plus `budget` percent
//! of the first attempts. The counters are atomics; of workers that pass a slice's border at once one empties it.

use std::sync::Arc;

use temblor_event::{Attempt, Attempted, Claim, Data, Event, Insight, InsightKind, Mark, Outcome, Tickets, Uid};
use temblor_metrics::{Counter, Family, Kind, Page};
use temblor_script::MetaPaths;
use temblor_value::{Chance, Str, Value};

use super::failure::FailureClasses;
use super::{OpCx, OpError, OpTraits, Operator, Sharing};
use crate::port::PortId;
use crate::sync::atomic::{AtomicU64, Ordering};

const NS_PER_MS: u64 = 1_000_000;
/// The input for commands, the first one behind `in`.
const CONTROL: PortId = PortId(1);
/// Slices that the budget's window is counted in.
const SLICES: usize = 10;

const RETRIES: Family = Family {
    name: "temblor_retry_total",
    kind: Kind::Counter,
    help: "Failures that came back to a retry operator, by what was done about them: repeated, or why not",
};

/// Why a failure is not claimed, in the order in which it is looked at; or that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Deadline,
    Class,
    Attempts,
    Method,
    Body,
    Budget,
    Repeated,
}

const VERDICTS: [(Verdict, &str); 7] = [
    (Verdict::Deadline, "deadline"),
    (Verdict::Class, "class"),
    (Verdict::Attempts, "attempts"),
    (Verdict::Method, "method"),
    (Verdict::Body, "body"),
    (Verdict::Budget, "budget"),
    (Verdict::Repeated, "repeated"),
];

/// Configuration of the operator.
#[derive(Clone, Debug)]
pub struct Config {
    /// Attempts at most, the first one included; at least 1.
    pub attempts: u64,
    /// Failures that are worth another attempt.
    pub on: FailureClasses,
    /// Methods of requests that may be sent twice, in upper case.
    pub methods: Vec<Str>,
    /// Pause before the second attempt at most, milliseconds; doubled for each further one.
    pub backoff_ms: u64,
    /// Longest pause, milliseconds.
    pub backoff_max_ms: u64,
    /// Longest time of each attempt, milliseconds; `None`: no limit.
    pub attempt_timeout_ms: Option<u64>,
    /// Bytes of a body on its way that are kept for sending it again.
    pub body_limit: u64,
    /// Repeats per hundred first attempts.
    pub budget_percent: f64,
    /// Repeats a second that are always allowed.
    pub min_per_second: f64,
    /// Time that the budget looks back, milliseconds; at least 1.
    pub budget_window_ms: u64,
}

/// See the module's documentation.
pub struct Retry {
    config: Config,
    /// `attempts`, as commands may change it.
    attempts: AtomicU64,
    /// `budget_percent`, as commands may change it; the bits of a float.
    budget_percent: AtomicU64,
    budget: Budget,
    /// State of the generator for pauses.
    seed: AtomicU64,
    /// By [`Verdict`].
    verdicts: [Counter; VERDICTS.len()],
}

impl Retry {
    /// An operator that has sent nothing yet.
    pub fn new(config: Config) -> Self {
        Self {
            attempts: AtomicU64::new(config.attempts),
            budget_percent: AtomicU64::new(config.budget_percent.to_bits()),
            budget: Budget::new(config.budget_window_ms),
            seed: AtomicU64::new(0),
            verdicts: Default::default(),
            config,
        }
    }

    fn send(&self, cx: &mut OpCx<'_>, event: Event) {
        self.budget.count_first(event.at_ns());
        let marked = self.marked(cx.uid, event, 1);
        cx.emit(PortId::DEFAULT, marked);
    }

    fn marked(&self, uid: Uid, mut event: Event, number: u32) -> Event {
        let mut marked = event.clone();
        marked.transactional = true;
        // A copy in a mark carries nothing: whoever sends it again hangs the tickets of the failed attempt on it.
        event.tickets = Tickets::default();
        let attempted = Attempted {
            copy: event,
            number,
            timeout_ms: self.config.attempt_timeout_ms,
            body_limit: self.config.body_limit,
        };
        marked.op_meta.set(uid, Mark::Attempted(Arc::new(attempted)));
        marked
    }

    /// The pause after which a failed attempt is repeated, milliseconds; or why it is not.
    fn judge(&self, attempted: &Attempted, attempt: Attempt, insight: &Insight) -> Result<u64, Verdict> {
        let now_ns = insight.ingest_ns;
        let is_late = |at_ns: u64| insight.repeatable_until_ns.is_none_or(|until_ns| at_ns >= until_ns);
        if is_late(now_ns) {
            return Err(Verdict::Deadline);
        }
        if !self.config.on.matches(attempt) {
            return Err(Verdict::Class);
        }
        if u64::from(attempted.number) >= self.attempts.load(Ordering::Relaxed) {
            return Err(Verdict::Attempts);
        }
        if !self.may_be_sent_twice(&attempted.copy, attempt) {
            return Err(Verdict::Method);
        }
        if matches!(attempted.copy.payload.data(), Data::Stream(stream) if !stream.is_whole()) {
            return Err(Verdict::Body);
        }
        let pause_ms = self.pause_ms(attempted.number);
        if is_late(after(now_ns, pause_ms)) {
            return Err(Verdict::Deadline);
        }
        // Last, since it counts the repeat.
        let percent = f64::from_bits(self.budget_percent.load(Ordering::Relaxed));
        if self.budget.take(now_ns, percent, self.config.min_per_second) {
            Ok(pause_ms)
        } else {
            Err(Verdict::Budget)
        }
    }

    /// The claim on a failure, if all conditions hold.
    fn claim(&self, uid: Uid, attempted: &Attempted, attempt: Attempt, insight: &Insight) -> Result<Claim, Verdict> {
        let pause_ms = self.judge(attempted, attempt, insight)?;
        let mut event = self.marked(uid, attempted.copy.clone(), attempted.number + 1);
        let own = event.op_meta.get(uid).cloned();
        // The marks of the nodes behind go along: a balancer remembers what it tried.
        event.op_meta.merge(&insight.op_meta);
        if let Some(own) = own {
            event.op_meta.set(uid, own);
        }
        event.resent_ns = Some(after(insight.ingest_ns, pause_ms));
        Ok(Claim { event, pause_ms })
    }

    fn may_be_sent_twice(&self, event: &Event, attempt: Attempt) -> bool {
        match event.meta().get("retry") {
            Some(Value::Bool(allowed)) => *allowed,
            _ => !attempt.is_sent || self.is_known_method(event),
        }
    }

    fn is_known_method(&self, event: &Event) -> bool {
        let method = event.meta().get("request").and_then(|request| request.get("method"));
        method
            .and_then(|method| method.as_str())
            .is_some_and(|method| self.config.methods.iter().any(|known| known.eq_ignore_ascii_case(method)))
    }

    /// A number from 0 to the longest pause of the attempt that follows `number`.
    fn pause_ms(&self, number: u32) -> u64 {
        let factor = 1_u64.checked_shl(number - 1).unwrap_or(u64::MAX);
        let most = self.config.backoff_max_ms.min(self.config.backoff_ms.saturating_mul(factor));
        let mut chance = Chance::new(self.seed.fetch_add(Chance::STEP, Ordering::Relaxed));
        chance.bits() % most.saturating_add(1).max(1)
    }

    fn command(&self, cx: &OpCx<'_>, command: &Value) {
        let attempts = command.get("attempts").map(Value::as_u64);
        let budget = command.get("budget").map(Value::as_f64);
        match (attempts, budget) {
            (None, None) | (Some(None | Some(0)), _) | (_, Some(None)) => {
                tracing::warn!(target: "tremor_pipeline::retry", "{}: this is no command: {command:?}", cx.name);
            }
            (attempts, budget) => {
                if let Some(Some(attempts)) = attempts {
                    self.attempts.store(attempts, Ordering::Relaxed);
                }
                if let Some(Some(budget)) = budget {
                    self.budget_percent.store(budget.to_bits(), Ordering::Relaxed);
                }
            }
        }
    }
}

impl Operator for Retry {
    fn on_event(&self, cx: &mut OpCx<'_>, port: PortId, event: Event) -> Result<(), OpError> {
        if port != CONTROL {
            self.send(cx, event);
            return Ok(());
        }
        match event.value() {
            Value::Array(commands) => commands.iter().for_each(|command| self.command(cx, command)),
            command => self.command(cx, command),
        }
        Ok(())
    }

    fn on_insight(&self, uid: Uid, insight: &mut Insight) {
        let Some(Mark::Attempted(attempted)) = insight.op_meta.get(uid) else {
            return;
        };
        let Some(attempt) = insight.attempt else { return };
        if insight.claim.is_some() || insight.kind == InsightKind::Cancelled || attempt.outcome == Outcome::Cancelled {
            return;
        }
        // What others take for a success may be worth another attempt here.
        if insight.kind == InsightKind::Ack && !self.config.on.matches(attempt) {
            return;
        }
        let claim = self.claim(uid, attempted, attempt, insight);
        let verdict = claim.as_ref().err().copied().unwrap_or(Verdict::Repeated);
        self.verdicts[verdict as usize].one();
        insight.claim = claim.ok();
    }

    fn collect(&self, labels: &[(&str, &str)], page: &mut Page) {
        for ((_, name), count) in VERDICTS.iter().zip(&self.verdicts) {
            let labels = [labels, &[("result", *name)]].concat();
            page.counter(&RETRIES, &labels, count.get());
        }
    }

    fn input_ports(&self) -> &'static [&'static str] {
        &["control"]
    }

    fn traits(&self) -> OpTraits {
        OpTraits {
            handles_insights: true,
            ..OpTraits::PLAIN
        }
    }

    fn meta_paths(&self) -> MetaPaths {
        MetaPaths::Everything
    }

    fn sharing(&self) -> Sharing {
        Sharing::Atomic
    }
}

fn after(now_ns: u64, pause_ms: u64) -> u64 {
    now_ns.saturating_add(pause_ms.saturating_mul(NS_PER_MS))
}

/// First attempts and repeats over a sliding window.
struct Budget {
    slice_ns: u64,
    slices: [Slice; SLICES],
}

#[derive(Default)]
struct Slice {
    /// Which stretch of time the counters are of, counted from the epoch in slices.
    stretch: AtomicU64,
    firsts: AtomicU64,
    repeats: AtomicU64,
}

impl Budget {
    fn new(window_ms: u64) -> Self {
        let slice_ns = window_ms.saturating_mul(NS_PER_MS) / SLICES as u64;
        Self {
            slice_ns: slice_ns.max(1),
            slices: std::array::from_fn(|_| Slice::default()),
        }
    }

    /// The slice of the present; emptied if it is of an earlier round.
    fn present(&self, now_ns: u64) -> &Slice {
        let stretch = now_ns / self.slice_ns;
        let slice = &self.slices[(stretch % SLICES as u64) as usize];
        let known = slice.stretch.load(Ordering::Acquire);
        if known < stretch
            && slice
                .stretch
                .compare_exchange(known, stretch, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        {
            slice.firsts.store(0, Ordering::Relaxed);
            slice.repeats.store(0, Ordering::Relaxed);
        }
        slice
    }

    fn count_first(&self, now_ns: u64) {
        self.present(now_ns).firsts.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes one repeat out of the budget; false if it is used up.
    fn take(&self, now_ns: u64, percent: f64, min_per_second: f64) -> bool {
        let present = self.present(now_ns);
        let newest = now_ns / self.slice_ns;
        let (mut firsts, mut repeats) = (0, 0);
        for slice in &self.slices {
            if slice.stretch.load(Ordering::Acquire) + SLICES as u64 > newest {
                firsts += slice.firsts.load(Ordering::Relaxed);
                repeats += slice.repeats.load(Ordering::Relaxed);
            }
        }
        let seconds = self.slice_ns as f64 * SLICES as f64 / 1e9;
        let is_allowed = (repeats as f64) < min_per_second * seconds + percent / 100.0 * firsts as f64;
        if is_allowed {
            present.repeats.fetch_add(1, Ordering::Relaxed);
        }
        is_allowed
    }
}
