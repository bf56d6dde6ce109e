//! A log in memory, for write-ahead logs without a folder: it is gone when the instance ends.

use std::collections::BTreeMap;

use temblor_event::Event;
use temblor_value::json;

use super::wal::{LogError, LogStore};

/// See the module's documentation.
#[derive(Default)]
pub struct MemoryLog {
    /// Events with their sizes.
    events: BTreeMap<u64, (Event, u64)>,
    next: u64,
    confirmed: Option<u64>,
    bytes: u64,
    measures: bool,
    text: Vec<u8>,
}

impl MemoryLog {
    /// An empty log; `measures`: sizes are wanted, which costs writing each event once.
    pub fn new(measures: bool) -> Self {
        Self {
            measures,
            ..Self::default()
        }
    }

    fn size(&mut self, event: &Event) -> u64 {
        if !self.measures {
            return 0;
        }
        self.text.clear();
        json::encode(event.value(), &mut self.text);
        json::encode(event.meta(), &mut self.text);
        self.text.len() as u64
    }
}

impl LogStore for MemoryLog {
    fn append(&mut self, number: u64, event: &Event) -> Result<(), LogError> {
        let size = self.size(event);
        self.bytes += size;
        self.events.insert(number, (event.clone(), size));
        self.next = number + 1;
        Ok(())
    }

    fn read(&mut self, from: u64, count: usize) -> Result<Vec<(u64, Event)>, LogError> {
        let stored = self.events.range(from..).take(count);
        Ok(stored.map(|(number, (event, _))| (*number, event.clone())).collect())
    }

    fn delete_to(&mut self, number: u64) -> Result<(), LogError> {
        let kept = self.events.split_off(&number.saturating_add(1));
        let deleted = std::mem::replace(&mut self.events, kept);
        self.bytes -= deleted.values().map(|(_, size)| size).sum::<u64>();
        Ok(())
    }

    fn confirmed(&self) -> Option<u64> {
        self.confirmed
    }

    fn confirm(&mut self, number: u64) -> Result<(), LogError> {
        self.confirmed = Some(number);
        Ok(())
    }

    fn next_number(&self) -> u64 {
        self.next
    }

    fn count(&self) -> u64 {
        self.events.len() as u64
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }
}
