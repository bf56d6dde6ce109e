//! Well-formed heads and what is read out of them.

use super::*;

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
