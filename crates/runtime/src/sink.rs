//! Sinks (offramps): where events leave.
//!
//! A request/response sink returns an [`Exchange`], a future that the caller awaits in its own task; nothing is queued or spawned for
//! it. Other sinks finish at once or queue the event for a task of their own.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use smallvec::SmallVec;
use temblor_event::{Event, Insight, Outcome, Signal, Uid};

use temblor_script::MetaPaths;
use temblor_value::Str;

use crate::need::BodyNeed;

/// Output ports of a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkPort {
    /// Responses.
    Out,
    /// Errors.
    Err,
}

impl SinkPort {
    /// The port's name in links.
    pub fn name(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::Err => "err",
        }
    }
}

/// What an exchange gives: response or error events and at most one insight.
#[derive(Debug, Default)]
pub struct Reply {
    /// Events by port, in order.
    pub events: SmallVec<[(SinkPort, Event); 1]>,
    /// Feedback, if the event wanted any.
    pub insight: Option<Insight>,
    /// The insight goes back before the events go on (spec/artefacts.md 4.7).
    pub insight_first: bool,
}

/// A future that a sink hands to its caller.
pub type ReplyFuture = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// A request under way.
pub struct Exchange {
    /// Resolves when the response is there.
    pub future: ReplyFuture,
    /// Its response may lead to a reply; otherwise nobody waits for it.
    pub answers: bool,
    /// When it may be dropped because nobody waits for the answer any more.
    pub withdrawal: Withdrawal,
    /// Feedback to give if it has to be given up, its kind to be filled in; `None` if the event wants none.
    pub about: Option<Insight>,
}

/// When an exchange for which nobody waits any more may be dropped (spec/proxy.md 1.6, `cancel: auto`).
#[derive(Clone, Debug)]
pub enum Withdrawal {
    /// At any time: the request has a safe method.
    Always,
    /// Never: the other side does what it was asked to, and ought to be heard.
    Never,
    /// As long as the other side cannot have seen anything of it.
    Unsent(SentMark),
    /// As long as it waits for its turn, and from then on as the other one says.
    Queued(TurnMark, Box<Withdrawal>),
}

impl Withdrawal {
    /// May it be dropped now?
    pub fn is_possible(&self) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Unsent(mark) => !mark.is_set(),
            Self::Queued(turn, then) => turn.is_awaited() || then.is_possible(),
        }
    }

    /// May the other side have seen something of it?
    pub fn may_be_sent(&self) -> bool {
        match self {
            Self::Always | Self::Never => true,
            Self::Unsent(mark) => mark.is_set(),
            Self::Queued(turn, then) => !turn.is_awaited() && then.may_be_sent(),
        }
    }

    /// Does it still wait for its turn? Then its end is no judgement on the other side.
    pub fn is_queued(&self) -> bool {
        matches!(self, Self::Queued(turn, _) if turn.is_awaited())
    }

    /// How much of the time since its delivery is not to be counted, since it waited for its turn.
    pub fn uncounted(&self) -> Duration {
        match self {
            Self::Queued(turn, _) => turn.uncounted(),
            Self::Always | Self::Never | Self::Unsent(_) => Duration::ZERO,
        }
    }
}

/// Whether the turn of an exchange has come (spec/proxy.md 4.9); the exchange sets it, its caller looks.
#[derive(Clone, Debug)]
pub struct TurnMark(Arc<AtomicU64>);

impl TurnMark {
    /// The turn has not come; no real time is as long.
    const AWAITED: u64 = u64::MAX;

    /// It has come; `uncounted` of the time before is not to be counted.
    pub fn set(&self, uncounted: Duration) {
        let ns = u64::try_from(uncounted.as_nanos()).unwrap_or(Self::AWAITED - 1);
        self.0.store(ns, Ordering::Release);
    }

    fn is_awaited(&self) -> bool {
        self.0.load(Ordering::Acquire) == Self::AWAITED
    }

    fn uncounted(&self) -> Duration {
        match self.0.load(Ordering::Acquire) {
            Self::AWAITED => Duration::ZERO,
            ns => Duration::from_nanos(ns),
        }
    }
}

impl Default for TurnMark {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(Self::AWAITED)))
    }
}

/// Whether something of a request was sent; the exchange sets it, its caller looks.
#[derive(Clone, Debug, Default)]
pub struct SentMark(Arc<AtomicBool>);

impl SentMark {
    /// From now on the other side may have seen the request.
    pub fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// May the other side have seen the request?
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Feedback of one delivery; nearly always none or one.
pub type Insights = SmallVec<[Insight; 1]>;

/// What became of a delivered event.
pub enum Delivery {
    /// Finished at once, with feedback in this order.
    Done(Insights),
    /// Handed to the sink's own task; feedback comes later.
    Queued,
    /// Finished at once, with events.
    Reply(Box<Reply>),
    /// To be awaited by the caller.
    Exchange(Exchange),
}

impl Delivery {
    /// Finished at once, with feedback or without.
    pub fn done(insight: Option<Insight>) -> Self {
        Self::Done(insight.into_iter().collect())
    }
}

/// What a delivery may know of its surroundings.
#[derive(Clone, Copy)]
pub struct SinkCx<'a> {
    /// What reachable programs need of response bodies.
    pub response_need: BodyNeed,
    /// Metadata of responses that reachable programs may look at.
    pub response_meta: &'a MetaPaths,
    /// Wall clock, nanoseconds since the epoch.
    pub now_ns: u64,
    /// What marks of balancers on events stand for.
    pub outputs: &'a dyn OutputNames,
}

/// Knows the names of balancers' outputs.
pub trait OutputNames {
    /// The name of the output with this index that a balancer chooses from.
    fn output_name(&self, balancer: Uid, index: u32) -> Option<Str>;
}

/// A sink that stands alone: there is no balancer.
impl OutputNames for () {
    fn output_name(&self, _balancer: Uid, _index: u32) -> Option<Str> {
        None
    }
}

/// A running sink; shared by all workers.
pub trait Sink: Send + Sync {
    /// Takes an event. `port` is the input port it was sent to.
    fn deliver(&self, port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery;

    /// Time passes (every 100 ms); may give feedback.
    fn on_signal(&self, _signal: Signal) -> Option<Insight> {
        None
    }

    /// Whether it is connected; reported to every pipeline that is linked to it.
    fn is_active(&self) -> bool {
        true
    }

    /// Whether it could take an event now (spec/proxy.md 4.1, *Availability*).
    fn is_available(&self) -> bool {
        true
    }

    /// An exchange was dropped before its end, with this outcome.
    fn given_up(&self, _outcome: Outcome) {}

    /// Ends what the sink holds open. Called when nothing more is to be delivered; once more if an undeploying and the end of the process meet.
    fn stop(&self) {}
}
