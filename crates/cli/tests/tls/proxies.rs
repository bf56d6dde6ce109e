//! PROXY headers from proxies in front.

use temblor_testkit::{Deployment, RawClient};

use crate::world::{Folder, gate, told};

const LINE: &[u8] = b"PROXY TCP4 192.0.2.7 198.51.100.9 51820 443\r\n";
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A version 2 header over TCP and IPv4, from 192.0.2.7:51820, with an `AUTHORITY`.
fn version_2() -> Vec<u8> {
    let block = [
        &[192, 0, 2, 7, 198, 51, 100, 9, 0xca, 0x6c, 1, 187][..],
        b"\x02\x00\x0cshop.example",
    ]
    .concat();
    [SIGNATURE, &[0x21, 0x11, 0, block.len() as u8], &block].concat()
}

fn behind(gate: &Deployment, header: &[u8]) -> RawClient {
    let mut client = gate.client().unwrap();
    client.send(header).unwrap();
    client
}

#[test]
fn the_stated_source_is_the_client() {
    let gate = gate(&Folder::new(), &["proxy_protocol: {from: [127.0.0.0/8]}"]);
    for header in [LINE, &version_2()] {
        let mut client = behind(&gate, header);
        for _ in 0..2 {
            let seen = told(&gate, &mut client, "shop.example");
            assert_eq!(seen["client"]["ip"], "192.0.2.7");
            assert_eq!(seen["client"]["port"], 51820);
            assert_eq!(seen["client"]["peer"]["ip"], "127.0.0.1");
            assert_eq!(seen["url"]["scheme"], "http");
        }
    }
    let seen = told(&gate, &mut behind(&gate, &version_2()), "shop.example");
    assert_eq!(seen["client"]["tls"]["sni"], "shop.example");
    assert_eq!(seen["client"]["tls"]["version"], serde_json::Value::Null);
}

#[test]
fn without_addresses_the_real_ones_count() {
    let gate = gate(&Folder::new(), &["proxy_protocol: {from: [127.0.0.1]}"]);
    let local = [SIGNATURE, &[0x20, 0x00, 0, 0]].concat();
    for header in [&b"PROXY UNKNOWN\r\n"[..], &local] {
        let seen = told(&gate, &mut behind(&gate, header), "shop.example");
        assert_eq!(seen["client"]["ip"], "127.0.0.1");
    }
}

#[test]
fn a_header_is_a_must_for_some_and_none_for_all_others() {
    let must = gate(&Folder::new(), &["proxy_protocol: {from: [127.0.0.1]}"]);
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"PROXY TCP4 300.0.0.1 1.1.1.1 1 1\r\n",
    ] {
        let ended = behind(&must, bytes).receive_end();
        assert!(ended.map_or(true, |bytes| bytes.is_empty()), "an answer");
    }
    let others = gate(&Folder::new(), &["proxy_protocol: {from: [192.0.2.0/24]}"]);
    told(&others, &mut others.client().unwrap(), "shop.example");
    let response = behind(&others, LINE).receive().unwrap();
    assert_eq!(response.status, 400);
}

#[test]
fn tls_begins_behind_the_header() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example"]);
    let gate = gate(
        &folder,
        &[
            "proxy_protocol: {from: [127.0.0.1]}",
            "tls: {certificates: [{cert: '@shop.pem', key: '@shop.key'}]}",
        ],
    );
    for header in [LINE, &version_2()] {
        let client = behind(&gate, header);
        let mut client = client.secured("shop.example", &folder.trusting()).unwrap();
        let seen = told(&gate, &mut client, "shop.example");
        assert_eq!(seen["client"]["ip"], "192.0.2.7");
        assert_eq!(seen["client"]["tls"]["sni"], "shop.example");
        assert_eq!(seen["url"]["scheme"], "https");
    }
    assert!(RawClient::connect_tls(gate.port(), "shop.example", &folder.trusting()).is_err());
}
