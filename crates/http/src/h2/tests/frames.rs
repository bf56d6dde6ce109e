//! The counter of control frames.

use proptest::prelude::*;
use tokio::time::{Duration, advance};

use crate::h2::frames::FrameCounter;

fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    let mut frame = length.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags, 0, 0, 0, 1]);
    frame.extend(payload);
    frame
}

/// So many frames until the counter says that it is enough.
fn taken(bytes: &[u8]) -> Option<usize> {
    let mut counter = FrameCounter::behind(0);
    (1..=3000).find(|_| counter.take(bytes).is_err())
}

#[tokio::test(start_paused = true)]
async fn a_thousand_control_frames_a_second_are_enough() {
    for control in [
        frame(6, 0, &[0; 8]),
        frame(6, 1, &[0; 8]),
        frame(4, 0, &[]),
        frame(2, 0, &[0; 5]),
        frame(0, 0, &[]),
    ] {
        assert_eq!(taken(&control), Some(1001), "{control:?}");
    }
    for other in [
        frame(0, 1, &[]),
        frame(0, 0, &[7]),
        frame(1, 4, &[0; 20]),
        frame(8, 0, &[0; 4]),
        frame(3, 0, &[0; 4]),
    ] {
        assert_eq!(taken(&other), None, "{other:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_second_counts_for_itself() {
    let mut counter = FrameCounter::behind(0);
    let ping = frame(6, 0, &[0; 8]);
    for _ in 0..5 {
        for _ in 0..1000 {
            assert!(counter.take(&ping).is_ok());
        }
        advance(Duration::from_secs(1)).await;
    }
}

proptest! {
    #[test]
    fn the_cuts_do_not_matter(sizes in proptest::collection::vec(1_usize..40, 1..50)) {
        let mut bytes = vec![b'P'; 24];
        for number in 0..1001_usize {
            bytes.extend(frame(6, 0, &[0; 8]));
            bytes.extend(frame(0, 0, &vec![6; 1 + number % 90]));
        }
        let mut counter = FrameCounter::behind(24);
        let (mut at, mut verdict) = (0, Ok(()));
        for size in sizes.iter().cycle() {
            let end = (at + size).min(bytes.len());
            verdict = verdict.and(counter.take(&bytes[at..end]));
            at = end;
            if at == bytes.len() {
                break;
            }
        }
        prop_assert!(verdict.is_err());
        let mut counter = FrameCounter::behind(24);
        let last = bytes.len() - 9 - 8 - 9 - 1 - 1000 % 90;
        prop_assert!(counter.take(&bytes[..last]).is_ok());
    }
}
