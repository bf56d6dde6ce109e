//! TLS on both sides of the real program (spec/proxy.md 2.13): one process whose offramps speak to an onramp of its own.
#![allow(clippy::unwrap_used)] // helpers of tests

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use temblor_testkit::{Deployment, Page, RawClient, Response, free_port};

const JSON: &[(&str, &str)] = &[("Content-Type", "application/json")];

/// An authority that signs certificates into a folder.
struct Authority<'f> {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: &'f Path,
}

impl<'f> Authority<'f> {
    fn new(folder: &'f Path, file: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(folder.join(file), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    fn sign(&self, name: &str, host: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.folder.join(format!("{name}.pem")), certificate.pem()).unwrap();
        fs::write(self.folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }
}

/// A gate without TLS whose offramp speaks TLS to an onramp that tells what it saw.
fn deployment(folder: &Path, server: &str, client: &str) -> Deployment {
    let inner = free_port().unwrap();
    let text = include_str!("tls/deployment.md")
        .replace("INNER", &inner.to_string())
        .replace("SERVER", server)
        .replace("CLIENT", client)
        .replace('@', &format!("{}/", folder.display()));
    let page = Page::new(&text).unwrap();
    Deployment::of_page(env!("CARGO_BIN_EXE_temblor"), &page).unwrap_or_else(|error| panic!("{error}"))
}

fn ask(gate: &Deployment) -> Response {
    let mut client: RawClient = gate.client().unwrap();
    let answer = client.ask("POST", "/", JSON, "{\"a\":1}");
    answer.unwrap_or_else(|error| panic!("{error}\n{}", gate.stderr()))
}

const TRUSTED: &str = "{ca: '@ca.pem', server_name: shop.example}";

#[test]
fn requests_travel_over_tls_and_programs_see_it() {
    let folder = tempfile::tempdir().unwrap();
    Authority::new(folder.path(), "ca.pem").sign("shop", "shop.example");
    let gate = deployment(
        folder.path(),
        "{certificates: [{cert: '@shop.pem', key: '@shop.key'}]}",
        TRUSTED,
    );
    for _ in 0..3 {
        let response = ask(&gate);
        assert_eq!(response.status, 200, "{response:?}\n{}", gate.stderr());
        let seen = response.json();
        assert_eq!(seen["scheme"], "https");
        assert_eq!(seen["tls"]["sni"], "shop.example");
        assert!(
            ["1.2", "1.3"].iter().any(|version| seen["tls"]["version"] == *version),
            "{seen}"
        );
        assert_eq!(seen["body"], serde_json::json!({"a": 1}));
    }
}

#[test]
fn certificates_are_verified() {
    let folder = tempfile::tempdir().unwrap();
    Authority::new(folder.path(), "ca.pem").sign("shop", "shop.example");
    Authority::new(folder.path(), "other.pem");
    let server = "{certificates: [{cert: '@shop.pem', key: '@shop.key'}]}";
    let table = [
        (TRUSTED, 200),
        ("{ca: '@other.pem', server_name: shop.example}", 503),
        ("{ca: '@ca.pem', server_name: bank.example}", 503),
        ("{ca: '@ca.pem'}", 503),
        ("{verify: false}", 200),
    ];
    for (client, expected) in table {
        let gate = deployment(folder.path(), server, client);
        let response = ask(&gate);
        assert_eq!(response.status, expected, "{client}: {response:?}\n{}", gate.stderr());
    }
}

#[test]
fn clients_may_be_asked_for_certificates() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ca.pem");
    authority.sign("shop", "shop.example");
    authority.sign("gate", "gate.example");
    Authority::new(folder.path(), "other.pem").sign("stranger", "gate.example");
    let server = |mode: &str| {
        format!("{{certificates: [{{cert: '@shop.pem', key: '@shop.key'}}], client: {{mode: {mode}, ca: '@ca.pem'}}}}")
    };
    let with = |name: &str| format!("{{ca: '@ca.pem', server_name: shop.example, cert: '@{name}.pem', key: '@{name}.key'}}");
    let table = [
        ("required", TRUSTED.to_owned(), 503, None),
        ("required", with("gate"), 200, Some("gate.example")),
        ("required", with("stranger"), 503, None),
        ("optional", TRUSTED.to_owned(), 200, None),
        ("optional", with("gate"), 200, Some("gate.example")),
    ];
    for (mode, client, expected, name) in table {
        let gate = deployment(folder.path(), &server(mode), &client);
        let response = ask(&gate);
        assert_eq!(response.status, expected, "{mode} {client}: {response:?}\n{}", gate.stderr());
        if expected == 200 {
            let shown = response.json()["tls"]["sans"][0].clone();
            assert_eq!(shown.as_str(), name, "{mode} {client}: {response:?}");
        }
    }
}

#[test]
fn certificates_can_be_replaced_while_requests_run() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "ca.pem");
    authority.sign("shop", "shop.example");
    let server = "{certificates: [{cert: '@shop.pem', key: '@shop.key'}], reload: 100ms}";
    let gate = deployment(folder.path(), server, TRUSTED);
    for round in 0..20 {
        if round == 5 {
            // A pair that does not match is not taken.
            fs::write(folder.path().join("shop.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
        } else if round == 12 {
            authority.sign("shop", "shop.example");
        }
        assert_eq!(ask(&gate).status, 200, "round {round}\n{}", gate.stderr());
        std::thread::sleep(std::time::Duration::from_millis(40));
    }
    let log = gate.stderr();
    assert!(log.contains("not reloaded") && log.contains("shop.key"), "{log}");
}
