//! What certificates say about themselves. Nothing is verified here.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::{Decode, Error};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::ClientCertificate;

/// What a certificate says.
pub(super) struct Facts {
    /// Its DNS names as written.
    pub(super) dns_names: Vec<String>,
    /// The rest, as programs see it.
    pub(super) shown: ClientCertificate,
}

/// Reads a certificate.
pub(super) fn facts(der: &[u8]) -> Result<Facts, Error> {
    let certificate = CertificateInner::<Raw>::from_der(der)?;
    let certificate = certificate.tbs_certificate();
    let names = match certificate.get_extension::<SubjectAltName>()? {
        Some((_, SubjectAltName(names))) => names,
        None => Vec::new(),
    };
    let not_after = certificate.validity().not_after.to_unix_duration().as_secs();
    Ok(Facts {
        dns_names: names.iter().filter_map(dns_name).collect(),
        shown: ClientCertificate {
            subject: certificate.subject().to_string(),
            sans: names.iter().filter_map(text).collect(),
            fingerprint: fingerprint(der),
            not_after: i64::try_from(not_after).unwrap_or(i64::MAX),
        },
    })
}

fn dns_name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.as_str().to_owned()),
        _ => None,
    }
}

/// A name that can be told in one word; the others (directory names and the like) have no such form.
fn text(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(text) | GeneralName::Rfc822Name(text) | GeneralName::UniformResourceIdentifier(text) => {
            Some(text.as_str().to_owned())
        }
        GeneralName::IpAddress(bytes) => {
            let bytes = bytes.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            let address = v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from));
            address.ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

fn fingerprint(der: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = digest(&SHA256, der);
    let mut text = String::from("sha256:");
    for byte in digest.as_ref() {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
