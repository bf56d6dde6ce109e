use super::*;
use crate::message::Method;
use crate::rest::onramp::sample::{connection, head, setting};

/// Fields of a request and two texts.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

fn trusted(networks: &str) -> Addresses {
    setting(&format!("{{\"trusted\": {networks}}}"), |mut reader| {
        reader.required("trusted")
    })
    .unwrap()
}

fn client_of(fields: &[(&str, &str)], peer: &str, networks: &str) -> String {
    let found = client(&head(Method::Get, fields).headers, peer.parse().unwrap(), &trusted(networks));
    match found.port {
        Some(port) => SocketAddr::new(found.ip, port).to_string(),
        None => found.ip.to_string(),
    }
}

#[test]
fn the_client_is_the_first_address_that_is_not_trusted() {
    let own = r#"["10.0.0.0/8", "fd00::/8"]"#;
    let cases: &[Case<'_>] = &[
        (&[], "198.51.100.7:1000", "198.51.100.7:1000"),
        (
            &[("x-forwarded-for", "203.0.113.9")],
            "198.51.100.7:1000",
            "198.51.100.7:1000",
        ),
        (&[("x-forwarded-for", "203.0.113.9")], "10.0.0.4:1000", "203.0.113.9"),
        (&[("x-forwarded-for", "1.2.3.4, 203.0.113.9")], "10.0.0.4:1000", "203.0.113.9"),
        (
            &[("x-forwarded-for", "203.0.113.9, 10.0.0.5")],
            "10.0.0.4:1000",
            "203.0.113.9",
        ),
        (
            &[("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "10.0.0.5")],
            "10.0.0.4:1000",
            "203.0.113.9",
        ),
        (&[("x-forwarded-for", "10.0.0.6, 10.0.0.5")], "10.0.0.4:1000", "10.0.0.6"),
        (
            &[("x-forwarded-for", "203.0.113.9, unknown, 10.0.0.5")],
            "10.0.0.4:1000",
            "10.0.0.5",
        ),
        (&[("x-forwarded-for", "203.0.113.9, ")], "10.0.0.4:1000", "10.0.0.4:1000"),
        (
            &[("x-forwarded-for", "203.0.113.9:4711")],
            "10.0.0.4:1000",
            "203.0.113.9:4711",
        ),
        (
            &[("x-forwarded-for", "[2001:db8::7]:4711, fd00::1")],
            "[fd00::2]:1000",
            "[2001:db8::7]:4711",
        ),
        (&[("x-forwarded-for", "2001:db8::7")], "[::ffff:10.0.0.4]:1000", "2001:db8::7"),
        (&[("forwarded", "for=203.0.113.9;proto=http")], "10.0.0.4:1000", "203.0.113.9"),
        (
            &[("forwarded", "proto=http; For=\"[2001:db8::7]:99\"")],
            "10.0.0.4:1000",
            "[2001:db8::7]:99",
        ),
        (
            &[("forwarded", "for=203.0.113.9, for=10.0.0.5")],
            "10.0.0.4:1000",
            "203.0.113.9",
        ),
        (
            &[("forwarded", "for=203.0.113.9, for=_hidden, for=10.0.0.5")],
            "10.0.0.4:1000",
            "10.0.0.5",
        ),
        (
            &[("forwarded", "for=203.0.113.9, by=_edge")],
            "10.0.0.4:1000",
            "10.0.0.4:1000",
        ),
        (
            &[("forwarded", "for=\"203.0.113.9, for=1.2.3.4")],
            "10.0.0.4:1000",
            "10.0.0.4:1000",
        ),
        (
            &[("forwarded", "host=\"a,b;for=1.2.3.4\";for=203.0.113.9")],
            "10.0.0.4:1000",
            "203.0.113.9",
        ),
        (
            &[("forwarded", "for=203.0.113.9"), ("x-forwarded-for", "1.2.3.4")],
            "10.0.0.4:1000",
            "203.0.113.9",
        ),
        (&[("x-forwarded-for", "[203.0.113.9]")], "10.0.0.4:1000", "10.0.0.4:1000"),
    ];
    for (fields, peer, expected) in cases {
        assert_eq!(client_of(fields, peer, own), *expected, "{fields:?} from {peer}");
    }
}

#[test]
fn a_host_that_is_no_token_is_quoted() {
    let cases = [
        (
            "198.51.100.7:1",
            "shop.example",
            "for=198.51.100.7;by=_edge;host=shop.example;proto=http",
        ),
        (
            "198.51.100.7:1",
            "shop.example:8080",
            "for=198.51.100.7;by=_edge;host=\"shop.example:8080\";proto=http",
        ),
        (
            "[2001:db8::7]:1",
            "[::1]",
            "for=\"[2001:db8::7]\";by=_edge;host=\"[::1]\";proto=http",
        ),
        ("[::ffff:198.51.100.7]:1", "a", "for=198.51.100.7;by=_edge;host=a;proto=http"),
    ];
    for (peer, host, expected) in cases {
        let mut added = Vec::new();
        let mut headers = head(Method::Get, &[("host", host)]).headers;
        add_forwarded(&mut headers, &connection(peer), "_edge", &mut added);
        assert_eq!(added, [(Name::Forwarded, expected.as_bytes().to_vec())]);
    }
}
