//! The page about TLS shows a deployment that runs.

use temblor_testkit::{Deployment, FaultyUpstream, Page, RawClient, TlsFront};

use crate::world::{Folder, JSON};

#[test]
fn the_deployment_of_the_page_about_tls_runs() {
    let folder = Folder::new();
    folder.server("shop", &["shop.example", "*.shop.example"]);
    folder.client("gate");
    folder.write("crl.pem", &folder.authority.revoke(&[]).unwrap());
    let backend = folder.authority.server(&["backend.internal"]).unwrap();
    let upstream = FaultyUpstream::echo().unwrap();
    let front = TlsFront::start(&backend, Some(&folder.authority), upstream.port()).unwrap();
    let text = include_str!("../../../../docs/tls.md").replace("/etc/temblor/", &format!("{}/", folder.path().display()));
    let page = Page::new(&text).unwrap().at(9000, front.port());
    let gate = Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"));

    let till = folder.authority.client("till-7", &[]).unwrap();
    let ask = |options, host: &str| {
        let mut client = RawClient::connect_tls(gate.port(), host, &options)?;
        client.ask("POST", "/anything/1", &[JSON[0], ("Host", host)], "{\"a\":1}")
    };
    let response = ask(folder.trusting(), "www.shop.example").unwrap();
    assert_eq!(response.status, 401, "{response:?}\n{}", gate.stderr());
    let response = ask(folder.trusting().showing(&till), "shop.example").unwrap();
    assert_eq!(response.status, 200, "{response:?}\n{}", gate.stderr());
    assert_eq!(upstream.log().requests[0].request.header("x-client"), Some("CN=till-7"));
    ask(folder.trusting(), "other.example").unwrap_err();
}
