//! What requests are told about their way, and what programs see of their clients (spec/proxy.md 2.4 and 2.5).

use temblor_testkit::{Recipe, Response};

use crate::common::{JSON, World};

const RETURN: &str = "event;\nend;\n# ensure";

/// The headers that the upstream got, as it tells them.
fn seen(response: &Response, name: &str) -> Option<String> {
    let body = response.json();
    let headers = body["headers"].as_object()?;
    let (_, value) = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn world(proxy: &str) -> World {
    World::new(|recipe| {
        // The recipe's own `Forwarded` and `Via` would hide ours.
        let plain = recipe.request_pipeline("let $request.headers[\"Forwarded\"] = forwarded;", "");
        let plain = plain.response_pipeline("let $response.headers.via = via_value\n", "null\n");
        if proxy.is_empty() { plain } else { plain.onramp(proxy) }
    })
}

#[test]
fn nothing_is_added_without_the_record() {
    let world = world("");
    let headers = [JSON[0], ("X-Forwarded-For", "1.2.3.4"), ("X-Real-IP", "1.2.3.4")];
    let response = world.client().ask("POST", "/", &headers, "{}").unwrap();
    for name in [
        "via",
        "forwarded",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-forwarded-port",
    ] {
        assert_eq!(seen(&response, name), None, "{name}");
    }
    assert_eq!(seen(&response, "x-forwarded-for").as_deref(), Some("1.2.3.4"));
    assert_eq!(seen(&response, "x-real-ip").as_deref(), Some("1.2.3.4"));
    assert_eq!(response.header("via"), None);
}

#[test]
fn a_stranger_s_statements_are_replaced() {
    let world = world("proxy: {name: gate, forwarded: true}");
    let headers = [
        JSON[0],
        ("Host", "shop.example:81"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Prefix", "/admin"),
        ("Forwarded", "for=1.2.3.4"),
        ("X-Real-IP", "1.2.3.4"),
    ];
    let response = world.client().ask("POST", "/", &headers, "{}").unwrap();
    let port = world.proxy.port().to_string();
    let expected = [
        ("x-forwarded-for", Some("127.0.0.1")),
        ("x-forwarded-proto", Some("http")),
        ("x-forwarded-host", Some("shop.example:81")),
        ("x-forwarded-port", Some(port.as_str())),
        ("x-forwarded-prefix", None),
        ("x-real-ip", None),
        ("via", Some("1.1 gate")),
        (
            "forwarded",
            Some("for=127.0.0.1;by=_gate;host=\"shop.example:81\";proto=http"),
        ),
    ];
    for (name, value) in expected {
        assert_eq!(seen(&response, name).as_deref(), value, "{name}");
    }
    assert_eq!(response.header("via"), Some("1.1 gate"));
}

#[test]
fn a_trusted_peer_is_continued() {
    let world = world("proxy: {name: gate, trusted: [127.0.0.0/8]}");
    let headers = [
        JSON[0],
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("Via", "1.0 far"),
    ];
    let response = world.client().ask("POST", "/", &headers, "{}").unwrap();
    assert_eq!(seen(&response, "x-forwarded-for").as_deref(), Some("203.0.113.9, 127.0.0.1"));
    assert_eq!(seen(&response, "x-forwarded-proto").as_deref(), Some("https"));
    assert_eq!(seen(&response, "via").as_deref(), Some("1.0 far, 1.1 gate"));
}

#[test]
fn a_reply_keeps_what_it_says_of_its_own_way() {
    let world = World::new(|recipe| recipe.onramp("proxy: {name: gate}"));
    let response = world.ask("POST", "/", "{}");
    let via = response.message.headers_of("via");
    assert_eq!((via.len(), via.last()), (2, Some(&"1.1 gate")), "{via:?}");
}

fn with_client(recipe: Recipe) -> Recipe {
    recipe.request_pipeline(
        RETURN,
        "let event = patch event of insert \"client\" => $client end;\nevent;\nend;\n# ensure",
    )
}

#[test]
fn programs_see_the_client() {
    let world =
        World::new(|recipe| with_client(recipe).onramp("expose: true\n      proxy: {trusted: [127.0.0.1]}\n      timeout: 30s"));
    let before = std::time::SystemTime::now();
    let headers = [JSON[0], ("X-Forwarded-For", "1.2.3.4, 203.0.113.9")];
    let response = world.client().ask("POST", "/", &headers, "{}").unwrap();
    let client = response.json()["json"]["client"].clone();
    assert_eq!(client["ip"], "203.0.113.9", "{client}");
    assert!(client["port"].is_null(), "{client}");
    assert_eq!(client["peer"]["ip"], "127.0.0.1", "{client}");
    assert_eq!(
        client["local"],
        serde_json::json!({"ip": "127.0.0.1", "port": world.proxy.port()})
    );
    assert_eq!(client["protocol"], "HTTP/1.1");
    for name in ["request_id", "trace_id", "tls"] {
        assert!(client.get(name).is_some_and(serde_json::Value::is_null), "{name}: {client}");
    }
    let now_ns = before.duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
    let deadline_ns = client["deadline_ns"].as_u64().unwrap();
    assert!((30_000_000_000..60_000_000_000).contains(&(deadline_ns - now_ns)), "{client}");
}

#[test]
fn a_client_without_proxy_is_the_peer() {
    let world = World::new(|recipe| with_client(recipe).onramp("expose: true\n      timeout: 0"));
    let headers = [JSON[0], ("X-Forwarded-For", "1.2.3.4")];
    let client = world.client().ask("POST", "/", &headers, "{}").unwrap().json()["json"]["client"].clone();
    assert_eq!(
        (&client["ip"], &client["port"]),
        (&client["peer"]["ip"], &client["peer"]["port"]),
        "{client}"
    );
    assert!(client["port"].is_u64() && client["deadline_ns"].is_null(), "{client}");
}

#[test]
fn max_forwards_ends_here() {
    let world = world("proxy: {name: gate}");
    let ask = |method: &str, number: &str| world.client().ask(method, "/", &[("Max-Forwards", number)], "").unwrap();
    let options = ask("OPTIONS", "0");
    assert_eq!(
        (options.status, options.body(), options.header("allow")),
        (200, &b""[..], None),
        "{options:?}"
    );
    assert_eq!(options.header("via"), None);
    assert_eq!(ask("TRACE", "0").status, 405);
    assert_eq!(world.counts(), [0, 0, 0]);
    assert_eq!(seen(&ask("OPTIONS", "2"), "max-forwards").as_deref(), Some("1"));
    assert_eq!(seen(&ask("GET", "0"), "max-forwards").as_deref(), Some("0"));
}

#[test]
fn the_origin_is_that_of_the_request_as_received() {
    let world = World::new(|recipe| {
        let tells = recipe.request_pipeline("script\nlet host", "script\nuse tremor::origin;\nlet host");
        let tells = tells.request_pipeline(
            RETURN,
            "let event = patch event of insert \"from\" => origin::host() end;\nevent;\nend;\n# ensure",
        );
        tells.onramp("proxy: {name: gate}")
    });
    let headers = [JSON[0], ("X-Forwarded-Host", "outer.example")];
    let response = world.client().ask("POST", "/", &headers, "{}").unwrap();
    assert_eq!(response.json()["json"]["from"], "outer.example");
    assert_eq!(seen(&response, "x-forwarded-host").as_deref(), Some("localhost"));
}
