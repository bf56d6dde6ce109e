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
    /// The lowest number that was not read.
    unread: u64,
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
    fn append(&mut self, number: u64, mut event: Event) -> Result<(), LogError> {
        event.payload.forget_original();
        let size = self.size(&event);
        self.bytes += size;
        self.events.insert(number, (event, size));
        self.next = number + 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        Ok(())
    }

    fn read(&mut self, count: usize, into: &mut Vec<(u64, Event)>) -> Result<(), LogError> {
        let stored = self.events.range(self.unread..).take(count);
        into.extend(stored.map(|(number, (event, _))| (*number, event.clone())));
        if let Some((number, _)) = into.last() {
            self.unread = self.unread.max(number + 1);
        }
        Ok(())
    }

    fn read_again(&mut self, number: u64) -> Result<Option<Event>, LogError> {
        Ok(self.events.get(&number).map(|(event, _)| event.clone()))
    }

    fn delete_to(&mut self, number: u64) -> Result<(), LogError> {
        while let Some(entry) = self.events.first_entry().filter(|entry| *entry.key() <= number) {
            self.bytes -= entry.remove().1;
        }
        Ok(())
    }

    fn confirmed(&self) -> Option<u64> {
        self.confirmed
    }

    fn confirm(&mut self, number: u64, _now_ns: u64) -> Result<(), LogError> {
        self.confirmed = Some(number);
        Ok(())
    }

    fn tick(&mut self) -> Result<(), LogError> {
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

    fn is_lasting(&self) -> bool {
        false
    }
}
