//! The page about HTTP/2 shows a deployment that runs; TLS.

use temblor_testkit::{Authority, Http2Client, Http2Request, Http2Upstream, RawClient, TlsOptions};

use crate::world::{ask, client, gate, shown};

#[test]
fn the_deployment_of_the_page_about_http2_runs() {
    let upstream = Http2Upstream::start(100).unwrap();
    let gate = shown(upstream.port());
    let mut call = Http2Request::post("/grpc/Service/Call", "message");
    call.headers = vec![("content-type", "application/grpc".to_owned()), ("te", "trailers".to_owned())];
    let response = ask(&gate, &client(&gate), &call);
    assert_eq!(response.status, 200, "{response:?}\n{}", gate.stderr());
    assert_eq!(response.header("content-type"), Some("application/grpc"));
    assert_eq!(
        (&response.body[..], response.trailer("grpc-status")),
        (&b"message"[..], Some("0"))
    );
    let old = RawClient::connect(gate.port()).unwrap().ask("GET", "/tell", &[], "").unwrap();
    assert_eq!(old.status, 200, "{old:?}");
}

#[test]
fn over_tls_the_handshake_decides() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new("Test Authority").unwrap();
    authority
        .server(&["shop.example"])
        .unwrap()
        .write(folder.path(), "shop")
        .unwrap();
    let trusting = TlsOptions::trusting(&authority).unwrap();
    let upstream = Http2Upstream::start(100).unwrap();
    let path = folder.path().display();
    let with = |more: &str| format!("tls: {{certificates: [{{cert: {path}/shop.pem, key: {path}/shop.key}}]{more}}}");
    for (tls, http2, speaks) in [
        (with(""), "expose: true", Some("h2")),
        (with(", alpn: [http/1.1, h2]"), "expose: true", Some("http/1.1")),
        (with(", alpn: [http/1.1]"), "expose: true", Some("http/1.1")),
        (with(""), "http2: {enabled: false}", Some("http/1.1")),
    ] {
        let gate = gate(upstream.port(), &[tls.as_str(), http2], &["protocol: http2"]);
        let offering = trusting.clone().offering(&["h2", "http/1.1"]);
        let client = RawClient::connect_tls(gate.port(), "shop.example", &offering).unwrap();
        assert_eq!(client.alpn().as_deref(), speaks, "{tls} {http2}");
        let client = Http2Client::connect_tls(gate.port(), "shop.example", &trusting);
        if tls.contains("[http/1.1]") || http2.contains("false") {
            client.unwrap_err();
        } else {
            let response = ask(&gate, &client.unwrap(), &Http2Request::get("/tell"));
            assert_eq!(response.status, 200, "{response:?}\n{}", gate.stderr());
        }
    }
}
