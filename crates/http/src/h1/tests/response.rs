//! Response heads: `proxy.md` 2.1, "Upstream responses", and RFC 9112 6.3.

use std::time::Duration;

use bytes::BytesMut;
use proptest::prelude::*;

use super::cuts;
use crate::h1::framing::Framing;
use crate::h1::response::{ResponseMessage, ResponseParser};
use crate::limits::ClientLimits;
use crate::message::{Method, Version};

fn feed(parts: &[&[u8]], method: &Method) -> Result<Option<ResponseMessage>, &'static str> {
    let limits = ClientLimits {
        head: 4096,
        headers: 5,
        trailers: 100,
    };
    let mut parser = ResponseParser::default();
    let mut buffer = BytesMut::new();
    for part in parts {
        buffer.extend_from_slice(part);
        if let Some(message) = parser.advance(&mut buffer, &limits, method)? {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

fn accept_for(method: &Method, text: &str) -> ResponseMessage {
    feed(&[text.as_bytes()], method)
        .unwrap()
        .unwrap_or_else(|| panic!("{text:?} is incomplete"))
}

fn accept(text: &str) -> ResponseMessage {
    accept_for(&Method::Get, text)
}

fn fields(message: &ResponseMessage) -> Vec<(String, String)> {
    message
        .head
        .headers
        .iter()
        .map(|field| (field.name().to_owned(), field.text().into_owned()))
        .collect()
}

#[test]
fn unacceptable_heads_are_violations() {
    for (name, text) in [
        ("no HTTP", "ICY 200 OK\r\n\r\n"),
        ("other major version", "HTTP/2.0 200 OK\r\n\r\n"),
        ("no version", "HTTP 200\r\n\r\n"),
        ("two digits", "HTTP/1.1 20 OK\r\n\r\n"),
        ("four digits", "HTTP/1.1 2000 OK\r\n\r\n"),
        ("below 100", "HTTP/1.1 099 OK\r\n\r\n"),
        ("signed", "HTTP/1.1 +20 OK\r\n\r\n"),
        ("two blanks", "HTTP/1.1  200 OK\r\n\r\n"),
        ("control character in the reason", "HTTP/1.1 200 O\u{1}K\r\n\r\n"),
        ("bare LF", "HTTP/1.1 200 OK\na: b\r\n\r\n"),
        ("bare CR", "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n"),
        ("control character in a value", "HTTP/1.1 200 OK\r\na: b\0\r\n\r\n"),
        (
            "control character in a folded line",
            "HTTP/1.1 200 OK\r\na: b\r\n c\u{7f}\r\n\r\n",
        ),
        ("name not a token", "HTTP/1.1 200 OK\r\na b: c\r\n\r\n"),
        ("no colon", "HTTP/1.1 200 OK\r\nabc\r\n\r\n"),
        ("folded line first", "HTTP/1.1 200 OK\r\n a: b\r\n\r\n"),
        (
            "both lengths",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        ),
        (
            "both lengths of a 204",
            "HTTP/1.1 204 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        ),
        (
            "differing lengths",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        ),
        ("length with a sign", "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n"),
        ("unknown coding", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n"),
        (
            "coding before chunked",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        ),
        (
            "repeated chunked",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
        ),
        ("chunked in 1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        (
            "too many fields",
            "HTTP/1.1 200 OK\r\na:\r\na:\r\na:\r\na:\r\na:\r\na:\r\n\r\n",
        ),
    ] {
        for parts in cuts(text.as_bytes()) {
            assert!(feed(&parts, &Method::Get).is_err(), "{name}");
        }
    }
    assert!(
        feed(
            &[format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(5000)).as_bytes()],
            &Method::Get
        )
        .is_err()
    );
}

#[test]
fn folding_and_blanks_before_colons_are_mended() {
    let text = "HTTP/1.1 200\r\nA : one\r\n  two \t\r\n\tthree\r\nb:\r\n four\r\nc:  \r\n \r\nd: x\r\n\r\n";
    for parts in cuts(text.as_bytes()) {
        let message = feed(&parts, &Method::Get).unwrap().unwrap();
        let expected = [("a", "one two three"), ("b", "four"), ("c", ""), ("d", "x")];
        assert_eq!(
            fields(&message),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
    }
}

#[test]
fn any_three_digits_from_100_are_a_status() {
    for code in [100, 299, 520, 999] {
        assert_eq!(accept(&format!("HTTP/1.1 {code} X\r\n\r\n")).head.status.code(), code);
    }
}

#[test]
fn the_framing_follows_status_method_and_fields() {
    let length = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    assert_eq!(accept(length).framing, Framing::Length(5));
    assert_eq!(accept_for(&Method::Head, length).framing, Framing::Length(0));
    assert_eq!(
        accept("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n").framing,
        Framing::Chunked
    );
    assert_eq!(accept("HTTP/1.1 200 OK\r\n\r\n").framing, Framing::UntilClose);
    for code in [100, 204, 304] {
        assert_eq!(
            accept(&format!("HTTP/1.1 {code} X\r\ncontent-length: 5\r\n\r\n")).framing,
            Framing::Length(0),
            "{code}"
        );
    }
}

#[test]
fn persistence_follows_version_fields_and_framing() {
    for (lines, persistent) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: Close\r\n", false),
        ("HTTP/1.1 200 OK\r\n", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n", false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: keep-alive\r\n", true),
        (
            "HTTP/1.1 401 X\r\ncontent-length: 0\r\nwww-authenticate: Basic, Negotiate\r\n",
            false,
        ),
        ("HTTP/1.1 401 X\r\ncontent-length: 0\r\nwww-authenticate: NTLM abc\r\n", false),
        (
            "HTTP/1.1 401 X\r\ncontent-length: 0\r\nwww-authenticate: Basic realm=x\r\n",
            true,
        ),
    ] {
        assert_eq!(accept(&format!("{lines}\r\n")).persistent, persistent, "{lines}");
    }
    let message = accept("HTTP/1.1 200 OK\r\nkeep-alive: max=5, Timeout=10\r\n\r\n");
    assert_eq!(message.idle_hint, Some(Duration::from_secs(9)));
    assert_eq!(message.head.version, Version::Http11);
}

#[test]
fn fields_of_the_connection_are_removed() {
    let message = accept(
        "HTTP/1.1 200 OK\r\nconnection: x-hop, keep-alive\r\nX-Hop: 1\r\nproxy-thing: 2\r\nstay: 3\r\ncontent-length: 0\r\n\r\n",
    );
    assert_eq!(
        fields(&message),
        [
            ("stay".to_owned(), "3".to_owned()),
            ("content-length".to_owned(), "0".to_owned())
        ]
    );
}

proptest! {
    #[test]
    fn any_bytes_give_a_verdict_that_does_not_depend_on_the_cut(
        lines in proptest::collection::vec("[ -~\t\r\u{0}\u{e9}]{0,12}|(?i:content-length|transfer-encoding|connection) ?: ?[a-z0-9, ]{0,10}", 0..7),
        at in any::<proptest::sample::Index>(),
    ) {
        let text = format!("HTTP/1.1 200 OK\r\n{}\r\n\r\n", lines.join("\r\n"));
        let bytes = text.as_bytes();
        let at = at.index(bytes.len() + 1);
        let show = |result: Result<Option<ResponseMessage>, &str>| result.map(|message| message.map(|message| (fields(&message), message.framing))).map_err(str::to_owned);
        prop_assert_eq!(show(feed(&[bytes], &Method::Get)), show(feed(&[&bytes[..at], &bytes[at..]], &Method::Get)));
    }
}
