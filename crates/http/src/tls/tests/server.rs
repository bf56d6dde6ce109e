use std::time::{Duration, SystemTime};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test]
async fn a_handshake_tells_what_was_agreed_on() {
    let folder = Folder::new();
    let server = TlsServer::new(settings(vec![folder.server("one", &["shop.example"])])).unwrap();
    let mut both = met(&server, "Shop.Example", &folder.trusting().offering(&["h2", "http/1.1"])).await;
    assert_eq!(both.info.version, "1.3");
    assert!(
        both.info.cipher.starts_with("TLS_") && !both.info.cipher.contains("WITH"),
        "{}",
        both.info.cipher
    );
    assert_eq!(both.info.sni.as_deref(), Some("shop.example"));
    assert_eq!(both.info.alpn.as_deref(), Some("h2"));
    assert_eq!(both.info.client, None);
    both.client.write_all(b"ping").await.unwrap();
    let mut bytes = [0; 4];
    both.server.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"ping");

    let both = met(&server, "shop.example", &folder.trusting().only_tls12()).await;
    assert_eq!((both.info.version, both.info.alpn), ("1.2", None));
    assert!(both.info.cipher.starts_with("TLS_ECDHE_ECDSA_WITH_"), "{}", both.info.cipher);
    assert_eq!(server.handshakes(), Handshakes { succeeded: 2, failed: 0 });
}

#[tokio::test]
async fn the_first_protocol_that_both_know_is_agreed_on() {
    let folder = Folder::new();
    let one = folder.server("one", &["shop.example"]);
    let mut only_http1 = settings(vec![one]);
    only_http1.alpn = vec![Alpn::Http11];
    let server = TlsServer::new(only_http1).unwrap();
    let both = met(&server, "shop.example", &folder.trusting().offering(&["h2", "http/1.1"])).await;
    assert_eq!(both.info.alpn.as_deref(), Some("http/1.1"));
    let error = refused(&server, "shop.example", &folder.trusting().offering(&["h2"])).await;
    assert!(error.contains("any known protocol"), "{error}");
}

#[tokio::test]
async fn old_versions_can_be_refused() {
    let folder = Folder::new();
    let mut new = settings(vec![folder.server("one", &["shop.example"])]);
    new.min_version = MinVersion::Tls13;
    let server = TlsServer::new(new).unwrap();
    refused(&server, "shop.example", &folder.trusting().only_tls12()).await;
    met(&server, "shop.example", &folder.trusting()).await;
}

/// Three certificates, and which one (by its file) is shown for a name.
async fn shown(default: DefaultCertificate, name: &str, options: impl Fn(TlsOptions) -> TlsOptions) -> Option<&'static str> {
    let folder = Folder::new();
    let files = [
        ("shop", &["shop.example"][..]),
        ("any", &["*.example"]),
        ("named", &["named.example"]),
    ];
    let identities: Vec<Identity> = files
        .iter()
        .map(|(_, names)| folder.authority.server(names).unwrap())
        .collect();
    let certificates = files
        .iter()
        .zip(&identities)
        .map(|((file, _), identity)| folder.certificate(file, identity));
    let mut settings = settings(certificates.collect());
    settings.certificates[2].names = Some(vec!["Other.Test".to_owned(), "*.other.test".to_owned()]);
    settings.default = default;
    let server = TlsServer::new(settings).unwrap();
    let options = options(folder.trusting().trusting_all());
    let (accepted, connected) = meet(&server, name, options.config().unwrap()).await;
    match accepted {
        Ok(_) => {
            let client = connected.unwrap();
            let der = &client.get_ref().1.peer_certificates().unwrap()[0];
            let at = identities.iter().position(|identity| identity.der == der.as_ref()).unwrap();
            Some(files[at].0)
        }
        Err(HandshakeError::UnrecognizedName) => {
            let error = connected.unwrap_err().to_string();
            assert!(error.contains("UnrecognisedName"), "{error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_name_decides_on_the_certificate() {
    for (name, file) in [
        ("shop.example", "shop"),
        ("SHOP.example", "shop"),
        ("till.example", "any"),
        // Its names are those of the settings, and those in the certificate count no more.
        ("named.example", "any"),
        ("other.test", "named"),
        ("a.other.test", "named"),
        // One label, and nobody's: the first.
        ("a.b.example", "shop"),
        ("example", "shop"),
        ("a.b.other.test", "shop"),
    ] {
        assert_eq!(
            shown(DefaultCertificate::First, name, |options| options).await,
            Some(file),
            "{name}"
        );
    }
    assert_eq!(
        shown(DefaultCertificate::First, "till.example", TlsOptions::without_name).await,
        Some("shop")
    );
}

#[tokio::test]
async fn the_default_can_be_another_certificate_or_none() {
    let named = || DefaultCertificate::Name("x.other.test".to_owned());
    assert_eq!(shown(named(), "nobody.test", |options| options).await, Some("named"));
    assert_eq!(shown(named(), "till.example", TlsOptions::without_name).await, Some("named"));
    assert_eq!(shown(named(), "till.example", |options| options).await, Some("any"));
    assert_eq!(shown(DefaultCertificate::None, "nobody.test", |options| options).await, None);
    assert_eq!(
        shown(DefaultCertificate::None, "till.example", TlsOptions::without_name).await,
        None
    );
    assert_eq!(
        shown(DefaultCertificate::None, "nobody.test", TlsOptions::only_tls12).await,
        None
    );
    assert_eq!(
        shown(DefaultCertificate::None, "till.example", |options| options).await,
        Some("any")
    );
}

/// Takes any certificate; says that it checks these signatures.
#[derive(Debug)]
struct Credulous(Vec<SignatureScheme>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}

#[tokio::test]
async fn of_several_certificates_the_first_that_suits_the_client_is_shown() {
    let folder = Folder::new();
    let first = folder.authority.server(&["shop.example"]).unwrap();
    let second = folder.authority.server_ed25519(&["shop.example"]).unwrap();
    let certificates = vec![folder.certificate("first", &first), folder.certificate("second", &second)];
    let server = TlsServer::new(settings(certificates)).unwrap();
    assert_eq!(met(&server, "shop.example", &folder.trusting()).await.shown(), first.der);
    let mut config = folder.trusting().config().unwrap();
    config
        .dangerous()
        .set_certificate_verifier(Arc::new(Credulous(vec![SignatureScheme::ED25519])));
    let (_, client) = meet(&server, "shop.example", config).await;
    assert_eq!(
        client.unwrap().get_ref().1.peer_certificates().unwrap()[0].to_vec(),
        second.der
    );
}

#[tokio::test]
async fn a_cipher_suite_must_fit_the_certificate_too() {
    use rustls::crypto::aws_lc_rs::default_provider;

    let folder = Folder::new();
    let first = folder.authority.server(&["shop.example"]).unwrap();
    let second = folder.authority.server_rsa(&["shop.example"]).unwrap();
    let certificates = vec![folder.certificate("first", &first), folder.certificate("second", &second)];
    let server = TlsServer::new(settings(certificates)).unwrap();
    // All kinds of signatures, but suites of TLS 1.2 for RSA keys only.
    let mut provider = default_provider();
    provider
        .cipher_suites
        .retain(|suite| suite.suite().as_str().is_some_and(|name| name.contains("ECDHE_RSA")));
    let schemes = provider.signature_verification_algorithms.supported_schemes();
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Credulous(schemes)))
        .with_no_client_auth();
    let (_, client) = meet(&server, "shop.example", config).await;
    assert_eq!(
        client.unwrap().get_ref().1.peer_certificates().unwrap()[0].to_vec(),
        second.der
    );
}

/// A server that asks for certificates of its folder's authority.
fn asking(folder: &Folder, is_required: bool, crl: Option<&str>) -> TlsServer {
    let mut certificate = folder.server("one", &["shop.example"]);
    certificate.client = Some(folder.clients(is_required, crl));
    TlsServer::new(settings(vec![certificate])).unwrap()
}

#[tokio::test]
async fn a_client_shows_who_it_is() {
    let folder = Folder::new();
    let server = asking(&folder, true, None);
    let sans = ["till-7.shop.example", "10.0.0.7", "2001:db8::7"];
    let identity = folder.authority.client("till-7", &sans).unwrap();
    for options in [folder.trusting(), folder.trusting().only_tls12()] {
        let both = met(&server, "shop.example", &options.showing(&identity)).await;
        let client = both.info.client.unwrap();
        assert_eq!(client.subject, "CN=till-7");
        assert_eq!(client.sans, sans);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &identity.der);
        let digits: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(client.fingerprint, format!("sha256:{}", digits.concat()));
        // Certificates of tests end in the year 4096.
        assert_eq!(client.not_after, 67_090_118_400);
    }
}

#[tokio::test]
async fn a_required_certificate_must_be_there_and_good() {
    let folder = Folder::new();
    let stranger = Authority::new("Stranger").unwrap().client("till-7", &[]).unwrap();
    let server = asking(&folder, true, None);
    for options in [folder.trusting(), folder.trusting().only_tls12()] {
        refused(&server, "shop.example", &options).await;
        refused(&server, "shop.example", &options.showing(&stranger)).await;
    }
    assert_eq!(server.handshakes(), Handshakes { succeeded: 0, failed: 4 });
}

#[tokio::test]
async fn an_optional_certificate_may_be_missing_but_not_bad() {
    let folder = Folder::new();
    let stranger = Authority::new("Stranger").unwrap().client("till-7", &[]).unwrap();
    let server = asking(&folder, false, None);
    assert_eq!(met(&server, "shop.example", &folder.trusting()).await.info.client, None);
    let known = folder.trusting().showing(&folder.authority.client("till-7", &[]).unwrap());
    assert!(met(&server, "shop.example", &known).await.info.client.is_some());
    refused(&server, "shop.example", &folder.trusting().showing(&stranger)).await;
}

#[tokio::test]
async fn a_revoked_certificate_is_bad() {
    let folder = Folder::new();
    let revoked = folder.authority.client("lost", &[]).unwrap();
    let kept = folder.authority.client("kept", &[]).unwrap();
    let list = folder.authority.revoke(&[&revoked]).unwrap();
    let server = asking(&folder, true, Some(&list));
    met(&server, "shop.example", &folder.trusting().showing(&kept)).await;
    let error = refused(&server, "shop.example", &folder.trusting().showing(&revoked)).await;
    assert!(error.contains("Revoked"), "{error}");
}

#[tokio::test]
async fn a_host_of_a_certificate_that_asks_for_more_is_misdirected() {
    let folder = Folder::new();
    let mut closed = folder.server("closed", &["closed.example"]);
    closed.client = Some(folder.clients(true, None));
    let open = folder.server("open", &["open.example", "*.open.example"]);
    let also_open = folder.server("also", &["also.example"]);
    let server = TlsServer::new(settings(vec![closed, open, also_open])).unwrap();
    let info = met(&server, "open.example", &folder.trusting()).await.info;
    for (host, is_misdirected) in [
        ("closed.example", true),
        ("CLOSED.Example", true),
        ("open.example", false),
        ("a.open.example", false),
        ("also.example", false),
        ("nobody.example", false),
    ] {
        assert_eq!(server.is_misdirected(&info, host), is_misdirected, "{host}");
    }
    let till = folder.trusting().showing(&folder.authority.client("till", &[]).unwrap());
    let info = met(&server, "closed.example", &till).await.info;
    assert!(server.is_misdirected(&info, "open.example"));
    assert!(!server.is_misdirected(&info, "closed.example"));
}

#[tokio::test]
async fn sessions_are_resumed_by_tickets_only_where_they_began() {
    use rustls::HandshakeKind;

    let folder = Folder::new();
    for (tickets, second) in [(true, HandshakeKind::Resumed), (false, HandshakeKind::Full)] {
        for options in [folder.trusting(), folder.trusting().only_tls12()] {
            let mut settings = settings(vec![
                folder.server("one", &["one.example"]),
                folder.server("two", &["two.example"]),
            ]);
            settings.tickets = tickets;
            let server = TlsServer::new(settings).unwrap();
            let config = options.config().unwrap();
            for (name, expected) in [
                ("one.example", HandshakeKind::Full),
                ("one.example", second),
                ("two.example", HandshakeKind::Full),
            ] {
                let (accepted, client) = meet(&server, name, config.clone()).await;
                let (mut socket, mut client) = (accepted.unwrap().0, client.unwrap());
                let kind = client.get_ref().1.handshake_kind().unwrap();
                // Where the first key exchange did not fit there was one more round; that is no resumption.
                let is_resumed = kind == HandshakeKind::Resumed;
                assert_eq!(is_resumed, expected == HandshakeKind::Resumed, "{name}, tickets {tickets}");
                // Tickets come behind the handshake.
                socket.write_all(b"x").await.unwrap();
                socket.flush().await.unwrap();
                client.read_exact(&mut [0]).await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn what_is_no_handshake_fails() {
    let folder = Folder::new();
    let server = TlsServer::new(settings(vec![folder.server("one", &["shop.example"])])).unwrap();
    for sent in [
        &b"GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n"[..],
        b"",
        b"\x16\x03\x01\x00\x05hello",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        client.write_all(sent).await.unwrap();
        client.shutdown().await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        assert!(server.accept(socket).await.is_err());
    }
    assert_eq!(server.handshakes().failed, 3);
}

#[test]
fn ends_of_validity_are_told_of_two_weeks_before() {
    let folder = Folder::new();
    let day = Duration::from_hours(24);
    let life = |file: &str, life| folder.certificate(file, &folder.authority.short_lived(&["shop.example"], life).unwrap());
    let server = TlsServer::new(settings(vec![
        life("near", 13 * day + day / 2),
        life("far", 20 * day),
        life("today", day / 2),
    ]))
    .unwrap();
    let now = SystemTime::now();
    let file = |name: &str| folder.path(&format!("{name}.pem")).display().to_string();
    assert_eq!(
        server.expiry_warnings(now),
        [
            format!("the certificate `{}` expires in 13 days", file("near")),
            format!("the certificate `{}` expires in 0 days", file("today")),
        ]
    );
    let later = server.expiry_warnings(now + day);
    assert_eq!(later[0], format!("the certificate `{}` expires in 12 days", file("near")));
    assert_eq!(later[1], format!("the certificate `{}` has expired", file("today")));
    assert_eq!(server.expiries().len(), 3);
}
