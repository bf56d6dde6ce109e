use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;

use super::{INLINE, Str};

const LONG: &str = "a text that is certainly longer than twenty-two bytes";
const LONG_STR: Str = Str::from_static(LONG);
const SHORT_STR: Str = Str::from_static("short");

fn buffer(text: &str) -> Arc<Bytes> {
    Arc::new(Bytes::copy_from_slice(text.as_bytes()))
}

#[test]
fn static_text_is_usable_in_constants() {
    assert_eq!(LONG_STR, LONG);
    assert_eq!(SHORT_STR, Str::new("short"));
    assert_eq!(LONG_STR.as_str().as_ptr(), LONG.as_ptr());
}

#[test]
fn every_form_of_the_same_long_text_is_equal() {
    let parts = Str::from_buffer(&buffer(&format!("xx{LONG}yy")), 2..2 + LONG.len()).unwrap();
    assert_eq!(parts, Str::new(LONG));
    assert_eq!(parts, Str::from(LONG.to_owned()));
    assert_eq!(parts, LONG_STR);
}

#[test]
fn long_slices_share_the_buffer_and_short_ones_do_not() {
    let buffer = buffer(&LONG.repeat(3));
    let text = Str::from_buffer(&buffer, 0..buffer.len()).unwrap();
    let half = text.slice(10..60);
    assert_eq!(half, &LONG.repeat(3)[10..60]);
    assert_eq!(half.as_str().as_ptr(), buffer[10..].as_ptr());
    assert_eq!(Arc::strong_count(&buffer), 3);
    let short = text.slice(3..8);
    assert_eq!(short, &LONG[3..8]);
    assert_eq!(Arc::strong_count(&buffer), 3);
}

#[test]
fn ranges_that_do_not_fit_give_empty_text() {
    let text = Str::new("aß");
    assert_eq!(text.slice(0..9), "");
    assert_eq!(text.slice(0..2), "");
    assert_eq!(Str::from_buffer(&buffer("ab"), 1..7).unwrap(), "");
}

#[test]
fn buffers_that_are_not_utf8_are_refused_with_the_place() {
    let bytes = Arc::new(Bytes::from_static(b"ab\xffcd"));
    assert_eq!(Str::from_buffer(&bytes, 1..5).unwrap_err().valid_up_to(), 1);
}

#[test]
fn a_buffer_with_other_bytes_is_never_shared() {
    let buffer = buffer(&"x".repeat(LONG.len()));
    assert_eq!(Str::shared(&buffer, 0, LONG), LONG);
    assert_eq!(Str::shared(&buffer, usize::MAX, LONG), LONG);
    assert_eq!(Arc::strong_count(&buffer), 1);
}

#[test]
fn only_text_below_a_quarter_of_its_buffer_pins_it() {
    let buffer = buffer(&"x".repeat(100));
    assert!(Str::from_buffer(&buffer, 0..24).unwrap().pins_buffer());
    assert!(!Str::from_buffer(&buffer, 0..25).unwrap().pins_buffer());
    let detached = Str::from_buffer(&buffer, 0..24).unwrap().detached();
    assert_eq!(detached, &"x".repeat(24)[..]);
    assert_eq!(Arc::strong_count(&buffer), 1);
}

#[test]
fn maps_of_texts_are_asked_with_plain_text() {
    let map: HashMap<Str, u8> = [(Str::new("a"), 1), (Str::new(LONG), 2)].into_iter().collect();
    assert_eq!((map.get("a"), map.get(LONG)), (Some(&1), Some(&2)));
}

#[test]
fn text_shows_as_text_does() {
    assert_eq!(format!("{:?} {}", Str::new("a\""), Str::new("b")), "\"a\\\"\" b");
}

proptest! {
    #[test]
    fn texts_behave_like_strings(a in "\\PC{0,30}", b in "\\PC{0,30}") {
        let (x, y) = (Str::new(&a), Str::from(b.clone()));
        prop_assert_eq!(x.as_str(), &a);
        prop_assert_eq!(y.as_str(), &b);
        prop_assert_eq!(x == y, a == b);
        prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        prop_assert_eq!(x.clone(), x);
    }

    #[test]
    fn slices_are_slices(text in "\\PC{0,60}", from in 0_usize..60, len in 0_usize..60) {
        let end = from + len;
        let whole = Str::from_buffer(&buffer(&text), 0..text.len()).unwrap();
        let expected = text.get(from..end).unwrap_or_default();
        prop_assert_eq!(whole.slice(from..end), expected);
        prop_assert_eq!(Str::new(&text).slice(from..end), expected);
        prop_assert_eq!(Str::inline(expected).is_some(), expected.len() <= INLINE);
    }

    #[test]
    fn words_of_short_texts_say_what_the_texts_say(a in "[ab]{0,23}", b in "[ab]{0,23}") {
        let (a, b) = (Str::new(&a), Str::new(&b));
        prop_assert_eq!(a.short().map(|short| b.is_short(short)), a.short().map(|_| a == b));
        let part = Str::from_buffer(&buffer(&a), 0..a.len()).unwrap();
        prop_assert_eq!(a.quick_hash(), part.quick_hash());
        for at in 0..a.len() {
            let mut other = a.to_string();
            other.replace_range(at..=at, "c");
            prop_assert!(a.short().is_none_or(|short| !Str::new(&other).is_short(short)), "{} {}", a, at);
        }
    }
}

#[test]
fn texts_with_a_window_are_held_like_others() {
    let whole = "é, some words that are longer than what is held without an allocation, and é";
    let elsewhere = Some(&[b'x'; 24]);
    for start in (0..=whole.len()).filter(|at| whole.is_char_boundary(*at)) {
        for end in (start..=whole.len()).filter(|at| whole.is_char_boundary(*at)) {
            let expected = Str::new(&whole[start..end]);
            for window in [whole.as_bytes()[start..].first_chunk(), None, elsewhere] {
                let mut text = Str::EMPTY;
                text.set_short(&whole[start..end], window);
                assert_eq!(text, expected, "{start}..{end}");
                assert!(text.short() == expected.short());
            }
        }
    }
}
