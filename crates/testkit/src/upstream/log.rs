//! What an upstream saw.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::message::Message;

/// A request and the connection it came over.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Number of the connection, from 1.
    pub connection: u64,
    /// The request.
    pub request: Message,
}

/// Everything since the start or the last [`super::FaultyUpstream::forget`]; a stop does not clear it.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Connections accepted.
    pub connections: u64,
    /// Complete requests received.
    pub count: u64,
    /// These requests, unless recording is off.
    pub requests: Vec<Recorded>,
    /// What was left of connections that ended in the middle of a request, or sent none.
    pub torn: Vec<String>,
    /// Requests whose sender left before it was answered.
    pub abandoned: u64,
    /// Every byte received, by connection, if that is switched on ([`super::FaultyUpstream::keep_bytes`]).
    pub bytes: BTreeMap<u64, Vec<u8>>,
}

/// A log that can be waited for.
#[derive(Debug, Default)]
pub(super) struct SharedLog {
    log: Mutex<Log>,
    changed: Condvar,
}

impl SharedLog {
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        let result = change(&mut self.log.lock());
        self.changed.notify_all();
        result
    }

    pub(super) fn read(&self) -> Log {
        self.log.lock().clone()
    }

    pub(super) fn wait(&self, patience: Duration, mut is_there: impl FnMut(&Log) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut log = self.log.lock();
        !self
            .changed
            .wait_while_until(&mut log, |log| !is_there(log), deadline)
            .timed_out()
    }
}
