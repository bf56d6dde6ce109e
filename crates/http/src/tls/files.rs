//! Files of certificates, keys and lists, and whether they have changed.

use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use rustls::RootCertStore;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

use super::TlsError;

/// A chain, the certificate itself first.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    sections(path, "no certificate in PEM form")
}

/// The first key, in PKCS#8, PKCS#1 or SEC1 form.
pub(super) fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| pem_error(path, &error, "no private key in PEM form"))
}

/// Revocation lists.
pub(super) fn lists(path: &Path) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    sections(path, "no revocation list in PEM form")
}

/// Certificates to trust.
pub(super) fn roots(path: &Path) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(path)? {
        roots.add(certificate).map_err(|error| TlsError::unusable(path, error))?;
    }
    Ok(roots)
}

fn sections<T: PemObject>(path: &Path, none: &str) -> Result<Vec<T>, TlsError> {
    let text = read(path)?;
    let found = T::pem_slice_iter(&text).collect::<Result<Vec<T>, _>>();
    let found = found.map_err(|error| pem_error(path, &error, none))?;
    if found.is_empty() {
        return Err(TlsError::unusable(path, none));
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    fs::read(path).map_err(|source| TlsError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn pem_error(path: &Path, error: &PemError, none: &str) -> TlsError {
    match error {
        PemError::NoItemsFound => TlsError::unusable(path, none),
        other => TlsError::unusable(path, other),
    }
}

/// The contents of a list of files at one moment. Contents are compared and not times, so that a file replaced by a link or
/// written with its old time counts too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Reads the files; one that cannot be read counts as such.
    pub(super) fn of(files: &[PathBuf]) -> Fingerprint {
        let mut digest = Context::new(&SHA256);
        for file in files {
            let content = fs::read(file).ok();
            digest.update(&[u8::from(content.is_some())]);
            let content = content.unwrap_or_default();
            digest.update(&(content.len() as u64).to_be_bytes());
            digest.update(&content);
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.finish().as_ref());
        Fingerprint(bytes)
    }
}
