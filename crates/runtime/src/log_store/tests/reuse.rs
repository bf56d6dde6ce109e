//! Files that are written again: what they held before is never read, whenever the process is killed or the machine stops.

use std::os::unix::fs::{FileExt, MetadataExt};

use super::super::record::{self, Head, Salt};
use super::super::segment::{self, Header, scan};
use super::super::spare::first_of;
use super::*;

const SEGMENT: u64 = 700;
/// Numbers from here on all take as many bytes.
const START: u64 = 1000;

fn inode(file: &Path) -> u64 {
    fs::metadata(file).unwrap().ino()
}

/// A log with spare files, of which all records are equally long; the events that are left in it.
fn used(dir: &Path) -> (DiskLog, Vec<u64>) {
    let mut log = reopen(dir, SEGMENT);
    log.next = START;
    append(&mut log, 100);
    read_all(&mut log);
    // A record that says what is confirmed is longer.
    confirm(&mut log, START);
    for _ in 1..30 {
        append(&mut log, 100);
    }
    read_all(&mut log);
    let confirmed = START + 20;
    confirm(&mut log, confirmed);
    log.delete_to(confirmed).unwrap();
    assert!(spares(dir).len() > 1);
    (log, (confirmed + 1..START + 30).collect())
}

/// Appends to a log until it begins a segment; the file of that and what this held before.
fn begin_in_spare(dir: &Path, log: &mut DiskLog, left: &mut Vec<u64>) -> (PathBuf, Vec<u8>) {
    let before: Vec<_> = spares(dir)
        .iter()
        .map(|file| (inode(file), fs::read(file).unwrap()))
        .collect();
    let known = segments(dir).len();
    while segments(dir).len() == known {
        left.push(append(log, 100));
    }
    let file = segments(dir).pop().unwrap();
    let inode = inode(&file);
    let (_, held) = before.into_iter().find(|(before, _)| *before == inode).unwrap();
    (file, held)
}

#[test]
fn removed_segments_are_written_again_and_few_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), SEGMENT);
    let mut inodes = std::collections::BTreeSet::new();
    for round in 0..300 {
        let number = append(&mut log, 100);
        assert_eq!(read_all(&mut log), [number], "round {round}");
        confirm(&mut log, number);
        log.delete_to(number).unwrap();
        inodes.extend(segments(dir.path()).iter().map(|file| inode(file)));
    }
    assert!(inodes.len() <= 3, "{inodes:?}");
    for _ in 0..100 {
        append(&mut log, 100);
    }
    let last = *read_all(&mut log).last().unwrap();
    log.delete_to(last).unwrap();
    assert_eq!(spares(dir.path()).len(), 4, "all others are removed");
    drop(log);
    // They survive a start, and neither more nor larger ones do.
    for number in 0..3 {
        let name = format!("{number:020}.spare");
        fs::write(dir.path().join(name), "").unwrap();
    }
    fs::write(&spares(dir.path())[0], [1; 2000]).unwrap();
    drop(reopen(dir.path(), SEGMENT));
    let kept = spares(dir.path());
    assert_eq!(kept.len(), 4);
    assert!(kept.iter().all(|file| fs::metadata(file).unwrap().len() < 2 * SEGMENT));
}

#[test]
fn a_large_segment_is_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), SEGMENT);
    append(&mut log, 5000);
    append(&mut log, 1);
    assert_eq!(read_all(&mut log), [0, 1]);
    log.delete_to(0).unwrap();
    assert_eq!((segments(dir.path()).len(), spares(dir.path()).len()), (1, 0));
}

#[test]
fn a_file_written_again_and_torn_anywhere_gives_what_is_whole() {
    let whole = tempfile::tempdir().unwrap();
    let (mut log, mut left) = used(whole.path());
    let (file, held) = begin_in_spare(whole.path(), &mut log, &mut left);
    for _ in 0..2 {
        left.push(append(&mut log, 100));
    }
    drop(log);
    let written = fs::read(&file).unwrap();
    let ends = ends(&file);
    assert!(
        held.len() > ends[3] as usize + 100,
        "something is left behind the last record"
    );
    // As if the records before had been in the very same places.
    let dir = tempfile::tempdir().unwrap();
    let before = dir.path().join("before");
    fs::write(&before, &held).unwrap();
    assert_eq!(super::ends(&before)[..4], ends[..4]);

    let name = file.file_name().unwrap();
    for cut in 0..written.len() {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        let torn = [&written[..cut], &held[cut..]].concat();
        fs::write(dir.path().join(name), &torn).unwrap();
        let same = torn.iter().zip(&written).take_while(|(torn, whole)| torn == whole).count();
        let lost = ends[1..].iter().filter(|end| **end > same as u64).count();
        let kept = &left[..left.len() - lost];
        let mut log = reopen(dir.path(), SEGMENT);
        assert_eq!(log.count(), kept.len() as u64, "cut at {cut}");
        assert_eq!(read_all(&mut log), kept, "cut at {cut}");
        let next = append(&mut log, 100);
        assert!(next > *kept.last().unwrap());
        drop(log);
        let again = read_all(&mut reopen(dir.path(), SEGMENT));
        assert_eq!(again, [kept, &[next]].concat(), "cut at {cut}, second start");
    }
}

/// A way to leave a folder when a file is about to be, or was, written again.
type Leave = fn(&Path, &Path, &[u8]);

#[test]
fn a_stop_at_any_step_loses_nothing() {
    // With the folder, the file of the new segment, and what it held before.
    let ways: [(&str, Leave); 6] = [
        ("nothing was done", |dir, file, held| {
            fs::remove_file(file).unwrap();
            fs::write(dir.join(format!("{:020}.spare", 17)), held).unwrap();
        }),
        ("the header is written", |dir, file, held| {
            let mut bytes = fs::read(file).unwrap()[..56].to_vec();
            bytes.extend_from_slice(&held[56..]);
            fs::write(dir.join(format!("{:020}.spare", 17)), bytes).unwrap();
            fs::remove_file(file).unwrap();
        }),
        ("the file is renamed", |_, file, held| {
            let mut bytes = fs::read(file).unwrap()[..56].to_vec();
            bytes.extend_from_slice(&held[56..]);
            fs::write(file, bytes).unwrap();
        }),
        // Of a stopping machine anything may reach the disk as long as nothing was written through.
        ("the name reached the disk, the header did not", |_, file, held| {
            fs::write(file, held).unwrap();
        }),
        ("the header reached the disk, the name did not", |dir, file, _| {
            fs::rename(file, dir.join(format!("{:020}.spare", 17))).unwrap();
        }),
        ("no name of the file reached the disk", |dir, file, held| {
            let header = Header::from_bytes(held[..48].try_into().unwrap()).unwrap();
            fs::rename(file, segment::path(dir, header.first)).unwrap();
        }),
    ];
    for (what, leave) in ways {
        let dir = tempfile::tempdir().unwrap();
        let (mut log, mut left) = used(dir.path());
        let (file, held) = begin_in_spare(dir.path(), &mut log, &mut left);
        let unwritten = left.pop().unwrap();
        drop(log);
        leave(dir.path(), &file, &held);
        let mut log = reopen(dir.path(), SEGMENT);
        assert_eq!(read_all(&mut log), left, "{what}");
        assert_eq!(log.count(), left.len() as u64, "{what}");
        let next = append(&mut log, 100);
        assert!(next >= unwritten, "{what}");
        for _ in 0..20 {
            append(&mut log, 100);
        }
        drop(log);
        let mut log = reopen(dir.path(), SEGMENT);
        let read = read_all(&mut log);
        assert_eq!(read[..left.len()], left, "{what}, second start");
        assert_eq!(read.len(), left.len() + 21, "{what}, second start");
    }
}

#[test]
fn what_is_left_behind_the_last_record_is_none() {
    let header = Header {
        first: 50,
        before: 40,
        events: 0,
        bytes: 0,
        salt: Salt(3),
    };
    let record = |number, salt| {
        let mut record = Vec::new();
        let head = Head { number, confirmed: None };
        record::write(head, &event(number, 10), salt, &mut record).unwrap();
        record
    };
    let [own, more] = [50, 51].map(|number| record(number, header.salt));
    let cases = [
        ("the next one", more.clone(), 2, true),
        ("one of another segment", record(51, Salt(4)), 1, false),
        ("one of a segment without salt", record(51, Salt::NONE), 1, false),
        ("one of an earlier life with the same salt", record(50, header.salt), 1, false),
        ("an end and one more", [&[0; 8], &more[..]].concat(), 1, true),
        ("part of one", more[..20].to_vec(), 1, false),
        ("nothing", Vec::new(), 1, true),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (what, tail, events, is_whole) in cases {
        let bytes = [header.to_bytes(), own.clone(), tail].concat();
        let path = dir.path().join("segment");
        fs::write(&path, &bytes).unwrap();
        let found = scan(&fs::File::open(&path).unwrap(), header, bytes.len() as u64, u64::MAX).unwrap();
        assert_eq!((found.events, found.is_whole), (events, is_whole), "{what}");
    }
    // Nor is a first one that is older than the segment.
    let bytes = [header.to_bytes(), record(49, header.salt)].concat();
    let path = dir.path().join("segment");
    fs::write(&path, &bytes).unwrap();
    let found = scan(&fs::File::open(&path).unwrap(), header, bytes.len() as u64, u64::MAX).unwrap();
    assert_eq!((found.events, found.is_whole), (0, false));
}

#[test]
fn records_from_before_a_stopped_machine_do_not_join_those_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 1 << 20);
    log.next = START;
    for _ in 0..6 {
        append(&mut log, 100);
    }
    drop(log);
    let file = segments(dir.path()).remove(0);
    let written = fs::read(&file).unwrap();
    let ends = ends(&file);
    // The second write reached the disk as it ended, the third did not, the others did.
    let mut bytes = written.clone();
    bytes[ends[2] as usize..][..8].copy_from_slice(&[0; 8]);
    fs::write(&file, bytes).unwrap();
    let mut log = reopen(dir.path(), 1 << 20);
    assert_eq!(read_all(&mut log), [START, START + 1]);
    let next = append(&mut log, 100);
    drop(log);
    // Killed before the end was written behind the record.
    let end = super::ends(&file)[3];
    assert_eq!(end, ends[3], "the next of the old records would fit");
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(end).unwrap();
    assert_eq!(read_all(&mut reopen(dir.path(), 1 << 20)), [START, START + 1, next]);
}

#[test]
fn a_failed_write_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 1 << 20);
    append(&mut log, 100);
    let (count, bytes) = (log.count(), log.bytes());
    // A file that cannot be written.
    let file = segments(dir.path()).remove(0);
    let writable = std::mem::replace(&mut log.active, fs::File::open(&file).unwrap().into());
    log.append(1, event(1, 100)).unwrap();
    log.append(2, event(2, 100)).unwrap();
    assert_eq!(log.next_number(), 3);
    assert!(log.flush().is_err());
    assert_eq!((log.count(), log.bytes(), log.next_number()), (count, bytes, 1));
    assert_eq!(read_all(&mut log), [0]);
    log.active = writable;
    assert_eq!(append(&mut log, 7), 1);
    assert_eq!(read_all(&mut log), [1]);
    drop(log);
    assert_eq!(read_all(&mut reopen(dir.path(), 1 << 20)), [0, 1]);
}

#[test]
fn nothing_is_read_before_it_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 1 << 20);
    log.append(0, event(0, 100)).unwrap();
    assert_eq!(read_all(&mut log), [0; 0]);
    assert_eq!((log.count(), log.bytes()), (0, 0));
    log.flush().unwrap();
    assert_eq!(read_all(&mut log), [0]);
}

/// Segments as version 1 wrote them.
fn write_version_1(dir: &Path, numbers: &[u64], before: u64, ever: (u64, u64)) -> (u64, u64) {
    let first = numbers[0];
    let mut bytes = b"TEMBLOG1".to_vec();
    for number in [first, before, ever.0, ever.1] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    let sum = u64::from(crc32fast::hash(&bytes));
    bytes.extend_from_slice(&sum.to_le_bytes());
    for number in numbers {
        let head = Head {
            number: *number,
            confirmed: None,
        };
        record::write(head, &event(*number, 100), Salt::NONE, &mut bytes).unwrap();
    }
    fs::write(segment::path(dir, first), &bytes).unwrap();
    (ever.0 + numbers.len() as u64, ever.1 + bytes.len() as u64 - 48)
}

#[test]
fn files_of_version_1_are_read_and_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let ever = write_version_1(dir.path(), &[0, 1, 2], 0, (0, 0));
    let (count, bytes) = write_version_1(dir.path(), &[3, 4, 5], 0, ever);
    let mut log = reopen(dir.path(), SEGMENT);
    assert_eq!((log.count(), log.bytes(), log.next_number()), (count, bytes, 6));
    append(&mut log, 100);
    drop(log);
    let mut log = reopen(dir.path(), SEGMENT);
    assert_eq!(read_all(&mut log), [0, 1, 2, 3, 4, 5, 6]);
    for _ in 0..10 {
        append(&mut log, 100);
    }
    assert_eq!(read_all(&mut log).len(), 10);
    confirm(&mut log, 8);
    log.delete_to(8).unwrap();
    assert!(!spares(dir.path()).is_empty());
    for _ in 0..20 {
        append(&mut log, 100);
    }
    drop(log);
    assert_eq!(read_all(&mut reopen(dir.path(), SEGMENT)), (9..37).collect::<Vec<_>>());
}

#[test]
fn names_of_spare_files() {
    assert_eq!(first_of("00000000000000000017.spare"), Some(17));
    for name in ["17.spare", "00000000000000000017.log", "spare", "00000000000000000017spare"] {
        assert_eq!(first_of(name), None, "{name}");
    }
}

#[test]
fn a_spare_file_that_is_gone_or_is_none_is_no_matter() {
    let dir = tempfile::tempdir().unwrap();
    let (mut log, mut left) = used(dir.path());
    let mut files = spares(dir.path()).into_iter();
    fs::remove_file(files.next().unwrap()).unwrap();
    for file in files {
        fs::remove_file(&file).unwrap();
        fs::create_dir(&file).unwrap();
    }
    left.extend((0..20).map(|_| append(&mut log, 100)));
    drop(log);
    for file in spares(dir.path()) {
        fs::remove_dir(file).unwrap();
    }
    assert_eq!(read_all(&mut reopen(dir.path(), SEGMENT)), left);
}

#[test]
fn a_write_of_the_log_ends_with_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), SEGMENT);
    for number in 0..2 {
        append(&mut log, 10);
        let file = segments(dir.path()).remove(0);
        let end = ends(&file)[number + 1];
        let mut behind = [1; 8];
        fs::File::open(&file).unwrap().read_exact_at(&mut behind, end).unwrap();
        assert_eq!(behind, [0; 8]);
    }
}
