//! What can be wrong with certificates, keys and lists.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Files or settings that TLS cannot work with. Every text names the file.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file was read and is not what it should be.
    #[error("`{}`: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A key that belongs to another certificate.
    #[error("the key `{}` does not belong to the certificate `{}`", key.display(), cert.display())]
    Mismatch {
        /// File of the certificate.
        cert: PathBuf,
        /// File of the key.
        key: PathBuf,
    },
    /// `default` names a server that no certificate covers.
    #[error("`default` is `{0}`, a name that no certificate covers")]
    NoDefault(String),
    /// Something that no setting can cause.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

impl TlsError {
    pub(super) fn unusable(path: &Path, reason: impl ToString) -> TlsError {
        TlsError::Unusable {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}
