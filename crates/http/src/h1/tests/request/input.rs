//! Limits of heads, and input of every kind.

use proptest::prelude::*;

use super::*;

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
