//! A log in a folder: appends to its last segment, reads from where it left off, gives up segments of which everything is deleted.
//!
//! Invariants: a record is in the hands of the operating system before its event counts or can be read; what was read and not deleted can be read again;
//! `count` and `bytes` speak of events, not of files. What was just appended is mostly read at once, so it is kept in memory, within bounds,
//! until it was read.

use std::collections::VecDeque;
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use temblor_event::Event;
use temblor_pipeline::op::wal::{LogError, LogStore};
use temblor_value::json::Scratch;

use super::confirmed::{self, Confirmed};
use super::record::{self, Head, Salt};
use super::segment::{self, BlockReader, END, Found, HEADER, Header, new_salt};
use super::spare::Spares;
use super::sync::Syncer;

/// Events, and bytes of their records, that are kept in memory for the next reading.
const FRESH_EVENTS: usize = 1024;
const FRESH_BYTES: u64 = 4 << 20;
/// Room for records that is kept from one turn to the next, in bytes.
const UNWRITTEN_BYTES: usize = 1 << 20;

/// When records go to the disk.
#[derive(Debug)]
pub(super) enum Policy {
    Event,
    Interval(Syncer),
    None,
}

/// A segment that is still there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Segment {
    /// No number in it is lower.
    pub(super) first: u64,
    /// Of its records' checksums.
    pub(super) salt: Salt,
    /// Bytes of it that are whole; in the file there may be more.
    pub(super) len: u64,
    /// Events in it that were not read.
    pub(super) unread_events: u64,
    /// Bytes they take.
    pub(super) unread_bytes: u64,
}

/// Where a record lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    number: u64,
    segment: u64,
    at: u64,
    size: u64,
}

/// Where reading goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor {
    pub(super) segment: u64,
    pub(super) at: u64,
}

/// An open segment with what was read of it.
struct Reader {
    segment: u64,
    file: File,
    blocks: BlockReader,
}

/// See the module's documentation.
pub(super) struct DiskLog {
    pub(super) dir: PathBuf,
    /// The open folder.
    pub(super) folder: Arc<File>,
    /// Locked as long as this log lives.
    pub(super) _lock: File,
    pub(super) policy: Policy,
    /// Bytes after which a new segment is begun.
    pub(super) segment_bytes: u64,
    pub(super) confirmed: Confirmed,
    /// The last one is written to; there is always one.
    pub(super) segments: VecDeque<Segment>,
    pub(super) active: Arc<File>,
    pub(super) spares: Spares,
    /// Events ever stored, and their bytes.
    pub(super) ever: (u64, u64),
    pub(super) next: u64,
    pub(super) count: u64,
    pub(super) bytes: u64,
    pub(super) cursor: Cursor,
    /// The last number that was read; nothing up to it is read a second time.
    pub(super) last_read: Option<u64>,
    pub(super) buffers: Buffers,
}

/// What is kept in memory.
#[derive(Default)]
pub(super) struct Buffers {
    /// Appended and not read.
    fresh: VecDeque<(Place, Event)>,
    fresh_bytes: u64,
    /// So many of them, the last ones, are not written yet,
    unwritten_events: usize,
    /// and these are their records, one behind the other.
    unwritten: Vec<u8>,
    /// What the last of these records says is confirmed.
    says: Option<u64>,
    /// Read and not deleted.
    read: VecDeque<Place>,
    ahead: Option<Reader>,
    again: Option<Reader>,
    scratch: Scratch,
}

/// An error with what was tried.
pub(super) fn failed(what: &str, path: &Path, error: impl Display) -> LogError {
    LogError(format!("cannot {what} `{}`: {error}", path.display()))
}

/// The reader of a segment, in place of that of another one.
fn reader<'a>(slot: &'a mut Option<Reader>, dir: &Path, segment: u64) -> Result<&'a mut Reader, LogError> {
    let known = slot.take().filter(|known| known.segment == segment);
    let reader = match known {
        Some(known) => known,
        None => {
            let path = segment::path(dir, segment);
            Reader {
                segment,
                file: File::open(&path).map_err(|error| failed("open", &path, error))?,
                blocks: BlockReader::default(),
            }
        }
    };
    Ok(slot.insert(reader))
}

impl Buffers {
    /// What was to be written was, or is given up; then memory is kept within bounds.
    fn finish_write(&mut self, is_written: bool) {
        let unwritten = std::mem::take(&mut self.unwritten_events);
        if !is_written {
            for (place, _) in self.fresh.drain(self.fresh.len() - unwritten..) {
                self.fresh_bytes -= place.size;
            }
        }
        self.unwritten.clear();
        // One large turn must not keep its memory.
        self.unwritten.shrink_to(UNWRITTEN_BYTES);
        while (self.fresh.len() > FRESH_EVENTS || self.fresh_bytes > FRESH_BYTES)
            && let Some((place, _)) = self.fresh.pop_front()
        {
            self.fresh_bytes -= place.size;
        }
    }
}

impl DiskLog {
    fn segment_path(&self, first: u64) -> PathBuf {
        segment::path(&self.dir, first)
    }

    /// Position of a segment, or of the one before the place where it would be.
    fn position(&self, first: u64) -> usize {
        self.segments
            .partition_point(|segment| segment.first <= first)
            .saturating_sub(1)
    }

    fn begin_segment(&mut self, first: u64, before: u64) -> Result<(), LogError> {
        let header = Header {
            first,
            before,
            events: self.ever.0,
            bytes: self.ever.1,
            salt: new_salt(first),
        };
        let path = self.segment_path(first);
        let file = self.spares.begin(header).map_err(|error| failed("create", &path, error))?;
        let file = Arc::new(file);
        match &self.policy {
            Policy::Event => {
                file.sync_data().map_err(|error| failed("write", &path, error))?;
                self.folder.sync_data().map_err(|error| failed("write", &self.dir, error))?;
            }
            Policy::Interval(syncer) => {
                let current = vec![Arc::clone(&file), Arc::clone(self.confirmed.file())];
                syncer.turn(before, Arc::clone(&self.active), current, Arc::clone(&self.folder));
            }
            Policy::None => {}
        }
        self.active = file;
        self.segments.push_back(Segment {
            first,
            salt: header.salt,
            len: HEADER,
            unread_events: 0,
            unread_bytes: 0,
        });
        Ok(())
    }

    fn after_confirming(&self, written: io::Result<bool>) -> Result<(), LogError> {
        let is_written = written.map_err(|error| failed("write", &self.dir.join(confirmed::NAME), error))?;
        if let Policy::Interval(syncer) = &self.policy
            && is_written
        {
            syncer.mark();
        }
        Ok(())
    }

    /// The segment that the next record goes to: a new one if the last one is full. The records of one write lie in one segment.
    fn segment_for(&mut self, number: u64) -> Result<Segment, LogError> {
        if let Some(last) = self.segments.back().copied()
            && last.len >= self.segment_bytes.max(HEADER + 1)
            && self.buffers.unwritten_events == 0
        {
            // A new segment has no record yet that would say it.
            self.tick()?;
            self.begin_segment(number, last.first)?;
        }
        let last = self.segments.back().copied();
        last.ok_or_else(|| failed("write", &self.dir, "no segment"))
    }

    /// Writes the records that were taken behind the last one.
    fn write(&mut self) -> Result<(), LogError> {
        if let Policy::Interval(syncer) = &self.policy
            && let Some(error) = syncer.failure()
        {
            return Err(failed("write", &self.dir, error));
        }
        let dir = &self.dir;
        let Some(last) = self.segments.back_mut() else {
            return Err(failed("write", dir, "no segment"));
        };
        let records = &mut self.buffers.unwritten;
        let bytes = records.len() as u64;
        records.extend_from_slice(&END);
        let written = self.active.write_all_at(records, last.len).and_then(|()| match self.policy {
            Policy::Event => self.active.sync_data(),
            Policy::Interval(_) | Policy::None => Ok(()),
        });
        // What was written in part is overwritten by the next records, or cut off at the next start.
        written.map_err(|error| failed("write", &segment::path(dir, last.first), error))?;
        let events = self.buffers.unwritten_events as u64;
        last.len += bytes;
        last.unread_events += events;
        last.unread_bytes += bytes;
        self.count += events;
        self.bytes += bytes;
        self.ever.0 += events;
        self.ever.1 += bytes;
        Ok(())
    }

    /// Stores what was taken.
    fn store(&mut self) -> Result<(), LogError> {
        self.write()?;
        if let Policy::Interval(syncer) = &self.policy {
            syncer.mark();
        }
        if self.buffers.says == self.confirmed.number() {
            self.confirmed.is_recorded();
        }
        self.next = self.next_number();
        Ok(())
    }

    /// Goes on to the next segment where one is read to its end. What was skipped in it is no longer counted.
    fn leave_finished(&mut self) {
        let mut at = self.position(self.cursor.segment);
        while let (Some(segment), Some(following)) = (self.segments.get(at).copied(), self.segments.get(at + 1))
            && self.cursor.at >= segment.len
        {
            self.cursor = Cursor {
                segment: following.first,
                at: HEADER,
            };
            self.forget(at, segment.unread_events, segment.unread_bytes);
            at += 1;
        }
    }

    /// Counts no more what cannot be read.
    fn forget(&mut self, segment: usize, events: u64, bytes: u64) {
        self.count = self.count.saturating_sub(events);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.pass(segment, events, bytes);
    }

    fn pass(&mut self, segment: usize, events: u64, bytes: u64) {
        if let Some(segment) = self.segments.get_mut(segment) {
            segment.unread_events = segment.unread_events.saturating_sub(events);
            segment.unread_bytes = segment.unread_bytes.saturating_sub(bytes);
        }
    }

    /// The cursor passes a record; false if an earlier reading gave a higher number.
    fn step(&mut self, place: Place) -> bool {
        let segment = self.position(place.segment);
        self.cursor.at = place.at + place.size;
        if Some(place.number) <= self.last_read {
            self.forget(segment, 1, place.size);
            return false;
        }
        self.pass(segment, 1, place.size);
        self.last_read = Some(place.number);
        self.buffers.read.push_back(place);
        true
    }

    fn take_fresh(&mut self) -> Option<(Place, Event)> {
        let buffers = &mut self.buffers;
        let (place, _) = buffers.fresh.front()?;
        let is_next = (place.segment, place.at) == (self.cursor.segment, self.cursor.at);
        if !is_next || buffers.fresh.len() == buffers.unwritten_events {
            return None;
        }
        buffers.fresh_bytes -= place.size;
        buffers.fresh.pop_front()
    }

    fn read_one(&mut self) -> Result<Option<(u64, Event)>, LogError> {
        loop {
            self.leave_finished();
            let (place, event) = match self.take_fresh() {
                Some(fresh) => fresh,
                None => match self.read_from_file()? {
                    Step::Record(place, event) => (place, event),
                    Step::Skipped => continue,
                    Step::End => return Ok(None),
                },
            };
            if self.step(place) {
                return Ok(Some((place.number, event)));
            }
        }
    }

    fn read_from_file(&mut self) -> Result<Step, LogError> {
        let Cursor { segment, at } = self.cursor;
        let Some(Segment { salt, len, .. }) = self.segments.get(self.position(segment)).copied() else {
            return Ok(Step::End);
        };
        if at >= len {
            return Ok(Step::End);
        }
        let reader = reader(&mut self.buffers.ahead, &self.dir, segment)?;
        let found = reader.blocks.record(&reader.file, salt, at, len);
        let next = match found.map_err(|error| failed("read", &segment::path(&self.dir, segment), error))? {
            // More was written, so it is no end.
            Found::End => None,
            Found::Damaged { next } => next,
            Found::Body(body) => {
                let size = (record::FRAME + body.len()) as u64;
                match record::read(body, &mut self.buffers.scratch) {
                    Ok((head, event)) => {
                        let place = Place {
                            number: head.number,
                            segment,
                            at,
                            size,
                        };
                        return Ok(Step::Record(place, event));
                    }
                    Err(_) => Some(at + size),
                }
            }
        };
        self.skip_damage(next, salt, len)?;
        Ok(Step::Skipped)
    }

    /// Passes a damaged record: up to the next one if that is whole, else to the end of the segment.
    fn skip_damage(&mut self, next: Option<u64>, salt: Salt, len: u64) -> Result<(), LogError> {
        let Cursor { segment, at } = self.cursor;
        let path = self.segment_path(segment);
        let reader = reader(&mut self.buffers.ahead, &self.dir, segment)?;
        let is_whole = match next {
            Some(next) => match reader.blocks.record(&reader.file, salt, next, len) {
                Ok(found) => matches!(found, Found::Body(_)),
                Err(error) => return Err(failed("read", &path, error)),
            },
            None => false,
        };
        // What lies in memory is whole whatever became of the file.
        let end = match self.buffers.fresh.front() {
            Some((place, _)) if place.segment == segment => place.at,
            _ => len,
        };
        self.cursor.at = next.filter(|_| is_whole).unwrap_or(end);
        tracing::error!(
            target: "tremor_runtime::wal",
            "`{}` is damaged at byte {at}: {} bytes are skipped, the events in them are lost",
            path.display(),
            self.cursor.at - at
        );
        Ok(())
    }

    fn read_at(&mut self, place: Place) -> Result<Option<Event>, LogError> {
        let Some(Segment { salt, len, .. }) = self.segments.get(self.position(place.segment)).copied() else {
            return Ok(None);
        };
        let path = self.segment_path(place.segment);
        let reader = reader(&mut self.buffers.again, &self.dir, place.segment)?;
        let found = reader.blocks.record(&reader.file, salt, place.at, len);
        if let Found::Body(body) = found.map_err(|error| failed("read", &path, error))?
            && let Ok((head, event)) = record::read(body, &mut self.buffers.scratch)
            && head.number == place.number
        {
            return Ok(Some(event));
        }
        tracing::error!(
            target: "tremor_runtime::wal",
            "`{}` is damaged at byte {}: the event in it is lost",
            path.display(),
            place.at
        );
        Ok(None)
    }

    /// Gives up segments that lie below a number and were read to their end.
    fn remove_segments(&mut self, number: u64) -> Result<(), LogError> {
        self.leave_finished();
        while let (Some(first), Some(second)) = (self.segments.front(), self.segments.get(1))
            && second.first <= number.saturating_add(1)
            && first.first != self.cursor.segment
        {
            let first = first.first;
            self.segments.pop_front();
            for slot in [&mut self.buffers.ahead, &mut self.buffers.again] {
                slot.take_if(|reader| reader.segment == first);
            }
            if let Policy::Interval(syncer) = &self.policy {
                syncer.forget(first);
            }
            let taken = self.spares.take(first);
            taken.map_err(|error| failed("remove", &self.segment_path(first), error))?;
        }
        Ok(())
    }
}

impl Drop for DiskLog {
    fn drop(&mut self) {
        // What cannot be written is delivered again after the next start.
        let _ = self.tick();
    }
}

/// What was found in a file. It lives for a moment, so its size is no matter.
#[allow(clippy::large_enum_variant)]
enum Step {
    Record(Place, Event),
    Skipped,
    End,
}

impl LogStore for DiskLog {
    fn append(&mut self, number: u64, event: Event) -> Result<(), LogError> {
        let segment = self.segment_for(number)?;
        let head = Head {
            number,
            confirmed: self.confirmed.number(),
        };
        let buffers = &mut self.buffers;
        let before = buffers.unwritten.len() as u64;
        let written = record::write(head, &event, segment.salt, &mut buffers.unwritten);
        written.map_err(|error| failed("write", &self.dir, error))?;
        let place = Place {
            number,
            segment: segment.first,
            at: segment.len + before,
            size: buffers.unwritten.len() as u64 - before,
        };
        buffers.says = head.confirmed;
        buffers.fresh_bytes += place.size;
        buffers.fresh.push_back((place, event));
        buffers.unwritten_events += 1;
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        if self.buffers.unwritten_events == 0 {
            return Ok(());
        }
        let stored = self.store();
        self.buffers.finish_write(stored.is_ok());
        stored
    }

    fn read(&mut self, count: usize, into: &mut Vec<(u64, Event)>) -> Result<(), LogError> {
        for _ in 0..count {
            match self.read_one()? {
                Some(event) => into.push(event),
                None => break,
            }
        }
        Ok(())
    }

    fn read_again(&mut self, number: u64) -> Result<Option<Event>, LogError> {
        match self.buffers.read.binary_search_by_key(&number, |place| place.number) {
            Ok(at) => match self.buffers.read.get(at).copied() {
                Some(place) => self.read_at(place),
                None => Ok(None),
            },
            Err(_) => Ok(None),
        }
    }

    fn delete_to(&mut self, number: u64) -> Result<(), LogError> {
        while let Some(place) = self.buffers.read.front().filter(|place| place.number <= number) {
            self.count = self.count.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(place.size);
            self.buffers.read.pop_front();
        }
        self.remove_segments(number)
    }

    fn confirmed(&self) -> Option<u64> {
        self.confirmed.number()
    }

    fn confirm(&mut self, number: u64, now_ns: u64) -> Result<(), LogError> {
        let written = self.confirmed.set(number, self.next_number(), now_ns);
        self.after_confirming(written)
    }

    fn tick(&mut self) -> Result<(), LogError> {
        let written = self.confirmed.write(self.next_number());
        self.after_confirming(written)
    }

    fn next_number(&self) -> u64 {
        match self.buffers.fresh.back() {
            Some((place, _)) if self.buffers.unwritten_events > 0 => place.number + 1,
            _ => self.next,
        }
    }

    fn count(&self) -> u64 {
        self.count
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn is_lasting(&self) -> bool {
        true
    }
}
