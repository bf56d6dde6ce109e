use base64::Engine;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use super::*;

fn error(settings: ServerSettings) -> String {
    TlsServer::new(settings).unwrap_err().to_string()
}

#[test]
fn a_key_of_another_certificate_is_refused_with_both_files() {
    let folder = Folder::new();
    let mut one = folder.server("one", &["one.example"]);
    one.key = folder.server("two", &["two.example"]).key;
    let text = error(settings(vec![one]));
    let file = |name| folder.path(name).display().to_string();
    assert_eq!(
        text,
        format!(
            "the key `{}` does not belong to the certificate `{}`",
            file("two.key"),
            file("one.pem")
        )
    );
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = Folder::new();
    let good = folder.server("one", &["one.example"]);
    let missing = folder.path("missing.pem");
    let empty = folder.write("empty.pem", "no PEM here\n");
    let garbled = folder.write(
        "garbled.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let broken = folder.write("broken.pem", "-----BEGIN CERTIFICATE-----\n!!!!\n");
    let with = |change: &dyn Fn(&mut CertificateSettings)| {
        let mut certificate = good.clone();
        change(&mut certificate);
        error(settings(vec![certificate]))
    };
    for path in [&missing, &empty, &garbled, &broken] {
        let client = |ca: &PathBuf, crl: Option<&PathBuf>| ClientAuth {
            is_required: true,
            ca: ca.clone(),
            crl: crl.cloned(),
        };
        let ca = folder.write("ca.pem", &folder.authority.pem());
        let file = path.display().to_string();
        for text in [
            with(&|certificate| certificate.cert.clone_from(path)),
            with(&|certificate| certificate.key.clone_from(path)),
            with(&|certificate| certificate.client = Some(client(path, None))),
            with(&|certificate| certificate.client = Some(client(&ca, Some(path)))),
        ] {
            assert!(text.contains(&file), "{text}");
        }
    }
    // A file of the wrong kind.
    let text = with(&|certificate| certificate.key.clone_from(&good.cert));
    assert_eq!(text, format!("`{}`: no private key in PEM form", good.cert.display()));
}

#[test]
fn the_default_must_be_covered() {
    let folder = Folder::new();
    let mut wrong = settings(vec![folder.server("one", &["one.example"])]);
    wrong.default = DefaultCertificate::Name("two.example".to_owned());
    assert_eq!(error(wrong), "`default` is `two.example`, a name that no certificate covers");
}

/// The contents of the elements of a DER sequence.
fn elements(mut der: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while let [_, first, rest @ ..] = der {
        let (length, rest) = match first {
            0x82 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            0x81 => (usize::from(rest[0]), &rest[1..]),
            length => (usize::from(*length), rest),
        };
        found.push(&rest[..length]);
        der = &rest[length..];
    }
    found
}

/// What a PKCS#8 key holds: a PKCS#1 key if it is one of RSA, a SEC1 key if it is one of elliptic curves.
fn inner(pkcs8: &str, label: &str) -> String {
    let der = PrivateKeyDer::from_pem_slice(pkcs8.as_bytes()).unwrap();
    let whole = elements(der.secret_der())[0];
    let text = base64::prelude::BASE64_STANDARD.encode(elements(whole)[2]);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

#[test]
fn keys_of_all_usual_forms_are_read() {
    let folder = Folder::new();
    for (identity, label) in [
        (folder.authority.server(&["sec1.example"]).unwrap(), "EC PRIVATE KEY"),
        (folder.authority.server_rsa(&["pkcs1.example"]).unwrap(), "RSA PRIVATE KEY"),
    ] {
        let certificate = folder.certificate("one", &identity);
        TlsServer::new(settings(vec![certificate.clone()])).unwrap();
        folder.write("one.key", &inner(&identity.key, label));
        TlsServer::new(settings(vec![certificate])).unwrap();
    }
}
