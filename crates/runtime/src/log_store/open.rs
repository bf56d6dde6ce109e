//! Opening a log's folder: what is kept, what is cut off, where reading goes on.
//!
//! Bounded in time: of the last segment every record is checked, of the first one those that are already confirmed, of all others the
//! header only. Whatever is in the folder, nothing here panics, and no file that might hold events is deleted: a segment whose header is
//! damaged is put aside under another name.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use temblor_pipeline::op::wal::{LogError, SyncPolicy};

use super::confirmed::{self, Confirmed};
use super::disk::{Buffers, Cursor, DiskLog, Policy, Segment, failed};
use super::segment::{self, HEADER, Header, Scan, new_salt, scan};
use super::spare::{self, Spares};
use super::sync::Syncer;

/// Name of the file that keeps other logs out.
const LOCK: &str = "lock";
/// Added to the name of a segment that is put aside.
const PUT_ASIDE: &str = ".damaged";

/// How a log is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) sync: SyncPolicy,
    /// Bytes after which a new segment is begun.
    pub(super) segment_bytes: u64,
}

/// A segment as it was found.
struct FoundSegment {
    header: Header,
    file: File,
    len: u64,
}

/// What the folder holds, and the lowest number that may still be given.
struct Contents {
    segments: Vec<FoundSegment>,
    spares: Spares,
    floor: u64,
}

/// Opens a log, or makes a new one.
pub(super) fn open(dir: &Path, options: Options) -> Result<DiskLog, LogError> {
    if dir.as_os_str().is_empty() {
        return Err(failed("open", dir, "a folder must have a name"));
    }
    fs::create_dir_all(dir).map_err(|error| failed("create", dir, error))?;
    let lock = lock(dir)?;
    let mut confirmed = Confirmed::open(dir).map_err(|error| failed("open", &dir.join(confirmed::NAME), error))?;
    let mut contents = contents(dir, options.segment_bytes)?;
    let tail = cut_tail(dir, &mut contents)?;
    confirmed.compare(tail.and_then(|tail| tail.last));
    contents.floor = contents.floor.max(confirmed.floor());
    if let Some(number) = confirmed.number() {
        contents.floor = contents.floor.max(number.saturating_add(1));
        drop_confirmed(dir, &mut contents, number)?;
    }
    if contents.segments.is_empty() {
        let first = first_segment(dir, &mut contents.spares, contents.floor)?;
        contents.segments.push(first);
    }
    recover(dir, lock, confirmed, contents, tail, options)
}

/// Reads the last segment and cuts off what is behind its last whole record: a torn one, or what an earlier segment left in the file.
fn cut_tail(dir: &Path, contents: &mut Contents) -> Result<Option<Scan>, LogError> {
    let Some(segment) = contents.segments.last_mut() else {
        return Ok(None);
    };
    let path = segment::path(dir, segment.header.first);
    let tail = scan(&segment.file, segment.header, segment.len, u64::MAX).map_err(|error| failed("read", &path, error))?;
    let end = tail.end;
    let torn = if tail.is_whole { 0 } else { segment.len - end };
    if segment.len > end {
        // Even behind an end: of a machine that stopped there may be later records, which the next torn one must not join.
        segment.file.set_len(end).map_err(|error| failed("cut", &path, error))?;
        segment.len = end;
    }
    if torn > 0 {
        tracing::warn!(
            target: "tremor_runtime::wal",
            "the log in `{}` ends with a record that is not whole: {torn} bytes are cut off `{}` at byte {end}",
            dir.display(),
            path.display()
        );
    }
    // Every record has more bytes than numbers.
    let next = tail.last.map_or(0, |head| head.number.saturating_add(1));
    contents.floor = contents.floor.max(next).saturating_add(torn);
    Ok(Some(tail))
}

fn lock(dir: &Path) -> Result<File, LogError> {
    let path = dir.join(LOCK);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| failed("open", &path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(failed("open", dir, "another log uses the folder")),
        Err(TryLockError::Error(error)) => Err(failed("lock", &path, error)),
    }
}

/// Finds the segments, by their numbers, and puts aside what is none.
fn contents(dir: &Path, segment_bytes: u64) -> Result<Contents, LogError> {
    let mut spares = Spares::new(dir, segment_bytes);
    let mut firsts = Vec::new();
    let mut strangers = Vec::new();
    let entries = fs::read_dir(dir).map_err(|error| failed("read", dir, error))?;
    for entry in entries {
        let name = entry.map_err(|error| failed("read", dir, error))?.file_name();
        let name = name.to_string_lossy();
        if let Some(first) = spare::first_of(&name) {
            spares.find(first).map_err(|error| failed("open", &dir.join(&*name), error))?;
            continue;
        }
        match segment::first_of(&name) {
            Some(first) => firsts.push(first),
            None if [LOCK, confirmed::NAME].contains(&name.as_ref()) || name.ends_with(PUT_ASIDE) => {}
            None => strangers.push(name.into_owned()),
        }
    }
    if !strangers.is_empty() {
        strangers.sort();
        tracing::warn!(
            target: "tremor_runtime::wal",
            "`{}` holds files that are not this log's ({}): they are left alone; a store of the older engine is not read",
            dir.display(),
            strangers.join(", ")
        );
    }
    firsts.sort_unstable();
    let mut contents = Contents {
        segments: Vec::with_capacity(firsts.len()),
        spares,
        floor: 0,
    };
    for first in firsts {
        find(dir, first, &mut contents)?;
    }
    Ok(contents)
}

fn find(dir: &Path, first: u64, contents: &mut Contents) -> Result<(), LogError> {
    let path = segment::path(dir, first);
    let could_not = |error| failed("open", &path, error);
    let file = OpenOptions::new().read(true).write(true).open(&path).map_err(could_not)?;
    let len = file.metadata().map_err(could_not)?.len();
    let header = Header::of(&file).map_err(could_not)?;
    contents.floor = contents.floor.max(first).max(header.map_or(0, |header| header.first));
    if let Some(header) = header.filter(|header| header.first == first) {
        contents.segments.push(FoundSegment { header, file, len });
        return Ok(());
    }
    // Every record has more bytes than numbers.
    contents.floor = contents.floor.saturating_add(len);
    if len < HEADER {
        tracing::warn!(target: "tremor_runtime::wal", "`{}` was begun and holds nothing: it is removed", path.display());
        return fs::remove_file(&path).map_err(|error| failed("remove", &path, error));
    }
    let mut aside = path.clone().into_os_string();
    aside.push(PUT_ASIDE);
    tracing::error!(
        target: "tremor_runtime::wal",
        "`{}` is damaged at byte 0: its {len} bytes are put aside as `{}`, the events in them are not read",
        path.display(),
        aside.to_string_lossy()
    );
    fs::rename(&path, &aside).map_err(|error| failed("rename", &path, error))
}

/// Gives up the segments that hold confirmed events only.
fn drop_confirmed(dir: &Path, contents: &mut Contents, confirmed: u64) -> Result<(), LogError> {
    let Contents { segments, spares, .. } = contents;
    let firsts = segments.iter().skip(1).map(|segment| segment.header.first);
    let count = firsts.take_while(|first| *first <= confirmed.saturating_add(1)).count();
    for segment in segments.drain(..count) {
        let first = segment.header.first;
        let taken = spares.take(first);
        taken.map_err(|error| failed("remove", &segment::path(dir, first), error))?;
    }
    Ok(())
}

fn first_segment(dir: &Path, spares: &mut Spares, first: u64) -> Result<FoundSegment, LogError> {
    let header = Header {
        first,
        before: first,
        events: 0,
        bytes: 0,
        salt: new_salt(first),
    };
    let path = segment::path(dir, first);
    let could_not = |error| failed("create", &path, error);
    let file = spares.begin(header).map_err(could_not)?;
    file.sync_data()
        .and_then(|()| File::open(dir)?.sync_data())
        .map_err(could_not)?;
    Ok(FoundSegment {
        header,
        file,
        len: HEADER,
    })
}

fn recover(
    dir: &Path,
    lock: File,
    confirmed: Confirmed,
    contents: Contents,
    tail: Option<Scan>,
    options: Options,
) -> Result<DiskLog, LogError> {
    let Contents {
        segments: found,
        spares,
        floor,
    } = contents;
    let mut segments = VecDeque::with_capacity(found.len());
    let mut ever = (0, 0);
    for (at, segment) in found.iter().enumerate() {
        let Header {
            first,
            events,
            bytes,
            salt,
            ..
        } = segment.header;
        let unreadable = |error| failed("read", &segment::path(dir, first), error);
        let following = found.get(at + 1).map(|following| following.header);
        let (count, size, end) = match following.filter(|following| following.before == first) {
            Some(following) => {
                let size = following.bytes.saturating_sub(bytes);
                (following.events.saturating_sub(events), size, HEADER.saturating_add(size))
            }
            None => {
                let scan = match tail.filter(|_| following.is_none()) {
                    Some(tail) => tail,
                    None => scan(&segment.file, segment.header, segment.len, u64::MAX).map_err(unreadable)?,
                };
                // Behind damage there may be more of it.
                (scan.events, scan.bytes, if scan.is_whole { scan.end } else { segment.len })
            }
        };
        ever = (events.saturating_add(count), bytes.saturating_add(size));
        segments.push_back(Segment {
            first,
            salt,
            len: segment.len.min(end),
            unread_events: count,
            unread_bytes: size,
        });
    }
    let cursor = pass_confirmed(dir, &mut segments, found.first(), confirmed.number())?;
    let Some(last) = found.into_iter().last() else {
        return Err(failed("open", dir, "no segment"));
    };
    let active = Arc::new(last.file);
    let policy = match options.sync {
        SyncPolicy::Event => Policy::Event,
        SyncPolicy::None => Policy::None,
        SyncPolicy::IntervalMs(interval) => {
            let files = vec![Arc::clone(&active), Arc::clone(confirmed.file())];
            let syncer = Syncer::start(Duration::from_millis(interval.max(1)), files);
            Policy::Interval(syncer.map_err(|error| failed("write", dir, error))?)
        }
    };
    Ok(DiskLog {
        dir: dir.to_owned(),
        folder: Arc::new(File::open(dir).map_err(|error| failed("open", dir, error))?),
        _lock: lock,
        spares,
        policy,
        segment_bytes: options.segment_bytes,
        count: segments.iter().map(|segment| segment.unread_events).sum(),
        bytes: segments.iter().map(|segment| segment.unread_bytes).sum(),
        last_read: confirmed.number(),
        confirmed,
        segments,
        active,
        ever,
        next: floor,
        cursor,
        buffers: Buffers::default(),
    })
}

/// Where reading starts: behind what is confirmed, which counts as read.
fn pass_confirmed(
    dir: &Path,
    segments: &mut VecDeque<Segment>,
    found: Option<&FoundSegment>,
    confirmed: Option<u64>,
) -> Result<Cursor, LogError> {
    let (Some(segment), Some(found)) = (segments.front_mut(), found) else {
        return Err(failed("open", dir, "no segment"));
    };
    let mut cursor = Cursor {
        segment: segment.first,
        at: HEADER,
    };
    if let Some(confirmed) = confirmed.filter(|confirmed| *confirmed >= segment.first) {
        let path = segment::path(dir, segment.first);
        let passed = scan(&found.file, found.header, segment.len, confirmed).map_err(|error| failed("read", &path, error))?;
        segment.unread_events = segment.unread_events.saturating_sub(passed.events);
        segment.unread_bytes = segment.unread_bytes.saturating_sub(passed.bytes);
        cursor.at = passed.end;
    }
    Ok(cursor)
}
