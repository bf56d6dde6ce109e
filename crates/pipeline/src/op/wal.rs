//! `qos::wal`: a write-ahead log (spec/operators-and-flow.md B.9).
//!
//! Algorithm. Every event is stored, and acknowledged at once if somebody wants that; what leaves is read back from the store, from the
//! read position upwards, while the sinks behind are open. An acknowledgement moves the confirmed number up, and what it covers is deleted
//! at the next reading; a failure moves the read position back. At a limit the sources before are paused until there is room.
//!
//! Acknowledgements are cumulative, as in the older engine: one of a later event covers those before it that ended inside the graph.

use std::collections::BTreeMap;

use temblor_event::{Event, EventId, Insight, InsightKind, Signal, Tickets, Uid};

use super::{OpCx, OpError, OpTraits, StatefulOperator};
use crate::port::PortId;

/// Keeps events by number for a log; numbers increase strictly.
pub trait LogStore: Send {
    /// Stores an event under `number`, which is above all numbers before.
    ///
    /// # Errors
    /// The event could not be stored.
    fn append(&mut self, number: u64, event: &Event) -> Result<(), LogError>;

    /// Up to `count` events in order, from number `from` on.
    ///
    /// # Errors
    /// The store could not be read.
    fn read(&mut self, from: u64, count: usize) -> Result<Vec<(u64, Event)>, LogError>;

    /// Deletes all events up to and including `number`.
    ///
    /// # Errors
    /// The store could not be written.
    fn delete_to(&mut self, number: u64) -> Result<(), LogError>;

    /// The number that was confirmed last; survives a restart where the store does.
    fn confirmed(&self) -> Option<u64>;

    /// Notes the number that was confirmed last.
    ///
    /// # Errors
    /// The store could not be written.
    fn confirm(&mut self, number: u64) -> Result<(), LogError>;

    /// The number for the next event.
    fn next_number(&self) -> u64;

    /// Number of stored events.
    fn count(&self) -> u64;

    /// Bytes of stored events.
    fn bytes(&self) -> u64;
}

/// A store failed.
#[derive(Debug, thiserror::Error)]
#[error("the write-ahead log failed: {0}")]
pub struct LogError(pub String);

impl From<LogError> for OpError {
    fn from(error: LogError) -> Self {
        Self::new(error.to_string())
    }
}

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
    read_position: u64,
    is_broken: bool,
    is_full: bool,
    /// Tickets of stored events that were not emitted yet.
    tickets: BTreeMap<u64, Tickets>,
    /// What failed where no error can be returned; raised with the next event or tick.
    failed: Option<LogError>,
}

impl Wal {
    /// A log over `store`.
    pub fn new(config: Config, store: Box<dyn LogStore>) -> Self {
        Self {
            config,
            read_position: store.confirmed().unwrap_or(0),
            store,
            is_broken: true,
            is_full: false,
            tickets: BTreeMap::new(),
            failed: None,
        }
    }

    fn is_at_limit(&self) -> bool {
        self.config.max_elements.is_some_and(|max| self.store.count() >= max)
            || self.config.max_bytes.is_some_and(|max| self.store.bytes() >= max)
    }

    /// Pauses or resumes what lies before, when that changes.
    fn watch_limit(&mut self, cx: &mut OpCx<'_>, now_ns: u64) {
        let is_full = self.is_at_limit();
        if is_full != self.is_full {
            self.is_full = is_full;
            let kind = if is_full { InsightKind::Pause } else { InsightKind::Resume };
            cx.raise(Insight::breaker(kind, cx.uid, now_ns));
        }
    }

    fn read(&mut self, cx: &mut OpCx<'_>) -> Result<(), LogError> {
        if self.is_broken {
            return Ok(());
        }
        let count = usize::try_from(self.config.read_count)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        for (number, mut event) in self.store.read(self.read_position, count)? {
            self.read_position = number + 1;
            event.transactional = true;
            event.tickets = self.tickets.remove(&number).unwrap_or_default();
            cx.emit(PortId::DEFAULT, event);
        }
        match self.store.confirmed() {
            Some(confirmed) => self.store.delete_to(confirmed),
            None => Ok(()),
        }
    }

    fn raise_failure(&mut self) -> Result<(), LogError> {
        self.failed.take().map_or(Ok(()), Err)
    }

    fn store(&mut self, cx: &mut OpCx<'_>, event: &Event) -> Result<(), LogError> {
        let number = self.store.next_number();
        let mut stored = event.clone();
        let tickets = cx.hold(&mut stored);
        stored.id = EventId::new(cx.uid, number);
        stored.id.track(&event.id);
        // What comes out of a log was made anew: original bytes do not outlive it.
        stored.payload.replace(event.value().clone());
        self.store.append(number, &stored)?;
        if !tickets.is_empty() {
            self.tickets.insert(number, tickets);
        }
        Ok(())
    }

    fn confirm(&mut self, number: u64) {
        self.failed = self.store.confirm(number).err();
    }

    /// Takes the id of the confirmed event into the insight, so that sources can tell how far it reaches.
    fn track_confirmed(&mut self, insight: &mut Insight) {
        let Some(confirmed) = self.store.confirmed() else { return };
        let Ok(events) = self.store.read(confirmed, 1) else { return };
        if let Some((_, event)) = events.first().filter(|(number, _)| *number == confirmed)
            && let Some(id) = &mut insight.id
        {
            id.track(&event.id);
        }
    }
}

impl StatefulOperator for Wal {
    fn on_event(&mut self, cx: &mut OpCx<'_>, _port: PortId, event: Event) -> Result<(), OpError> {
        self.raise_failure()?;
        self.store(cx, &event)?;
        if event.transactional {
            cx.raise(Insight::about(&event, InsightKind::Ack, cx.uid, event.ingest_ns));
        }
        self.watch_limit(cx, event.ingest_ns);
        Ok(self.read(cx)?)
    }

    fn on_signal(&mut self, cx: &mut OpCx<'_>, signal: Signal) -> Result<(), OpError> {
        self.raise_failure()?;
        self.watch_limit(cx, signal.ingest_ns());
        Ok(self.read(cx)?)
    }

    fn on_insight(&mut self, uid: Uid, insight: &mut Insight) {
        let id = insight.id.as_ref();
        match insight.kind {
            InsightKind::Resume => self.is_broken = false,
            InsightKind::Pause => self.is_broken = true,
            InsightKind::Ack => match id.and_then(|id| id.max_by_source(uid)) {
                Some((_, number)) => self.confirm(number),
                None => return,
            },
            InsightKind::Fail => match id.and_then(|id| id.min_by_source(uid)) {
                Some((_, number)) => {
                    self.read_position = self.read_position.min(number);
                    if self.store.confirmed().is_some_and(|confirmed| number < confirmed) {
                        self.confirm(number);
                    }
                }
                None => return,
            },
            InsightKind::None | InsightKind::Cancelled => return,
        }
        insight.kind = InsightKind::None;
        self.track_confirmed(insight);
    }

    fn traits(&self) -> OpTraits {
        OpTraits {
            handles_signals: true,
            handles_insights: true,
            reads_event: true,
            always_replaces_event: true,
            holds_events: true,
        }
    }
}
