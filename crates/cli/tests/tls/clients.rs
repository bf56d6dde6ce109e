//! TLS towards clients.

use std::time::Duration;

use temblor_testkit::{Authority, RawClient};

use crate::world::{Folder, ask, gate, start, told, wait_for_log};

#[test]
fn programs_see_what_a_handshake_has_shown() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    let till = folder
        .authority
        .client("till-7", &["till-7.shop.example", "10.0.0.7"])
        .unwrap();
    let gate = gate(
        &folder,
        &["tls: {certificates: [{cert: '@shop.pem', key: '@shop.key'}], client: {mode: required, ca: '@ca.pem'}}"],
    );
    let options = folder.trusting().showing(&till).offering(&["http/1.1"]);
    let mut client = RawClient::connect_tls(gate.port(), "shop.example", &options).unwrap();
    for _ in 0..3 {
        let seen = told(&gate, &mut client, "shop.example:443");
        assert_eq!(
            seen["url"],
            serde_json::json!({"scheme": "https", "host": "shop.example", "path": "/"})
        );
        assert_eq!(seen["body"], serde_json::json!({"a": 1}));
        let tls = &seen["client"]["tls"];
        assert_eq!(tls["version"], "1.3");
        assert!(tls["cipher"].as_str().unwrap().starts_with("TLS_"), "{tls}");
        assert_eq!(tls["sni"], "shop.example");
        assert_eq!(tls["alpn"], "http/1.1");
        assert_eq!(tls["verified"], true);
        assert_eq!(tls["subject"], "CN=till-7");
        assert_eq!(tls["sans"], serde_json::json!(["till-7.shop.example", "10.0.0.7"]));
        assert_eq!(tls["fingerprint"].as_str().map(str::len), Some("sha256:".len() + 64));
        assert_eq!(tls["not_after"], 67_090_118_400_u64);
    }
}

#[test]
fn the_server_name_decides_on_the_certificate() {
    let folder = Folder::new();
    let shop = folder.server("shop", &["shop.example"]);
    let any = folder.server("any", &["*.shop.example"]);
    let list = "certificates: [{cert: '@shop.pem', key: '@shop.key'}, {cert: '@any.pem', key: '@any.key'}]";
    let open = gate(&folder, &[&format!("tls: {{{list}}}")]);
    let shown = |name: &str| {
        let client = RawClient::connect_tls(open.port(), name, &folder.trusting().trusting_all()).unwrap();
        client.shown_certificate()
    };
    for (name, identity) in [("shop.example", &shop), ("a.shop.example", &any), ("a.b.shop.example", &shop)] {
        assert!(shown(name) == identity.der, "{name}");
    }
    let strict = gate(&folder, &[&format!("tls: {{{list}, default: none}}")]);
    for options in [folder.trusting(), folder.trusting().only_tls12()] {
        let error = RawClient::connect_tls(strict.port(), "nobody.example", &options).unwrap_err();
        assert!(error.to_string().contains("UnrecognisedName"), "{error}");
        RawClient::connect_tls(strict.port(), "a.shop.example", &options).unwrap();
    }
}

#[test]
fn revoked_and_unknown_clients_are_turned_away() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    let (lost, kept) = (folder.client("lost"), folder.client("kept"));
    folder.write("crl.pem", &folder.authority.revoke(&[&lost]).unwrap());
    let stranger = Authority::new("Stranger").unwrap().client("kept", &[]).unwrap();
    let gate = gate(
        &folder,
        &[
            "tls: {certificates: [{cert: '@shop.pem', key: '@shop.key'}], client: {mode: optional, ca: '@ca.pem', crl: '@crl.pem'}}",
        ],
    );
    let meet = |options| {
        // In TLS 1.3 a client learns of the refusal when it reads.
        let mut client = RawClient::connect_tls(gate.port(), "shop.example", &options)?;
        ask(&mut client, "shop.example")
    };
    for options in [folder.trusting(), folder.trusting().only_tls12()] {
        assert_eq!(
            meet(options.clone()).unwrap().json()["client"]["tls"]["verified"],
            serde_json::Value::Null
        );
        assert_eq!(
            meet(options.clone().showing(&kept)).unwrap().json()["client"]["tls"]["subject"],
            "CN=kept"
        );
        meet(options.clone().showing(&lost)).unwrap_err();
        meet(options.showing(&stranger)).unwrap_err();
    }
}

#[test]
fn a_host_whose_clients_must_show_more_is_misdirected() {
    let folder = Folder::new();
    folder.server("open", &["open.example"]);
    folder.server("closed", &["closed.example"]);
    let till = folder.client("till");
    let gate = gate(
        &folder,
        &[
            "tls:",
            "  certificates:",
            "    - {cert: '@open.pem', key: '@open.key'}",
            "    - {cert: '@closed.pem', key: '@closed.key', client: {mode: required, ca: '@ca.pem'}}",
        ],
    );
    let mut client = RawClient::connect_tls(gate.port(), "open.example", &folder.trusting()).unwrap();
    told(&gate, &mut client, "open.example");
    told(&gate, &mut client, "nobody.example");
    let response = ask(&mut client, "Closed.Example:8443").unwrap();
    assert_eq!(response.status, 421);
    assert_eq!(response.header("connection"), Some("close"));
    assert_eq!(response.json()["reason"], "misdirected");
    let options = folder.trusting().showing(&till);
    let mut client = RawClient::connect_tls(gate.port(), "closed.example", &options).unwrap();
    told(&gate, &mut client, "closed.example");
    RawClient::connect_tls(gate.port(), "closed.example", &folder.trusting())
        .and_then(|mut client| ask(&mut client, "closed.example"))
        .unwrap_err();
}

#[test]
fn large_bodies_travel_both_ways() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    let gate = gate(&folder, &["tls: {certificates: [{cert: '@shop.pem', key: '@shop.key'}]}"]);
    let text: String = (0..3_000_000_u32).map(|at| char::from(b'a' + (at * 31 % 26) as u8)).collect();
    for options in [folder.trusting(), folder.trusting().only_tls12()] {
        let mut client = RawClient::connect_tls(gate.port(), "shop.example", &options).unwrap();
        let body = serde_json::json!({ "text": text }).to_string();
        for _ in 0..2 {
            let response = client
                .ask("POST", "/", &[("Content-Type", "application/json")], &body)
                .unwrap();
            assert_eq!(response.status, 200);
            assert!(response.json()["body"]["text"] == text.as_str(), "the body came back changed");
        }
    }
}

#[test]
fn what_is_no_handshake_is_closed() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    let gate = gate(
        &folder,
        &[
            "tls: {certificates: [{cert: '@shop.pem', key: '@shop.key'}]}",
            "timeouts: {handshake: 300ms}",
        ],
    );
    let mut plain = gate.client().unwrap();
    plain.send(b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n").unwrap();
    // An alert at most, and no byte of HTTP.
    assert!(plain.receive_end().map_or(true, |bytes| !bytes.starts_with(b"HTTP")));
    let mut silent = gate.client().unwrap().with_patience(Duration::from_secs(10));
    assert_eq!(silent.receive_end().unwrap(), b"");
}

#[test]
fn a_stop_ends_idle_connections_in_order() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    let mut gate = gate(&folder, &["tls: {certificates: [{cert: '@shop.pem', key: '@shop.key'}]}"]);
    let mut client = RawClient::connect_tls(gate.port(), "shop.example", &folder.trusting()).unwrap();
    told(&gate, &mut client, "shop.example");
    gate.terminate().unwrap();
    // An end without the closing message of TLS would be an error.
    assert_eq!(client.receive_end().unwrap(), b"");
    assert!(gate.wait(Duration::from_secs(10)).unwrap().success());
}

#[test]
fn files_that_cannot_be_used_are_named_at_the_start() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    folder.server("other", &["other.example"]);
    for (record, parts) in [
        (
            "{certificates: [{cert: '@shop.pem', key: '@other.key'}]}",
            ["shop.pem", "other.key"],
        ),
        (
            "{certificates: [{cert: '@none.pem', key: '@shop.key'}]}",
            ["cannot read", "none.pem"],
        ),
        (
            "{certificates: [{cert: '@shop.pem', key: '@shop.key'}], default: x.example}",
            ["default", "x.example"],
        ),
        (
            "{certificates: [{cert: '@shop.pem', key: '@shop.key'}], tickts: true}",
            ["tickts", "tickets"],
        ),
    ] {
        let error = start(&folder, &[&format!("tls: {record}")]).unwrap_err().to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{record}: {error}");
    }
}

#[test]
fn a_certificate_that_ends_soon_is_told_of() {
    let folder = Folder::new();
    let life = Duration::from_hours(13 * 24 + 1);
    let identity = folder.authority.short_lived(&["shop.example"], life).unwrap();
    identity.write(folder.path(), "shop").unwrap();
    let gate = gate(&folder, &["tls: {certificates: [{cert: '@shop.pem', key: '@shop.key'}]}"]);
    wait_for_log(&gate, "shop.pem` expires in 13 days");
}
