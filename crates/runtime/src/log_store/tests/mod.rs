mod damage;
mod model;
mod operator;
mod records;
mod recovery;
mod reuse;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use temblor_event::{Event, EventId, Payload, Uid};
use temblor_value::{Chance, ObjectMap, Value};

use super::disk::DiskLog;
use super::open::{Options, open};
use super::*;

/// Uid of the log's node.
const LOG: Uid = Uid(99);

/// Numbers that look random; the same for the same seed.
struct Random(Chance);

impl Random {
    fn new(seed: u64) -> Self {
        Self(Chance::new(seed))
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0.bits() % limit
    }
}

fn options(segment_bytes: u64) -> Options {
    Options {
        sync: SyncPolicy::None,
        segment_bytes,
    }
}

fn reopen(dir: &Path, segment_bytes: u64) -> DiskLog {
    open(dir, options(segment_bytes)).unwrap()
}

/// An event whose value says its number and has about `size` bytes.
fn event(number: u64, size: usize) -> Event {
    let mut value = ObjectMap::default();
    value.insert("number", number);
    value.insert("text", "x".repeat(size).as_str());
    let payload = Payload::new(Value::from(value), Value::object());
    Event::new(EventId::new(LOG, number), payload, number * 10)
}

/// Confirms a number long after the last confirmation.
fn confirm(log: &mut DiskLog, number: u64) {
    static NOW_NS: AtomicU64 = AtomicU64::new(0);
    log.confirm(number, NOW_NS.fetch_add(1 << 30, Ordering::Relaxed) + (1 << 30))
        .unwrap();
}

/// Appends an event of about `size` bytes; gives its number.
fn append(log: &mut DiskLog, size: usize) -> u64 {
    let number = log.next_number();
    log.append(number, event(number, size)).unwrap();
    log.flush().unwrap();
    number
}

fn number_in(event: &Event) -> Option<u64> {
    event.value().get("number").and_then(Value::as_u64)
}

/// Reads everything that was not read before; the numbers.
fn read_all(log: &mut DiskLog) -> Vec<u64> {
    let mut events = Vec::new();
    log.read(usize::MAX, &mut events).unwrap();
    for (number, event) in &events {
        assert_eq!(number_in(event), Some(*number));
    }
    events.into_iter().map(|(number, _)| number).collect()
}

/// Files of segments, in order.
fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    files.sort();
    files
}

/// Files that were segments, in order.
fn spares(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "spare"));
    files.sort();
    files
}

/// Ends of the records of a segment, that of the header first.
fn ends(file: &Path) -> Vec<u64> {
    let bytes = fs::read(file).unwrap();
    let mut ends = vec![48];
    while let Some(length) = bytes.get(*ends.last().unwrap() as usize..).and_then(<[u8]>::first_chunk::<4>)
        && *length != [0; 4]
    {
        ends.push(ends.last().unwrap() + 8 + u64::from(u32::from_le_bytes(*length)));
    }
    ends
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}
