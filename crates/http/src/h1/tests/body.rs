//! Framing of bodies: `proxy.md` 2.1, rows chunks and trailers, and 2.2.

use bytes::{Buf, BytesMut};
use proptest::prelude::*;

use super::cuts;
use crate::h1::body::BodyFault;
use crate::h1::chunked::{ChunkStep, ChunkedReader};
use crate::message::Headers;

const TRAILER_LIMIT: usize = 40;

/// Body, trailers and bytes behind; `None` if the end has not come.
type Outcome = Result<Option<(Vec<u8>, Headers, Vec<u8>)>, BodyFault>;

fn feed(parts: &[&[u8]]) -> Outcome {
    let mut reader = ChunkedReader::new(TRAILER_LIMIT);
    let mut buffer = BytesMut::new();
    let mut body = Vec::new();
    let mut parts = parts.iter();
    while let Some(part) = parts.next() {
        buffer.extend_from_slice(part);
        loop {
            match reader.step(&mut buffer)? {
                ChunkStep::NeedMore => break,
                ChunkStep::Data(count) => {
                    body.extend_from_slice(&buffer[..count]);
                    buffer.advance(count);
                    reader.taken(count as u64);
                }
                ChunkStep::End(trailers) => {
                    parts.for_each(|part| buffer.extend_from_slice(part));
                    return Ok(Some((body, trailers, buffer.to_vec())));
                }
            }
        }
    }
    Ok(None)
}

#[test]
fn chunks_are_joined_and_extensions_dropped() {
    let text = b"5\r\nhello\r\n00A;ext=\"a b\";x\r\n 0123456\r\n\r\n0\r\n\r\nnext";
    for parts in cuts(text) {
        let (body, trailers, rest) = feed(&parts).unwrap().unwrap();
        assert_eq!(body, b"hello 0123456\r\n");
        assert!(trailers.is_empty());
        assert_eq!(rest, b"next");
    }
}

#[test]
fn trailers_are_fields_without_those_that_must_not_trail() {
    let text = b"0\r\nX-Sum: 1\r\nContent-Length: 5\r\nx-b:2\r\n\r\n";
    for parts in cuts(text) {
        let (_, trailers, _) = feed(&parts).unwrap().unwrap();
        let fields: Vec<_> = trailers.iter().map(|field| (field.name(), field.value())).collect();
        assert_eq!(fields, [("x-sum", &b"1"[..]), ("x-b", b"2")]);
    }
}

#[test]
fn malformed_chunks_are_refused() {
    let long_extension = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(256));
    for (name, text) in [
        ("plus sign", "+5\r\nhello\r\n0\r\n\r\n"),
        ("minus sign", "-5\r\nhello\r\n0\r\n\r\n"),
        ("hex prefix", "0x5\r\nhello\r\n0\r\n\r\n"),
        ("leading blank", " 5\r\nhello\r\n0\r\n\r\n"),
        ("trailing blank", "5 \r\nhello\r\n0\r\n\r\n"),
        ("blank before the extension", "5 ;a\r\nhello\r\n0\r\n\r\n"),
        ("no digits", "\r\nhello\r\n0\r\n\r\n"),
        ("no hex digit", "g\r\nhello\r\n0\r\n\r\n"),
        ("underscore", "1_0\r\nhello\r\n0\r\n\r\n"),
        ("seventeen digits", "00000000000000005\r\nhello\r\n0\r\n\r\n"),
        ("bare LF after the size", "5\nhello\r\n0\r\n\r\n"),
        ("bare CR in the extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        ("NUL in the extension", "5;\0\r\nhello\r\n0\r\n\r\n"),
        ("extension of 257 bytes", &long_extension),
        ("data too long", "5\r\nhello!\r\n0\r\n\r\n"),
        ("data followed by LF", "5\r\nhello\n0\r\n\r\n"),
        ("data followed by CR", "5\r\nhello\r0\r\n\r\n"),
        ("bare LF at the end", "0\r\n\n"),
        ("folded trailer", "0\r\na: b\r\n c\r\n\r\n"),
        ("trailer with a blank before the colon", "0\r\na : b\r\n\r\n"),
        ("trailer with NUL", "0\r\na: \0\r\n\r\n"),
        ("trailer ended by LF", "0\r\na: b\n\r\n"),
    ] {
        for parts in cuts(text.as_bytes()) {
            assert!(matches!(feed(&parts), Err(BodyFault::Malformed(_))), "{name}");
        }
    }
}

#[test]
fn limits_of_extensions_and_trailers_are_exact() {
    let line = |size: usize| format!("1;{}\r\nx\r\n", "e".repeat(size - 1));
    assert!(feed(&[format!("{}0\r\n\r\n", line(256)).as_bytes()]).is_ok());
    let many = line(256).repeat(64);
    assert!(feed(&[format!("{many}0\r\n\r\n").as_bytes()]).unwrap().is_some());
    assert!(feed(&[format!("{many}1;\r\nx\r\n0\r\n\r\n").as_bytes()]).is_err());

    let trailer = |size: usize| format!("0\r\nx: {}\r\n\r\n", "y".repeat(size - 5));
    for parts in cuts(trailer(TRAILER_LIMIT).as_bytes()) {
        assert!(feed(&parts).unwrap().is_some());
    }
    for parts in cuts(trailer(TRAILER_LIMIT + 1).as_bytes()) {
        assert_eq!(feed(&parts).unwrap_err(), BodyFault::TrailersTooLarge);
    }
}

#[test]
fn the_largest_size_does_not_overflow() {
    assert!(feed(&[b"ffffffffffffffff\r\nabc"]).unwrap().is_none());
}

proptest! {
    #[test]
    fn any_bytes_give_a_verdict_that_does_not_depend_on_the_cut(
        text in "([0-4a]{1,2}(;[a-z]{0,3})?\r\n[a-z]{0,4}\r\n){0,3}[0-9a-f \r\n\u{0}-\u{7f}]{0,12}",
        at in any::<proptest::sample::Index>(),
    ) {
        let bytes = text.as_bytes();
        let at = at.index(bytes.len() + 1);
        let show = |outcome: Outcome| outcome.map(|end| end.map(|(body, _, rest)| (body, rest)));
        prop_assert_eq!(show(feed(&[bytes])), show(feed(&[&bytes[..at], &bytes[at..]])));
    }
}
