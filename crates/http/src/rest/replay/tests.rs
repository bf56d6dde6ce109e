use std::task::Waker;

use proptest::prelude::*;

use super::*;
use crate::testing::{Feed, fed};

fn budget(bytes: u64) -> &'static Budget {
    let budget = Box::leak(Box::new(Budget::new()));
    budget.limit_to(bytes);
    budget
}

/// A place with a body that is fed, of announced length or of none.
fn place(length: Option<u64>) -> (Feed, Arc<BodyPlace>) {
    let (feed, body) = fed(length, &[("x-sum", "7")]);
    (feed, Arc::new(BodyPlace::within(body, budget(0))))
}

fn give(feed: &Feed, part: &[u8]) {
    feed.send(Ok(Bytes::copy_from_slice(part))).unwrap();
}

/// Everything that a body gives by now.
fn read(body: &mut Body) -> Vec<u8> {
    let mut all = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    while let Poll::Ready(Ok(Some(part))) = body.poll_chunk(&mut cx) {
        assert!(!part.is_empty());
        all.extend_from_slice(&part);
    }
    all
}

#[test]
fn what_was_read_is_read_again_and_the_rest_follows() {
    let (feed, place) = place(Some(9));
    give(&feed, b"abc");
    let mut first = place.take_to_repeat(100).unwrap();
    assert_eq!(first.remaining(), Some(9));
    assert_eq!(read(&mut first), b"abc");
    assert!(place.is_whole(), "it comes back");
    assert!(place.take_to_repeat(100).is_none(), "it is not here");
    drop(first);
    give(&feed, b"def");
    let mut second = place.take_to_repeat(100).unwrap();
    assert_eq!(second.remaining(), Some(9));
    assert_eq!(read(&mut second), b"abcdef");
    drop(second);
    give(&feed, b"ghi");
    drop(feed);
    let mut last = place.take().unwrap();
    assert_eq!((last.remaining(), read(&mut last)), (Some(9), b"abcdefghi".to_vec()));
    let mut trailers = Vec::new();
    last.visit_trailers(&mut |name, value| trailers.push((name.to_owned(), value.to_vec())));
    assert_eq!(trailers, [("x-sum".to_owned(), b"7".to_vec())]);
    drop(last);
    assert!(!place.is_whole());
}

#[test]
fn a_body_without_length_stays_one() {
    let (feed, place) = place(None);
    give(&feed, b"abc");
    drop(feed);
    let mut first = place.take_to_repeat(100).unwrap();
    assert_eq!((first.remaining(), read(&mut first)), (None, b"abc".to_vec()));
    drop(first);
    assert_eq!(place.take_to_repeat(100).unwrap().remaining(), None);
}

#[test]
fn a_body_beyond_the_limit_is_forgotten_and_goes_on() {
    for (length, limit) in [(None, 5), (Some(6), 5), (Some(6), 2)] {
        let (feed, place) = place(length);
        give(&feed, b"abc");
        let mut body = place.take_to_repeat(limit).unwrap();
        assert_eq!(read(&mut body), b"abc");
        // An announced length tells at the first part.
        assert_eq!(place.is_whole(), length.is_none());
        give(&feed, b"def");
        assert_eq!(read(&mut body), b"def");
        assert!(!place.is_whole());
        drop(body);
        assert!(place.take().is_none());
    }
    // Nothing was read: nothing has to be remembered.
    let (_feed, place) = place(Some(1_000));
    drop(place.take_to_repeat(5).unwrap());
    assert!(place.is_whole());
}

#[test]
fn memory_counts_and_is_given_back_as_soon_as_nobody_can_repeat() {
    let budget = budget(10);
    let (feed, body) = fed(None, &[]);
    let place = Arc::new(BodyPlace::within(body, budget));
    let mut body = place.take_to_repeat(100).unwrap();
    give(&feed, b"abcdef");
    assert_eq!(read(&mut body), b"abcdef");
    assert!(budget.hold().grow_to(5).is_err(), "six of ten are taken");
    // The process has no room for more.
    give(&feed, b"ghijkl");
    assert_eq!(read(&mut body), b"ghijkl");
    assert!(!place.is_whole());
    assert!(budget.hold().grow_to(10).is_ok());

    let (feed, body) = fed(None, &[]);
    let place = Arc::new(BodyPlace::within(body, budget));
    let mut body = place.take_to_repeat(100).unwrap();
    give(&feed, b"abcdef");
    assert_eq!(read(&mut body), b"abcdef");
    drop(place);
    give(&feed, b"g");
    assert_eq!(read(&mut body), b"g");
    assert!(budget.hold().grow_to(10).is_ok(), "the request was answered");
}

#[test]
fn a_body_that_breaks_breaks_for_every_attempt() {
    let (feed, place) = place(None);
    give(&feed, b"abc");
    feed.send(Err(Broken("gone"))).unwrap();
    let mut body = place.take_to_repeat(100).unwrap();
    assert_eq!(read(&mut body), b"abc");
    drop((body, feed));
    let mut again = place.take_to_repeat(100).unwrap();
    assert_eq!(read(&mut again), b"abc");
}

proptest! {
    #[test]
    fn the_last_attempt_gets_every_byte_however_the_others_ended(
        parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..30),
        cuts in prop::collection::vec(0_usize..12, 0..6),
        large in any::<bool>(),
    ) {
        let parts: Vec<Vec<u8>> = if large {
            parts.iter().map(|part| part.repeat(2_000)).collect()
        } else {
            parts
        };
        let whole = parts.concat();
        let (feed, place) = place(Some(whole.len() as u64));
        for part in &parts {
            give(&feed, part);
        }
        drop(feed);
        let mut cx = Context::from_waker(Waker::noop());
        for cut in cuts {
            let mut body = place.take_to_repeat(u64::MAX).unwrap();
            prop_assert_eq!(body.remaining(), Some(whole.len() as u64));
            for _ in 0..cut {
                let _ = body.poll_chunk(&mut cx);
            }
        }
        let mut last = place.take_to_repeat(u64::MAX).unwrap();
        prop_assert_eq!(read(&mut last), whole);
    }
}
