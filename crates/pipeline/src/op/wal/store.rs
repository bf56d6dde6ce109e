//! What a write-ahead log keeps its events in.
//!
//! The operator is written against [`LogStore`]; who makes an instance of a query hands in [`LogStores`], which knows folders and files.

use temblor_event::Event;

use crate::op::OpError;
use crate::op::memory_log::MemoryLog;

/// Keeps events by number for a log; numbers increase strictly.
pub trait LogStore: Send {
    /// Takes an event to be stored under `number`, which is at least [`LogStore::next_number`]. It is stored with the next
    /// [`LogStore::flush`]; whether it counts and can be read before that is up to the store.
    ///
    /// # Errors
    /// The event is not taken.
    fn append(&mut self, number: u64, event: Event) -> Result<(), LogError>;

    /// Stores all events taken since the last call.
    ///
    /// # Errors
    /// None of them is stored.
    fn flush(&mut self) -> Result<(), LogError>;

    /// Adds up to `count` events that were not read before and lie above the number confirmed at the start, in order.
    ///
    /// # Errors
    /// The store could not be read. What was added before that was read.
    fn read(&mut self, count: usize, into: &mut Vec<(u64, Event)>) -> Result<(), LogError>;

    /// An event that was read before; `None` if it was deleted or is damaged.
    ///
    /// # Errors
    /// The store could not be read.
    fn read_again(&mut self, number: u64) -> Result<Option<Event>, LogError>;

    /// Deletes all events up to and including `number`, which were all read.
    ///
    /// # Errors
    /// The store could not be written.
    fn delete_to(&mut self, number: u64) -> Result<(), LogError>;

    /// The number that was confirmed last; survives a restart where the store does.
    fn confirmed(&self) -> Option<u64>;

    /// Notes the number that was confirmed last; `now_ns` is the time. It survives a restart once something more is appended, with the next
    /// tick at the latest, and at once unless confirmations come thick and fast.
    ///
    /// # Errors
    /// The store could not be written.
    fn confirm(&mut self, number: u64, now_ns: u64) -> Result<(), LogError>;

    /// Time passes: writes down what is only noted.
    ///
    /// # Errors
    /// The store could not be written.
    fn tick(&mut self) -> Result<(), LogError>;

    /// The number for the next event.
    fn next_number(&self) -> u64;

    /// Number of stored events.
    fn count(&self) -> u64;

    /// Bytes of stored events.
    fn bytes(&self) -> u64;

    /// Whether another instance finds what is stored when this one is gone.
    fn is_lasting(&self) -> bool;
}

/// A store failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the write-ahead log failed: {0}")]
pub struct LogError(pub String);

impl From<LogError> for OpError {
    fn from(error: LogError) -> Self {
        Self::new(error.to_string())
    }
}

/// When what was stored goes to the disk itself (spec/operators-and-flow.md B.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncPolicy {
    /// Before an event counts as stored.
    Event,
    /// At least once in so many milliseconds.
    IntervalMs(u64),
    /// When the system sees fit.
    None,
}

/// Opens the stores of logs that have a folder.
pub trait LogStores {
    /// Opens, or creates, the store in folder `dir`.
    ///
    /// # Errors
    /// The folder cannot be used: it cannot be read or written, or another log uses it.
    fn open(&self, dir: &str, sync: SyncPolicy) -> Result<Box<dyn LogStore>, LogError>;
}

/// Stores that leave folders alone: for queries that are looked at and not run.
#[derive(Clone, Copy, Debug)]
pub struct NoFolders;

impl LogStores for NoFolders {
    fn open(&self, _dir: &str, _sync: SyncPolicy) -> Result<Box<dyn LogStore>, LogError> {
        Ok(Box::new(MemoryLog::new(true)))
    }
}
