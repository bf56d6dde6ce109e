//! What survives a restart, and what a folder may hold (spec/operators-and-flow.md B.9).

use super::*;

#[test]
fn events_and_the_confirmed_number_survive() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 1000);
    for _ in 0..20 {
        append(&mut log, 100);
    }
    let mut events = Vec::new();
    log.read(8, &mut events).unwrap();
    assert_eq!(events.last().unwrap().0, 7);
    confirm(&mut log, 4);
    let bytes = log.bytes();
    drop(log);

    let mut log = reopen(dir.path(), 1000);
    assert_eq!((log.confirmed(), log.next_number()), (Some(4), 20));
    assert_eq!((log.count(), log.bytes()), (15, bytes / 20 * 15));
    assert_eq!(read_all(&mut log), (5..20).collect::<Vec<_>>());
    confirm(&mut log, 19);
    log.delete_to(19).unwrap();
    assert_eq!((log.count(), log.bytes()), (0, 0));
    drop(log);

    let mut log = reopen(dir.path(), 1000);
    assert_eq!((log.count(), log.bytes(), log.next_number()), (0, 0, 20));
    assert_eq!(append(&mut log, 1), 20);
    assert_eq!(read_all(&mut log), [20]);
}

#[test]
fn confirmations_in_a_hurry_are_in_the_next_record_or_written_with_the_tick() {
    let dir = tempfile::tempdir().unwrap();
    let start = |wanted: Option<u64>| {
        let mut log = reopen(dir.path(), 1000);
        assert_eq!(log.confirmed(), wanted);
        read_all(&mut log);
        log
    };
    let kill = |mut log: DiskLog| log.confirmed.forget();
    let mut log = start(None);
    for _ in 0..20 {
        append(&mut log, 100);
    }
    read_all(&mut log);
    log.confirm(2, 1 << 40).unwrap();
    log.confirm(3, (1 << 40) + 1).unwrap();
    kill(log);

    let mut log = start(Some(2));
    log.confirm(4, 1 << 40).unwrap();
    log.confirm(5, (1 << 40) + 1).unwrap();
    append(&mut log, 100);
    log.confirm(6, (1 << 40) + 2).unwrap();
    kill(log);

    let mut log = start(Some(5));
    log.confirm(6, 1 << 40).unwrap();
    log.confirm(7, (1 << 40) + 1).unwrap();
    log.tick().unwrap();
    kill(log);

    // A new segment begins without a record.
    let mut log = start(Some(7));
    log.confirm(8, 1 << 40).unwrap();
    log.confirm(9, (1 << 40) + 1).unwrap();
    log.segment_bytes = 0;
    append(&mut log, 100);
    let last = segments(dir.path()).pop().unwrap();
    kill(log);
    fs::write(&last, &fs::read(&last).unwrap()[..48]).unwrap();

    // Confirmed anew after a late failure: the newer one counts, though it is lower.
    let mut log = start(Some(9));
    append(&mut log, 100);
    log.confirm(8, 1 << 50).unwrap();
    kill(log);
    start(Some(8));
}

#[test]
fn confirmed_segments_go_and_others_stay() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 1000);
    for _ in 0..100 {
        append(&mut log, 100);
    }
    let before = segments(dir.path()).len();
    assert!(before > 10, "{before}");
    assert_eq!(read_all(&mut log).len(), 100);
    log.delete_to(60).unwrap();
    let after = segments(dir.path());
    assert!(after.len() + 7 < before, "{} of {before}", after.len());
    let first: u64 = after[0].file_stem().unwrap().to_str().unwrap().parse().unwrap();
    assert!(first <= 61);
    assert_eq!(log.count(), 39);
    assert!(log.read_again(60).unwrap().is_none());
    assert_eq!(log.read_again(61).unwrap().as_ref().and_then(number_in), Some(61));
    // Not confirmed, so it all comes back after a restart as far as it is there.
    drop(log);
    let again = read_all(&mut reopen(dir.path(), 1000));
    assert_eq!(again, (first..100).collect::<Vec<_>>());
    let mut log = reopen(dir.path(), 1000);
    confirm(&mut log, 99);
    drop(log);
    assert_eq!(reopen(dir.path(), 1000).count(), 0);
    assert_eq!(segments(dir.path()).len(), 1);
}

#[test]
fn more_than_memory_keeps_is_read_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 64 << 10);
    for _ in 0..3000 {
        append(&mut log, 300);
    }
    let mut read = Vec::new();
    for round in 0..3000 {
        // Falls behind and catches up, so that both files and memory are read.
        if round % 2 == 0 {
            append(&mut log, 10);
        }
        let mut events = Vec::new();
        log.read(round as usize % 4, &mut events).unwrap();
        read.extend(events.into_iter().map(|(number, _)| number));
    }
    read.extend(read_all(&mut log));
    assert_eq!(read, (0..4500).collect::<Vec<_>>());
    for number in [0, 1700, 4499] {
        assert_eq!(log.read_again(number).unwrap().as_ref().and_then(number_in), Some(number));
    }
    assert!(log.read_again(4500).unwrap().is_none());
}

#[test]
fn a_folder_has_one_log() {
    let dir = tempfile::tempdir().unwrap();
    let first = reopen(dir.path(), 1000);
    let Err(error) = open(dir.path(), options(1000)) else {
        panic!("opened twice");
    };
    assert!(error.to_string().contains("another log uses the folder"), "{error}");
    drop(first);
    reopen(dir.path(), 1000);
}

#[test]
fn unusable_folders_are_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "text").unwrap();
    let error = LogFolders.open(file.to_str().unwrap(), SyncPolicy::None).err().unwrap();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    assert!(LogFolders.open("", SyncPolicy::None).is_err());
}

#[test]
fn files_of_others_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["db", "conf", "17.log"] {
        fs::write(dir.path().join(name), name).unwrap();
    }
    let mut log = reopen(dir.path(), 1000);
    append(&mut log, 1);
    drop(log);
    assert_eq!(read_all(&mut reopen(dir.path(), 1000)), [0]);
    for name in ["db", "conf", "17.log"] {
        assert_eq!(fs::read(dir.path().join(name)).unwrap(), name.as_bytes());
    }
}

#[test]
fn every_policy_keeps_what_was_appended() {
    for sync in [
        SyncPolicy::Event,
        SyncPolicy::IntervalMs(0),
        SyncPolicy::IntervalMs(500),
        SyncPolicy::None,
    ] {
        let dir = tempfile::tempdir().unwrap();
        let options = Options {
            sync,
            segment_bytes: 500,
        };
        let mut log = open(dir.path(), options).unwrap();
        for _ in 0..10 {
            append(&mut log, 100);
            confirm(&mut log, 2);
        }
        drop(log);
        assert_eq!(
            read_all(&mut open(dir.path(), options).unwrap()),
            [3, 4, 5, 6, 7, 8, 9],
            "{sync:?}"
        );
    }
}

#[test]
fn opening_reads_the_ends_of_the_log_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 1000);
    for _ in 0..100 {
        append(&mut log, 100);
    }
    let (count, bytes) = (log.count(), log.bytes());
    drop(log);
    // If opening looked into the segments between, it would see that there is nothing but headers.
    let files = segments(dir.path());
    for file in &files[1..files.len() - 1] {
        let content = fs::read(file).unwrap();
        fs::write(file, &content[..48]).unwrap();
    }
    let log = reopen(dir.path(), 1000);
    assert_eq!((log.count(), log.bytes()), (count, bytes));
}

#[test]
fn numbers_stay_above_the_confirmed_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 1000);
    for _ in 0..5 {
        append(&mut log, 1);
    }
    read_all(&mut log);
    confirm(&mut log, 4);
    drop(log);
    // As a machine that stopped might leave it: the confirmation reached the disk, the events did not.
    let file = segments(dir.path()).remove(0);
    fs::write(&file, &fs::read(&file).unwrap()[..48]).unwrap();
    let mut log = reopen(dir.path(), 1000);
    assert_eq!(append(&mut log, 1), 5);
    assert_eq!(read_all(&mut log), [5]);
}

#[test]
fn numbers_of_records_that_went_with_the_power_are_not_given_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 1 << 20);
    for _ in 0..10 {
        append(&mut log, 1);
    }
    confirm(&mut log, 3);
    drop(log);
    let file = segments(dir.path()).remove(0);
    // The last that reached the disk is number 5.
    let kept = ends(&file)[6];
    fs::write(&file, &fs::read(&file).unwrap()[..kept as usize]).unwrap();
    let mut log = reopen(dir.path(), 1 << 20);
    assert_eq!(append(&mut log, 1), 10);
    confirm(&mut log, 4);
    drop(log);
    let mut log = reopen(dir.path(), 1 << 20);
    assert_eq!(read_all(&mut log), [5, 10]);
}
