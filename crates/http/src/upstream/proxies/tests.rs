//! What the environment says of proxies.

use super::*;

fn proxies(variables: &[(&str, &'static str)]) -> Proxies {
    Proxies::of(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
}

/// The proxy of a URL, `-` for none.
fn way(proxies: &Proxies, url: &str) -> String {
    let (scheme, authority) = url.split_once("://").unwrap();
    let is_secure = scheme == "https";
    let authority = parse_authority(authority).unwrap();
    let port = authority.port.unwrap_or(if is_secure { 443 } else { 80 });
    match proxies.route(Endpoint::new(authority.host, port).with_tls(is_secure)) {
        Ok(endpoint) => endpoint.proxy().map_or("-".to_owned(), |proxy| format!("{proxy:?}")),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_scheme_has_its_variables() {
    let both = proxies(&[
        ("http_proxy", "http://one:3128"),
        ("HTTPS_PROXY", "two:3129/"),
        ("all_proxy", "three"),
    ]);
    assert_eq!(way(&both, "http://a.example"), "http://one:3128");
    assert_eq!(way(&both, "https://a.example"), "http://two:3129");
    let all = proxies(&[("ALL_PROXY", "http://three")]);
    assert_eq!(way(&all, "http://a.example"), "http://three");
    assert_eq!(way(&all, "https://a.example"), "http://three");
    // What a client of a CGI program can set.
    assert_eq!(way(&proxies(&[("HTTP_PROXY", "http://one:3128")]), "http://a.example"), "-");
    let order = proxies(&[
        ("https_proxy", " "),
        ("HTTPS_PROXY", "http://two"),
        ("ALL_PROXY", "x"),
        ("all_proxy", "y"),
    ]);
    assert_eq!(way(&order, "https://a.example"), "http://two");
    assert_eq!(way(&order, "http://a.example"), "http://y");
    assert_eq!(way(&proxies(&[]), "http://a.example"), "-");
}

#[test]
fn loopback_is_always_asked_directly() {
    let all = proxies(&[("all_proxy", "http://p")]);
    for url in [
        "http://localhost:8080",
        "https://LOCALHOST",
        "http://a.localhost",
        "http://localhost.",
        "http://127.0.0.1",
        "http://127.9.9.9",
        "http://[::1]",
        "http://[::ffff:127.0.0.1]",
    ] {
        assert_eq!(way(&all, url), "-", "{url}");
    }
    for url in [
        "http://notlocalhost",
        "http://10.0.0.1",
        "http://[::2]",
        "http://localhost.example",
    ] {
        assert_eq!(way(&all, url), "http://p", "{url}");
    }
}

#[test]
fn exemptions_are_domains_addresses_and_networks() {
    let cases: [(&'static str, &[&str], &[&str]); 10] = [
        ("*", &["http://a.example", "http://10.0.0.1"], &[]),
        (
            "a.example",
            &["http://a.example", "http://x.a.example", "http://A.Example."],
            &["http://xa.example", "http://example"],
        ),
        (
            ".a.example",
            &["http://a.example", "https://x.y.a.example"],
            &["http://b.example"],
        ),
        ("*.a.example", &["http://x.a.example"], &["http://b.example"]),
        (
            "a.example:81",
            &["http://a.example:81"],
            &["http://a.example", "https://a.example"],
        ),
        (
            "10.1.2.3",
            &["http://10.1.2.3:99", "http://[::ffff:10.1.2.3]"],
            &["http://10.1.2.4", "http://x10.1.2.3"],
        ),
        ("10.1.2.3:80", &["http://10.1.2.3"], &["https://10.1.2.3"]),
        ("10.1.0.0/16", &["http://10.1.9.9"], &["http://10.2.0.1", "http://a.example"]),
        (
            "fd00::/8, [2001:db8::1]:80",
            &["http://[fd12::1]", "http://[2001:db8::1]"],
            &["http://[2001:db8::1]:81"],
        ),
        (
            "b.example c.example , ,no/thing",
            &["http://b.example", "http://c.example"],
            &["http://a.example"],
        ),
    ];
    for (text, direct, behind) in cases {
        for variable in ["no_proxy", "NO_PROXY"] {
            let proxies = proxies(&[("all_proxy", "http://p"), (variable, text)]);
            for url in direct {
                assert_eq!(way(&proxies, url), "-", "{text}: {url}");
            }
            for url in behind {
                assert_eq!(way(&proxies, url), "http://p", "{text}: {url}");
            }
        }
    }
}

#[test]
fn what_cannot_be_used_is_an_error_for_those_that_need_it() {
    let cases = [
        ("socks5://p:1080", "only proxies at `http://`"),
        ("https://p", "only proxies at `http://`"),
        ("http://", "no valid host"),
        ("http://p:x", "no valid host"),
        ("http://user@", "no valid host"),
    ];
    for (text, part) in cases {
        let proxies = proxies(&[("all_proxy", text), ("no_proxy", "b.example")]);
        let error = way(&proxies, "http://a.example");
        assert!(error.contains("`all_proxy`") && error.contains(part), "{text}: {error}");
        assert_eq!(way(&proxies, "http://b.example"), "-");
        assert_eq!(way(&proxies, "http://127.0.0.1"), "-");
    }
}

#[test]
fn the_password_is_sent_and_never_shown() {
    let proxy = Proxy::parse("http://user:s%40cret@p.example:3128/x").unwrap();
    // `user:s@cret`
    assert_eq!(proxy.authorization(), Some("Basic dXNlcjpzQGNyZXQ="));
    assert_eq!(proxy.to_string(), "http://p.example:3128");
    assert_eq!(format!("{proxy:?}"), "http://p.example:3128");
    assert_eq!(Proxy::parse("u@[::1]").unwrap().authorization(), Some("Basic dTo="));
    assert_eq!(Proxy::parse("p").unwrap().authorization(), None);
}
