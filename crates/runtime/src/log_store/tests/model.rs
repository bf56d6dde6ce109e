//! Random operations, crashes and torn ends against a model in memory.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt, MetadataExt};

use super::*;

/// What a log should do.
#[derive(Default)]
struct Model {
    /// Stored and not deleted.
    stored: BTreeMap<u64, usize>,
    /// Numbers up to here were read in this life of the log.
    read_to: Option<u64>,
    confirmed: Option<u64>,
    highest: Option<u64>,
}

impl Model {
    fn unread(&self) -> impl Iterator<Item = u64> + '_ {
        self.stored.keys().copied().filter(|number| Some(*number) > self.read_to)
    }
}

struct World {
    dir: tempfile::TempDir,
    log: Option<DiskLog>,
    model: Model,
    random: Random,
    segment_bytes: u64,
    /// All events have this size, so that records of a file written again lie where others were.
    size: Option<u64>,
    /// What files held, by inode, before they were written again.
    held: BTreeMap<u64, Vec<u8>>,
    /// For messages.
    at: String,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let segment_bytes = [1, 300, 2000, 1 << 20][random.below(4) as usize];
        let size = [None, Some(100)][random.below(2) as usize];
        Self {
            dir: tempfile::tempdir().unwrap(),
            log: None,
            model: Model::default(),
            random,
            segment_bytes,
            size,
            held: BTreeMap::new(),
            at: String::new(),
        }
    }

    fn log(&mut self) -> &mut DiskLog {
        let (dir, segment_bytes) = (self.dir.path(), self.segment_bytes);
        self.log.get_or_insert_with(|| reopen(dir, segment_bytes))
    }

    fn append(&mut self) {
        let size = match self.size {
            Some(size) => size,
            None if self.random.below(20) == 0 => self.random.below(9000),
            None => self.random.below(120),
        };
        self.log();
        for file in spares(self.dir.path()) {
            self.held.insert(fs::metadata(&file).unwrap().ino(), fs::read(&file).unwrap());
        }
        let number = append(self.log(), size as usize);
        assert!(Some(number) > self.model.highest, "{}", self.at);
        self.model.highest = Some(number);
        self.model.stored.insert(number, size as usize);
    }

    fn read(&mut self) {
        let count = self.random.below(12) as usize;
        let mut events = Vec::new();
        self.log().read(count, &mut events).unwrap();
        let numbers: Vec<u64> = events.iter().map(|(number, _)| *number).collect();
        let wanted: Vec<u64> = self.model.unread().take(count).collect();
        assert_eq!(numbers, wanted, "{}", self.at);
        for (number, event) in &events {
            self.check(*number, event);
        }
        self.model.read_to = self.model.read_to.max(numbers.last().copied());
    }

    fn check(&self, number: u64, event: &Event) {
        assert_eq!(number_in(event), Some(number), "{}", self.at);
        let text = event.value().get("text").and_then(Value::as_str).unwrap();
        assert_eq!(text.len(), self.model.stored[&number], "{}", self.at);
    }

    fn read_again(&mut self) {
        let number = self.random.below(self.model.highest.unwrap_or(0) + 2);
        let is_there = self.model.stored.contains_key(&number) && Some(number) <= self.model.read_to;
        // What was confirmed before the last start counts as read and is not kept for another reading.
        let is_old = Some(number) <= self.model.confirmed;
        match self.log().read_again(number).unwrap() {
            Some(event) => {
                assert!(is_there, "{}: {number}", self.at);
                self.check(number, &event);
            }
            None => assert!(!is_there || is_old, "{}: {number}", self.at),
        }
    }

    fn confirm(&mut self) {
        let read: Vec<u64> = self
            .model
            .stored
            .keys()
            .copied()
            .filter(|number| Some(*number) <= self.model.read_to)
            .collect();
        if read.is_empty() {
            return;
        }
        let number = read[self.random.below(read.len() as u64) as usize];
        if Some(number) < self.model.confirmed {
            return;
        }
        confirm(self.log(), number);
        self.model.confirmed = Some(number);
        if self.random.below(4) > 0 {
            self.log().delete_to(number).unwrap();
            self.model.stored.retain(|stored, _| *stored > number);
        }
    }

    /// The process ends without a word and starts again.
    fn crash(&mut self) {
        self.log = None;
        self.model.stored.retain(|number, _| Some(*number) > self.model.confirmed);
        self.model.read_to = self.model.confirmed;
    }

    /// The same, and the end of the last segment is lost or torn.
    fn crash_torn(&mut self) {
        self.log();
        self.crash();
        let Some(last) = segments(self.dir.path()).pop() else { return };
        let before = fs::metadata(&last).unwrap().len();
        let cut = self.random.below(before + 1);
        let file = OpenOptions::new().write(true).open(&last).unwrap();
        file.set_len(cut).unwrap();
        match (self.random.below(3), self.held.get(&file.metadata().unwrap().ino())) {
            (0, _) => {}
            (1, _) | (_, None) => file.set_len(before).unwrap(),
            (_, Some(held)) => {
                let left = held.get(cut as usize..).unwrap_or_default();
                file.write_all_at(left, cut).unwrap();
            }
        }
        drop(file);
        // Everything before the cut is there, in order, and nothing else.
        let mut log = reopen(self.dir.path(), self.segment_bytes);
        let there = read_all(&mut log);
        let wanted: Vec<u64> = self.model.stored.keys().copied().take(there.len()).collect();
        assert_eq!(there, wanted, "{}", self.at);
        let first: u64 = last.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let safe = self.model.stored.range(..first).count();
        assert!(there.len() >= safe, "{}", self.at);
        assert!(Some(log.next_number()) > there.last().copied().max(self.model.confirmed));
        self.model.stored.retain(|number, _| there.contains(number));
        self.held.clear();
        // Numbers behind the cut may be given again, but for the confirmed ones.
        self.model.highest = self.model.stored.keys().next_back().copied().max(self.model.confirmed);
        drop(log);
    }

    fn check_sizes(&mut self) {
        let count = self.model.stored.len() as u64;
        assert_eq!(self.log().count(), count, "{}", self.at);
        let confirmed = self.model.confirmed;
        assert_eq!(self.log().confirmed(), confirmed, "{}", self.at);
        let bytes = self.log().bytes();
        let texts: usize = self.model.stored.values().sum();
        let least = texts as u64 + 8 * count;
        assert!(bytes >= least && bytes <= least + 100 * count, "{}: {bytes}", self.at);
    }

    fn step(&mut self) {
        match self.random.below(100) {
            0..40 => self.append(),
            40..70 => self.read(),
            70..80 => self.read_again(),
            80..95 => self.confirm(),
            95..98 => self.crash(),
            _ => self.crash_torn(),
        }
        self.check_sizes();
    }
}

#[test]
fn a_log_does_what_its_model_does() {
    for seed in 0..120 {
        let mut world = World::new(seed * 7919);
        for step in 0..400 {
            world.at = format!("seed {}, step {step}", seed * 7919);
            world.step();
        }
    }
}
