//! Request heads: one case and more for every row of `proxy.md` 2.1 and 2.2.

mod accepted;
mod input;

use bytes::BytesMut;

use super::cuts;
use crate::error::{Refusal, RefusalReason};
use crate::h1::framing::Framing;
use crate::h1::request::{RequestMessage, RequestParser, RequestRules};
use crate::limits::ServerLimits;
use crate::message::{Method, Name, TargetForm, Version};

type Outcome = Result<Option<RequestMessage>, Refusal>;

fn feed(parts: &[&[u8]], limits: &ServerLimits) -> (Outcome, BytesMut) {
    let protected = ["x-trace".to_owned()];
    let rules = RequestRules {
        limits,
        protected: &protected,
    };
    let mut parser = RequestParser::default();
    let mut buffer = BytesMut::new();
    let mut rest = parts.iter();
    for part in rest.by_ref() {
        buffer.extend_from_slice(part);
        match parser.advance(&mut buffer, rules) {
            Ok(None) => {}
            outcome => {
                rest.for_each(|part| buffer.extend_from_slice(part));
                return (outcome, buffer);
            }
        }
    }
    (Ok(None), buffer)
}

fn parse(text: impl AsRef<[u8]>) -> Outcome {
    feed(&[text.as_ref()], &ServerLimits::default()).0
}

fn accept(text: impl AsRef<[u8]>) -> RequestMessage {
    let text = text.as_ref();
    match parse(text) {
        Ok(Some(message)) => message,
        other => panic!("{:?} gave {other:?}", String::from_utf8_lossy(text)),
    }
}

/// A GET in HTTP/1.1 with a host and these lines.
fn with_lines(lines: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n")
}

fn summary(outcome: &Outcome) -> String {
    match outcome {
        Ok(Some(message)) => {
            let fields: Vec<_> = message
                .head
                .headers
                .iter()
                .map(|field| (field.name(), field.text().into_owned()))
                .collect();
            format!(
                "{} {} {} {fields:?} {:?} {} {}",
                message.head.method.as_str(),
                message.head.target.as_str(),
                message.head.version,
                message.framing,
                message.persistent,
                message.expects_continue
            )
        }
        Ok(None) => "incomplete".to_owned(),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn malformed_heads_are_refused_with_the_reason_of_their_row() {
    use RefusalReason::{BadRequest, Expectation, NotImplemented, Version};
    let long_method = "M".repeat(33);
    let many_options = format!("Connection: {}\r\n", ["x"; 11].join(", "));
    let cases: Vec<(&str, String, RefusalReason)> = vec![
        (
            "bare LF after the request line",
            "GET / HTTP/1.1\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        ("bare LF after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n".into(), BadRequest),
        (
            "bare LF as the empty line",
            "GET / HTTP/1.1\r\nHost: a\r\n\n".into(),
            BadRequest,
        ),
        (
            "bare CR in the request line",
            "GET / HTTP/1.1\rHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        ("bare CR in a value", with_lines("a: b\rc: d\r\n"), BadRequest),
        ("bare CR before the line end", with_lines("a: b\r\r\n"), BadRequest),
        (
            "two empty lines first",
            "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        ("bare LF first", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".into(), BadRequest),
        ("blank first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n".into(), BadRequest),
        (
            "two blanks after the method",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "two blanks after the target",
            "GET /  HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "blank after the version",
            "GET / HTTP/1.1 \r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "tab between the parts",
            "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        ("method not a token", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n".into(), BadRequest),
        (
            "method of 33 bytes",
            format!("{long_method} / HTTP/1.1\r\nHost: a\r\n\r\n"),
            BadRequest,
        ),
        ("CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n".into(), NotImplemented),
        (
            "target with a fragment",
            "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "target with a control character",
            "GET /a\u{1}b HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        ("target beyond ASCII", "GET /ä HTTP/1.1\r\nHost: a\r\n\r\n".into(), BadRequest),
        ("target without slash", "GET a HTTP/1.1\r\nHost: a\r\n\r\n".into(), BadRequest),
        (
            "target of another scheme",
            "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "absolute target without host",
            "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "absolute target with a bad port",
            "GET http://a:x/ HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "asterisk without OPTIONS",
            "GET * HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        ("no version", "GET /\r\nHost: a\r\n\r\n".into(), BadRequest),
        ("lower-case version", "GET / http/1.1\r\nHost: a\r\n\r\n".into(), BadRequest),
        (
            "version with two digits",
            "GET / HTTP/1.10\r\nHost: a\r\n\r\n".into(),
            BadRequest,
        ),
        ("version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n".into(), Version),
        ("version 0", "GET / HTTP/0.9\r\nHost: a\r\n\r\n".into(), Version),
        ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), Version),
        ("blank before the colon", with_lines("a : b\r\n"), BadRequest),
        ("tab before the colon", with_lines("a\t: b\r\n"), BadRequest),
        ("field without colon", with_lines("abc\r\n"), BadRequest),
        ("field without name", with_lines(": b\r\n"), BadRequest),
        ("name not a token", with_lines("a(b): c\r\n"), BadRequest),
        ("folded line", with_lines("a: b\r\n c\r\n"), BadRequest),
        ("line folded by a tab", with_lines("a: b\r\n\tc\r\n"), BadRequest),
        ("blank line of blanks", with_lines(" \r\n"), BadRequest),
        (
            "first field begins with a blank",
            "GET / HTTP/1.1\r\n Host: a\r\n\r\n".into(),
            BadRequest,
        ),
        ("NUL in a value", with_lines("a: b\0c\r\n"), BadRequest),
        ("control character in a value", with_lines("a: b\u{b}c\r\n"), BadRequest),
        ("DEL in a value", with_lines("a: \u{7f}\r\n"), BadRequest),
        ("no host in 1.1", "GET / HTTP/1.1\r\n\r\n".into(), BadRequest),
        ("two hosts", with_lines("Host: a\r\n"), BadRequest),
        (
            "two hosts in 1.0",
            "GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n".into(),
            BadRequest,
        ),
        ("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n".into(), BadRequest),
        ("host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n".into(), BadRequest),
        ("host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n".into(), BadRequest),
        ("host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n".into(), BadRequest),
        (
            "host with a signed port",
            "GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "host with a port too large",
            "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "host in open brackets",
            "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n".into(),
            BadRequest,
        ),
        (
            "absolute target does not replace a missing host",
            "GET http://a/ HTTP/1.1\r\n\r\n".into(),
            BadRequest,
        ),
        ("length with a sign", with_lines("Content-Length: +5\r\n"), BadRequest),
        ("negative length", with_lines("Content-Length: -5\r\n"), BadRequest),
        ("empty length", with_lines("Content-Length:\r\n"), BadRequest),
        ("length in hex", with_lines("Content-Length: 0x5\r\n"), BadRequest),
        ("length with a blank", with_lines("Content-Length: 1 2\r\n"), BadRequest),
        (
            "length of 2^63",
            with_lines("Content-Length: 9223372036854775808\r\n"),
            BadRequest,
        ),
        (
            "length beyond 64 bits",
            with_lines("Content-Length: 99999999999999999999999\r\n"),
            BadRequest,
        ),
        ("length list with a gap", with_lines("Content-Length: 5,\r\n"), BadRequest),
        (
            "different lengths",
            with_lines("Content-Length: 5\r\nContent-Length: 6\r\n"),
            BadRequest,
        ),
        (
            "different lengths in a list",
            with_lines("Content-Length: 5, 6\r\n"),
            BadRequest,
        ),
        (
            "CL.TE",
            with_lines("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
            BadRequest,
        ),
        (
            "TE.CL",
            with_lines("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
            BadRequest,
        ),
        (
            "TE.TE",
            with_lines("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
            BadRequest,
        ),
        (
            "TE.TE with another",
            with_lines("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
            BadRequest,
        ),
        (
            "coding other than chunked",
            with_lines("Transfer-Encoding: gzip\r\n"),
            BadRequest,
        ),
        (
            "chunked not last",
            with_lines("Transfer-Encoding: chunked, gzip\r\n"),
            BadRequest,
        ),
        ("empty coding", with_lines("Transfer-Encoding:\r\n"), BadRequest),
        (
            "gap in the codings",
            with_lines("Transfer-Encoding: , chunked\r\n"),
            BadRequest,
        ),
        (
            "chunked with a parameter",
            with_lines("Transfer-Encoding: chunked;a=b\r\n"),
            BadRequest,
        ),
        ("xchunked", with_lines("Transfer-Encoding: xchunked\r\n"), BadRequest),
        (
            "chunked after a vertical tab",
            with_lines("Transfer-Encoding: \u{b}chunked\r\n"),
            BadRequest,
        ),
        ("quoted chunked", with_lines("Transfer-Encoding: \"chunked\"\r\n"), BadRequest),
        (
            "coding before chunked",
            with_lines("Transfer-Encoding: gzip, chunked\r\n"),
            NotImplemented,
        ),
        (
            "chunked in 1.0",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(),
            BadRequest,
        ),
        ("eleven connection options", with_lines(&many_options), BadRequest),
        (
            "connection option with a colon",
            with_lines("Connection: :path\r\n"),
            BadRequest,
        ),
        ("unknown expectation", with_lines("Expect: 200-ok\r\n"), Expectation),
        (
            "two expectations",
            with_lines("Expect: 100-continue\r\nExpect: x\r\n"),
            Expectation,
        ),
    ];
    for (name, text, reason) in cases {
        for parts in cuts(text.as_bytes()) {
            match feed(&parts, &ServerLimits::default()).0 {
                Err(refusal) => assert_eq!(refusal.reason, reason, "{name}: {refusal}"),
                other => panic!("{name}: {}", summary(&other)),
            }
        }
    }
}

#[test]
fn connection_must_not_nominate_what_has_to_arrive() {
    for name in [
        "host",
        "Content-Length",
        "content-type",
        "authorization",
        "cookie",
        "date",
        "forwarded",
        "x-forwarded-for",
        "X-Forwarded-Anything",
        "x-real-ip",
        "x-request-id",
        "traceparent",
        "tracestate",
        "x-trace",
    ] {
        let refusal = parse(with_lines(&format!("Connection: keep-alive, {name}\r\n"))).unwrap_err();
        assert_eq!(refusal.reason, RefusalReason::BadRequest, "{name}");
    }
}
