//! `qos::wal`: a write-ahead log (spec/operators-and-flow.md B.9).
//!
//! Algorithm. Every event is stored, and acknowledged if somebody wants that; what leaves is read back from the store in order, while
//! the sinks behind are open. The events of one turn are stored together, so that a busy log asks the system once for all of them. An emitted event is settled when an acknowledgement tracks its number or when it ended inside the graph; a
//! failure puts it back, to be emitted again. *Confirmed* is the number up to which everything is settled; what it covers is deleted with
//! the next event or tick. At a limit the sources before are paused until there is room.
//!
//! Invariants: an event is emitted only after it was stored, and nothing fails after something was emitted (what a failing call emitted is
//! dropped, and would count as ended). Insights about events of this log end here; since they reach no source, the id of the confirmed event
//! is not tracked in them.

mod settling;
mod store;
mod under_way;

use std::collections::BTreeMap;

use temblor_event::{End, Event, EventId, Insight, InsightKind, OpMeta, Reason, Signal, Tickets, Uid};

use self::settling::{Settling, numbers_of};
pub use self::store::{LogError, LogStore, LogStores, NoFolders, SyncPolicy};
use super::{OpCx, OpError, OpTraits, StatefulOperator};
use crate::port::PortId;

/// Events that leave a log which does not last with each signal to drain, if `read_count` allows no more at a time: the drain time is all there
/// is, and yet what is behind the log must not be flooded.
const LAST_CHANCE: usize = 256;

/// Configuration of the operator.
#[derive(Clone, Debug)]
pub struct Config {
    /// One less than the events read at a time.
    pub read_count: u64,
    /// Events at which sources are paused.
    pub max_elements: Option<u64>,
    /// Bytes at which sources are paused.
    pub max_bytes: Option<u64>,
}

/// See the module's documentation.
pub struct Wal {
    config: Config,
    store: Box<dyn LogStore>,
    settling: Settling,
    /// Events with a lower number were stored by an earlier instance, whose uids mean something else.
    own_from: u64,
    /// What was deleted last.
    deleted: Option<u64>,
    is_broken: bool,
    is_full: bool,
    /// Time of the last event.
    now_ns: u64,
    /// What is said of events that the store has taken and not stored yet to those who asked: acknowledgements, unless storing fails.
    answers: Vec<Insight>,
    /// The first of them, if there are any.
    unstored_from: Option<u64>,
    /// Events of this turn: each is one more reading.
    taken: usize,
    /// Tickets of events that were not emitted yet.
    tickets: BTreeMap<u64, Tickets>,
    /// Buffer for what is read.
    read: Vec<(u64, Event)>,
}

impl Wal {
    /// A log over `store`.
    pub fn new(config: Config, store: Box<dyn LogStore>) -> Self {
        let confirmed = store.confirmed();
        Self {
            config,
            settling: Settling::new(confirmed),
            own_from: store.next_number(),
            deleted: confirmed,
            store,
            is_broken: true,
            is_full: false,
            now_ns: 0,
            answers: Vec::new(),
            unstored_from: None,
            taken: 0,
            tickets: BTreeMap::new(),
            read: Vec::new(),
        }
    }

    fn is_at_limit(&self) -> bool {
        self.config.max_elements.is_some_and(|max| self.store.count() >= max)
            || self.config.max_bytes.is_some_and(|max| self.store.bytes() >= max)
    }

    /// Pauses or resumes what lies before, when that changes.
    fn watch_limit(&mut self, cx: &mut OpCx<'_>, now_ns: u64) {
        let is_full = self.is_at_limit();
        if is_full == self.is_full {
            return;
        }
        self.is_full = is_full;
        let (count, bytes) = (self.store.count(), self.store.bytes());
        let kind = if is_full {
            tracing::warn!(target: "tremor_pipeline::wal", "[{}] the log is full ({count} events, {bytes} bytes): what lies before it is paused", cx.name);
            InsightKind::Pause
        } else {
            tracing::info!(target: "tremor_pipeline::wal", "[{}] the log has room again: what lies before it may go on", cx.name);
            InsightKind::Resume
        };
        cx.raise(Insight::breaker(kind, cx.uid, now_ns));
    }

    /// Settles what ended, and deletes what is confirmed.
    fn clean_up(&mut self, cx: &OpCx<'_>, now_ns: u64) {
        self.settling.settle_ended();
        let result = self.confirm(now_ns).and_then(|()| match self.store.confirmed() {
            Some(confirmed) if self.deleted < Some(confirmed) => {
                self.deleted = Some(confirmed);
                self.store.delete_to(confirmed)
            }
            _ => Ok(()),
        });
        if let Err(error) = result {
            report(cx.name, &error);
        }
    }

    fn confirm(&mut self, now_ns: u64) -> Result<(), LogError> {
        match self.settling.confirmed() {
            Some(number) if self.store.confirmed() != Some(number) => self.store.confirm(number, now_ns),
            _ => Ok(()),
        }
    }

    /// Hands an event to the store as one of this log.
    fn take_in(&mut self, cx: &mut OpCx<'_>, mut event: Event) -> Result<(), LogError> {
        let number = self.store.next_number();
        let ack = event
            .transactional
            .then(|| Insight::about(&event, InsightKind::Ack, cx.uid, event.ingest_ns));
        let tickets = cx.hold(&mut event);
        // Whoever lent it gets an acknowledgement.
        std::mem::take(&mut event.lease).deliver();
        event.op_meta.forget_attempts();
        event.resent_ns = None;
        let mut id = EventId::new(cx.uid, number);
        id.track(&event.id);
        event.id = id;
        // What comes out of a log was made anew: original bytes do not outlive it, unless making them anew gives the same.
        if event.payload.original().is_some_and(|original| !original.is_exact) {
            event.payload.forget_original();
        }
        self.store.append(number, event)?;
        self.unstored_from.get_or_insert(number);
        self.answers.extend(ack);
        if !tickets.is_empty() {
            self.tickets.insert(number, tickets);
        }
        Ok(())
    }

    /// Stores what was taken in, and acknowledges it. What cannot be stored has failed: whoever sent it may send it again.
    fn flush(&mut self, cx: &mut OpCx<'_>) -> Result<(), LogError> {
        let Some(first) = self.unstored_from.take() else {
            return Ok(());
        };
        let stored = self.store.flush();
        if let Err(error) = &stored {
            let end = End::with_detail(Reason::SelectError, error.to_string());
            for tickets in self.tickets.split_off(&first).values() {
                tickets.offer(&end);
            }
        }
        for mut answer in self.answers.drain(..) {
            if stored.is_err() {
                answer.kind = InsightKind::Fail;
            }
            cx.raise(answer);
        }
        stored
    }

    /// Emits what failed before, then what was not emitted yet, as much as `readings` give.
    fn read(&mut self, cx: &mut OpCx<'_>, readings: usize) {
        if self.is_broken {
            return;
        }
        let room = usize::try_from(self.config.read_count)
            .unwrap_or(usize::MAX)
            .saturating_add(1)
            .saturating_mul(readings);
        let mut read = std::mem::take(&mut self.read);
        if let Err(error) = self.read_returned(room, &mut read) {
            report(cx.name, &error);
        }
        let left = room.saturating_sub(read.len());
        if let Err(error) = self.store.read(left, &mut read) {
            report(cx.name, &error);
        }
        for (number, event) in read.drain(..) {
            self.emit(cx, number, event);
        }
        self.read = read;
    }

    fn read_returned(&mut self, room: usize, read: &mut Vec<(u64, Event)>) -> Result<(), LogError> {
        let mut numbers = self.settling.returned_from(0);
        while read.len() < room
            && let Some(number) = numbers
        {
            match self.store.read_again(number)? {
                Some(event) => read.push((number, event)),
                None => self.settling.settle(number..=number),
            }
            numbers = self.settling.returned_from(number + 1);
        }
        Ok(())
    }

    fn emit(&mut self, cx: &mut OpCx<'_>, number: u64, mut event: Event) {
        if number < self.own_from {
            event.id = EventId::new(cx.uid, number);
            event.op_meta = OpMeta::default();
        }
        event.transactional = true;
        event.tickets = self.tickets.remove(&number).unwrap_or_default();
        event.lease = self.settling.lend(number);
        cx.emit(PortId::DEFAULT, event);
    }

    /// Takes in what an insight says of events of this log; false if it speaks of none.
    fn judge(&mut self, uid: Uid, id: Option<&EventId>, kind: InsightKind) -> bool {
        let mut is_ours = false;
        for numbers in id.into_iter().flat_map(|id| numbers_of(id, uid)) {
            is_ours = true;
            if kind == InsightKind::Ack {
                self.settling.settle(numbers);
            } else if let Some(gone) = self.settling.put_back(numbers, self.deleted) {
                tracing::warn!(
                    target: "tremor_pipeline::wal",
                    "events {} to {} of a write-ahead log failed after they had been confirmed; they cannot be delivered again",
                    gone.start(),
                    gone.end()
                );
            }
        }
        is_ours
    }
}

fn report(name: &str, error: &LogError) {
    tracing::error!(target: "tremor_pipeline::wal", "[{name}] {error}");
}

impl StatefulOperator for Wal {
    fn on_event(&mut self, cx: &mut OpCx<'_>, _port: PortId, event: Event) -> Result<(), OpError> {
        self.now_ns = event.ingest_ns;
        self.taken += 1;
        Ok(self.take_in(cx, event)?)
    }

    fn on_turn_end(&mut self, cx: &mut OpCx<'_>) -> Result<(), OpError> {
        let readings = std::mem::take(&mut self.taken);
        self.clean_up(cx, self.now_ns);
        // Nothing was emitted yet, so the call may fail.
        self.flush(cx)?;
        self.watch_limit(cx, self.now_ns);
        self.read(cx, readings);
        Ok(())
    }

    fn on_signal(&mut self, cx: &mut OpCx<'_>, signal: Signal) -> Result<(), OpError> {
        self.clean_up(cx, signal.ingest_ns());
        // What somebody else's turn has taken in so far.
        if let Err(error) = self.flush(cx).and_then(|()| self.store.tick()) {
            report(cx.name, &error);
        }
        self.watch_limit(cx, signal.ingest_ns());
        let at_a_time = usize::try_from(self.config.read_count)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let readings = match signal {
            Signal::Drain { .. } if !self.store.is_lasting() => LAST_CHANCE.div_ceil(at_a_time),
            // What lasts is there again; sending it now would keep those busy who are to end. But requests are not.
            Signal::Drain { .. } if self.tickets.is_empty() => 0,
            _ => 1,
        };
        self.read(cx, readings);
        Ok(())
    }

    fn on_insight(&mut self, uid: Uid, insight: &mut Insight) {
        match insight.kind {
            InsightKind::Resume => self.is_broken = false,
            InsightKind::Pause => self.is_broken = true,
            InsightKind::Ack | InsightKind::Fail => {
                if !self.judge(uid, insight.id.as_ref(), insight.kind) {
                    return;
                }
                if let Err(error) = self.confirm(insight.ingest_ns) {
                    report("qos::wal", &error);
                }
            }
            InsightKind::None | InsightKind::Cancelled => return,
        }
        insight.kind = InsightKind::None;
    }

    fn held(&self) -> u64 {
        if self.store.is_lasting() { 0 } else { self.store.count() }
    }

    fn traits(&self) -> OpTraits {
        OpTraits {
            handles_signals: true,
            handles_insights: true,
            reads_event: true,
            always_replaces_event: true,
            holds_events: true,
            ends_turns: true,
        }
    }
}
