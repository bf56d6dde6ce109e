//! Request heads: one case and more for every row of `proxy.md` 2.1 and 2.2.

use bytes::BytesMut;
use proptest::prelude::*;

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

#[test]
fn nominated_fields_are_removed_and_standard_ones_stay() {
    let message = accept(with_lines(
        "Connection: X-Hop, te, Upgrade, close\r\nTE: trailers\r\nx-hop: 1\r\nX-Stay: 2\r\nUpgrade: h2c\r\nx-HOP: 3\r\n",
    ));
    let names: Vec<_> = message.head.headers.iter().map(|field| field.name().to_owned()).collect();
    assert_eq!(names, ["host", "connection", "te", "x-stay", "upgrade"]);
}

#[test]
fn a_well_formed_head_is_read_as_sent() {
    let text = "\r\nPURGE /a/b%20c?x=1&y=?#".replace('#', "")
        + " HTTP/1.1\r\nHOST: shop.example:8080\r\nX-A:  one \t\r\nx-a:two\r\nEmpty:\r\nUni: \u{e4}\u{f6}\r\nLatin: \u{20ac}\r\n\r\nrest";
    for parts in cuts(text.as_bytes()) {
        let (outcome, buffer) = feed(&parts, &ServerLimits::default());
        let message = outcome.unwrap().unwrap();
        assert_eq!(message.head.method, Method::Extension("PURGE".into()));
        assert_eq!(message.head.target.as_str(), "/a/b%20c?x=1&y=?");
        assert_eq!(message.head.target.path(), "/a/b%20c");
        assert_eq!(message.head.target.query(), Some("x=1&y=?"));
        let headers = &message.head.headers;
        let fields: Vec<_> = headers
            .iter()
            .map(|field| (field.name(), field.text().into_owned()))
            .collect();
        let expected = [
            ("host", "shop.example:8080"),
            ("x-a", "one"),
            ("x-a", "two"),
            ("empty", ""),
            ("uni", "äö"),
            ("latin", "€"),
        ];
        assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(headers.get(Name::Host), Some(&b"shop.example:8080"[..]));
        assert_eq!(headers.find("x-a"), Some(&b"one"[..]));
        assert!(!headers.contains(Name::ContentLength));
        assert_eq!(message.framing, Framing::Length(0));
        assert!(message.persistent);
        assert_eq!(&buffer[..], b"rest");
    }
}

#[test]
fn methods_keep_their_case() {
    assert_eq!(
        accept("get / HTTP/1.1\r\nHost: a\r\n\r\n").head.method,
        Method::Extension("get".into())
    );
    assert_eq!(
        accept(format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", "M".repeat(32)))
            .head
            .method
            .as_str()
            .len(),
        32
    );
    assert_eq!(Method::from_text(" get "), Some(Method::Get));
    assert_eq!(Method::from_text("Purge"), Some(Method::Extension("Purge".into())));
    assert_eq!(Method::from_text("a b"), None);
}

#[test]
fn bytes_that_are_not_utf8_are_kept_and_shown_lossily() {
    let message = accept(b"GET / HTTP/1.1\r\nHost: a\r\nx: \xff\x80b\r\n\r\n");
    let field = message.head.headers.iter().last().unwrap();
    assert_eq!(field.value(), b"\xff\x80b");
    assert_eq!(&field.value_bytes()[..], b"\xff\x80b");
    assert_eq!(field.text(), "\u{fffd}\u{fffd}b");
}

#[test]
fn absolute_targets_replace_the_host() {
    let message = accept("GET HTTP://u:p@shop.example:81?q HTTP/1.1\r\nHost: other\r\n\r\n");
    let target = &message.head.target;
    assert_eq!(target.form(), TargetForm::Absolute);
    assert_eq!((target.scheme(), target.userinfo()), (Some("HTTP"), Some("u:p")));
    assert_eq!((target.path(), target.query()), ("/", Some("q")));
    let authority = target.authority().unwrap();
    assert_eq!((authority.host, authority.port), ("shop.example", Some(81)));
    assert_eq!(message.head.headers.get(Name::Host), Some(&b"shop.example:81"[..]));

    let message = accept("GET http://[::1]/x HTTP/1.0\r\n\r\n");
    assert_eq!(message.head.headers.get(Name::Host), Some(&b"[::1]"[..]));
    assert_eq!(message.head.target.path(), "/x");
}

#[test]
fn asterisk_belongs_to_options() {
    let message = accept("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(
        (message.head.target.form(), message.head.target.path()),
        (TargetForm::Asterisk, "*")
    );
}

#[test]
fn hosts_may_be_names_addresses_and_ports() {
    for host in ["a", "A.b-c_d", "1.2.3.4:1", "[::1]", "[2001:db8::7]:8443", "a:", "%41b"] {
        accept(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    }
}

#[test]
fn equal_lengths_are_one_length() {
    for lines in [
        "Content-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 5\r\ncontent-length: 05\r\n",
    ] {
        assert_eq!(accept(with_lines(lines)).framing, Framing::Length(5), "{lines}");
    }
    assert_eq!(
        accept(with_lines("Content-Length: 9223372036854775807\r\n")).framing,
        Framing::Length(i64::MAX as u64)
    );
}

#[test]
fn chunked_is_taken_in_any_case() {
    assert_eq!(
        accept(with_lines("Transfer-Encoding: \tCHUNKED \r\n")).framing,
        Framing::Chunked
    );
}

#[test]
fn versions_decide_on_persistence() {
    for (text, version, persistent) in [
        (with_lines(""), Version::Http11, true),
        (with_lines("Connection: close\r\n"), Version::Http11, false),
        (with_lines("Connection: keep-alive, Close\r\n"), Version::Http11, false),
        ("GET / HTTP/1.7\r\nHost: a\r\n\r\n".into(), Version::Http11, true),
        ("GET / HTTP/1.0\r\n\r\n".into(), Version::Http10, false),
        (
            "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n".into(),
            Version::Http10,
            true,
        ),
        (
            "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n".into(),
            Version::Http10,
            false,
        ),
    ] {
        let message = accept(&text);
        assert_eq!((message.head.version, message.persistent), (version, persistent), "{text}");
    }
}

#[test]
fn continue_is_expected_in_any_case_but_not_by_http_1_0() {
    assert!(accept(with_lines("Expect: 100-Continue\r\n")).expects_continue);
    assert!(!accept(with_lines("")).expects_continue);
    assert!(!accept("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expects_continue);
}

#[test]
fn limits_are_exact_and_do_not_depend_on_the_reads() {
    let limits = ServerLimits {
        target: 10,
        head: 80,
        headers: 3,
        ..ServerLimits::default()
    };
    let padded = |size: usize| {
        let head = "GET / HTTP/1.1\r\nHost: a\r\nx: \r\n\r\n";
        head.replace("x: ", &format!("x: {}", "y".repeat(size - head.len())))
    };
    for (name, text, reason) in [
        (
            "target at the limit",
            "GET /234567890 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(),
            None,
        ),
        (
            "target above",
            "GET /2345678901 HTTP/1.1\r\nHost: a\r\n\r\n".into(),
            Some(RefusalReason::UriTooLong),
        ),
        (
            "target without end",
            format!("GET /{}", "x".repeat(200)),
            Some(RefusalReason::UriTooLong),
        ),
        (
            "line longer than the head",
            format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(90)),
            Some(RefusalReason::UriTooLong),
        ),
        ("head at the limit", padded(80), None),
        ("head above", padded(81), Some(RefusalReason::HeadTooLarge)),
        (
            "head without end",
            format!("GET / HTTP/1.1\r\na: {}", "x".repeat(200)),
            Some(RefusalReason::HeadTooLarge),
        ),
        ("fields at the limit", with_lines("a:\r\nb:\r\n"), None),
        (
            "fields above",
            with_lines("a:\r\nb:\r\nc:\r\n"),
            Some(RefusalReason::HeadTooLarge),
        ),
    ] {
        for parts in cuts(text.as_bytes()) {
            let outcome = feed(&parts, &limits).0;
            assert_eq!(
                outcome.as_ref().err().map(|refusal| refusal.reason),
                reason,
                "{name}: {}",
                summary(&outcome)
            );
            assert!(reason.is_some() || outcome.unwrap().is_some(), "{name} is incomplete");
        }
    }
}

#[test]
fn other_protocols_are_refused_without_waiting() {
    for start in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"{\"a\":",
        b"0123456789012345678901234567890123456789",
    ] {
        assert_eq!(parse(start).unwrap_err().reason, RefusalReason::BadRequest);
    }
}

#[test]
fn slow_input_is_scanned_once() {
    // 60 KiB byte by byte: quadratic scanning would look at two thousand million bytes.
    let text = with_lines(&format!("x: {}\r\n", "y".repeat(60_000)));
    let parts: Vec<_> = text.as_bytes().chunks(1).collect();
    let begin = std::time::Instant::now();
    assert!(feed(&parts, &ServerLimits::default()).0.unwrap().is_some());
    assert!(begin.elapsed().as_secs() < 2);
}

proptest! {
    #[test]
    fn any_bytes_give_a_verdict_that_does_not_depend_on_the_cut(
        bytes in proptest::collection::vec(any::<u8>(), 0..120),
        at in any::<proptest::sample::Index>(),
    ) {
        let whole = feed(&[&bytes], &ServerLimits::default());
        let at = at.index(bytes.len() + 1);
        let cut = feed(&[&bytes[..at], &bytes[at..]], &ServerLimits::default());
        prop_assert_eq!(summary(&whole.0), summary(&cut.0));
    }

    #[test]
    fn heads_of_likely_bytes_give_a_verdict_that_does_not_depend_on_the_cut(
        lines in proptest::collection::vec("[ -~\t\r\u{0}\u{e9}]{0,12}|(?i:host: ?[a-z:0-9\\[\\]]{0,6})|(?i:content-length|transfer-encoding|connection): ?[a-z0-9, ]{0,10}", 0..6),
        start in "(GET|POST|OPTIONS|x) (/|\\*|http://a/?)[a-z?]{0,3} HTTP/[012]\\.[019]",
        at in any::<proptest::sample::Index>(),
    ) {
        let text = format!("{start}\r\n{}\r\n\r\n", lines.join("\r\n"));
        let whole = feed(&[text.as_bytes()], &ServerLimits::default());
        let at = at.index(text.len() + 1);
        let cut = feed(&[&text.as_bytes()[..at], &text.as_bytes()[at..]], &ServerLimits::default());
        prop_assert_eq!(summary(&whole.0), summary(&cut.0));
        prop_assert_eq!(whole.1, cut.1);
    }
}
