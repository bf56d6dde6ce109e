//! Torn and changed files: what is whole before the damage is kept, nothing is invented, nothing panics.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use super::*;

const SEGMENT: u64 = 700;

/// A folder with a few segments, of which the last is not full; the numbers in it.
fn filled(dir: &Path) -> Vec<u64> {
    let mut log = reopen(dir, SEGMENT);
    let mut random = Random::new(1);
    let numbers = (0..23).map(|_| append(&mut log, random.below(150) as usize)).collect();
    drop(log);
    assert!(segments(dir).len() > 2);
    numbers
}

#[test]
fn a_log_cut_anywhere_keeps_what_is_whole() {
    let whole = tempfile::tempdir().unwrap();
    let numbers = filled(whole.path());
    let last = segments(whole.path()).pop().unwrap();
    let ends = ends(&last);
    let name = last.file_name().unwrap();
    for len in 0..fs::metadata(&last).unwrap().len() {
        let dir = tempfile::tempdir().unwrap();
        copy(whole.path(), dir.path());
        OpenOptions::new()
            .write(true)
            .open(dir.path().join(name))
            .unwrap()
            .set_len(len)
            .unwrap();
        let lost = ends[1..].iter().filter(|end| **end > len).count();
        let kept = &numbers[..numbers.len() - lost];
        let mut log = reopen(dir.path(), SEGMENT);
        assert_eq!(log.count(), kept.len() as u64, "cut at {len}");
        assert_eq!(read_all(&mut log), kept, "cut at {len}");
        let next = append(&mut log, 5);
        assert!(next > *kept.last().unwrap());
        drop(log);
        let again = read_all(&mut reopen(dir.path(), SEGMENT));
        assert_eq!(again, [kept, &[next]].concat(), "cut at {len}, second start");
    }
}

#[test]
fn zeros_and_garbage_at_the_end_are_cut_off() {
    for tail in [&[0; 100][..], &[0xff; 100][..], b"garbage"] {
        let dir = tempfile::tempdir().unwrap();
        let numbers = filled(dir.path());
        let last = segments(dir.path()).pop().unwrap();
        let written = fs::read(&last).unwrap();
        let end = *ends(&last).last().unwrap();
        // Behind what stands behind the last record, and in place of it.
        for kept in [written.len(), end as usize] {
            fs::write(&last, [&written[..kept], tail].concat()).unwrap();
            let mut log = reopen(dir.path(), SEGMENT);
            assert_eq!(fs::metadata(&last).unwrap().len(), end);
            assert_eq!(read_all(&mut log), numbers);
            assert!(log.next_number() > *numbers.last().unwrap());
        }
    }
}

#[test]
fn a_flipped_bit_anywhere_costs_its_own_record_or_what_is_behind() {
    let whole = tempfile::tempdir().unwrap();
    let numbers = filled(whole.path());
    let files = segments(whole.path());
    let seed = 20_261_123;
    let mut random = Random::new(seed);
    // The first and the last one; those between are as the first.
    for position in [0, files.len() - 1] {
        let file = &files[position];
        let is_last = position > 0;
        let name = file.file_name().unwrap();
        let first: u64 = file.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        let ends = ends(file);
        let in_file = ends.len() as u64 - 1;
        for at in 0..fs::metadata(file).unwrap().len() {
            let dir = tempfile::tempdir().unwrap();
            copy(whole.path(), dir.path());
            let damaged = OpenOptions::new().read(true).write(true).open(dir.path().join(name)).unwrap();
            let mut byte = [0];
            damaged.read_exact_at(&mut byte, at).unwrap();
            byte[0] ^= 1 << random.below(8);
            damaged.write_all_at(&byte, at).unwrap();
            let mut log = reopen(dir.path(), SEGMENT);
            let read = read_all(&mut log);
            // The records of this file that must have survived: those before the damage, and in a full segment most behind it.
            let before = first + ends.iter().filter(|end| **end <= at).count().saturating_sub(1) as u64;
            let lost = (first + in_file).saturating_sub(before);
            let text = format!("seed {seed}, {name:?}, byte {at}: {read:?}");
            let intact = |number: &&u64| **number < before || **number >= first + in_file;
            let must: Vec<u64> = if at < 48 {
                numbers
                    .iter()
                    .filter(|number| !(first..first + in_file).contains(*number))
                    .copied()
                    .collect()
            } else {
                numbers.iter().filter(intact).copied().collect()
            };
            assert!(must.iter().all(|number| read.contains(number)), "{text}");
            assert!(read.iter().all(|number| numbers.contains(number)), "{text}");
            assert!(read.is_sorted(), "{text}");
            assert!(numbers.len() - read.len() <= lost.max(in_file) as usize, "{text}");
            // In a segment that is not the last, the records behind a changed body are still there.
            let in_body = ends.windows(2).any(|pair| at >= pair[0] + 4 && at < pair[1]);
            if !is_last && in_body {
                assert_eq!(read.len(), numbers.len() - 1, "{text}");
            }
            let next = append(&mut log, 3);
            assert!(read.iter().all(|number| *number < next), "{text}");
            assert_eq!(read_all(&mut log), [next], "{text}");
            log.delete_to(next).unwrap();
            if at >= 48 {
                assert_eq!((log.count(), log.bytes()), (0, 0), "{text}");
            }
        }
    }
}

#[test]
fn damage_under_a_running_log_is_passed() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = reopen(dir.path(), 100 << 10);
    for _ in 0..2000 {
        append(&mut log, 20);
    }
    let file = segments(dir.path()).remove(0);
    // Long before what is still in memory.
    let at = ends(&file)[5];
    OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .write_all_at(&[0xff; 3], at)
        .unwrap();
    let read = read_all(&mut log);
    assert_eq!(read[..5], [0, 1, 2, 3, 4]);
    assert!(read.len() > 1000 && read.is_sorted(), "{}", read.len());
    assert_eq!(read.last(), Some(&1999));
    OpenOptions::new()
        .write(true)
        .open(&file)
        .unwrap()
        .write_all_at(&[0xff; 3], ends(&file)[2] + 9)
        .unwrap();
    assert!(log.read_again(2).unwrap().is_none());
    assert_eq!(log.read_again(3).unwrap().as_ref().and_then(number_in), Some(3));
}

#[test]
fn a_damaged_confirmed_number_only_repeats() {
    let dir = tempfile::tempdir().unwrap();
    let numbers = filled(dir.path());
    let mut log = reopen(dir.path(), SEGMENT);
    read_all(&mut log);
    confirm(&mut log, 2);
    drop(log);
    let file = dir.path().join("confirmed");
    let whole = fs::read(&file).unwrap();
    for len in 0..whole.len() {
        fs::write(&file, &whole[..len]).unwrap();
        let mut log = reopen(dir.path(), SEGMENT);
        assert_eq!(log.confirmed(), None);
        assert_eq!(read_all(&mut log), numbers);
    }
    fs::write(&file, whole).unwrap();
    assert_eq!(read_all(&mut reopen(dir.path(), SEGMENT)), numbers[3..]);
}

#[test]
fn a_segment_without_a_header_is_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    let numbers = filled(dir.path());
    let files = segments(dir.path());
    let last = files.last().unwrap();
    let bytes = fs::read(last).unwrap();
    fs::write(last, [&[0; 48], &bytes[48..]].concat()).unwrap();
    let mut log = reopen(dir.path(), SEGMENT);
    let first: u64 = last.file_stem().unwrap().to_str().unwrap().parse().unwrap();
    assert_eq!(read_all(&mut log), numbers[..first as usize]);
    let aside = dir
        .path()
        .join(format!("{}.damaged", last.file_name().unwrap().to_str().unwrap()));
    assert_eq!(fs::read(aside).unwrap()[48..], bytes[48..]);
    assert!(append(&mut log, 1) > *numbers.last().unwrap());
}
