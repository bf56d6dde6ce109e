//! TLS on both sides (`proxy.md` 2.13): certificates and their choice, reload, and what a handshake has shown.
//!
//! The only place that names the TLS library and its provider. Knows no HTTP and no events. Nothing runs by itself here: who
//! uses it calls [`TlsServer::reload`] and [`TlsClient::reload`] when the files shall be compared.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs::default_provider};

mod certificates;
mod client;
mod error;
mod files;
mod info;
mod names;
mod server;
mod settings;
mod socket;
mod trusting;
mod x509;

pub use client::TlsClient;
pub(crate) use client::is_server_name;
pub use error::TlsError;
pub use info::{ClientCertificate, TlsInfo};
pub(crate) use names::is_pattern;
pub use server::{HandshakeError, Handshakes, TlsServer};
pub use settings::{Alpn, CertificateSettings, ClientAuth, ClientSettings, DefaultCertificate, MinVersion, ServerSettings};
pub use socket::TlsSocket;

/// What a look at the files led to.
#[derive(Debug)]
pub enum Reloaded {
    /// They are what they were.
    Unchanged,
    /// New handshakes use the new contents.
    Replaced,
    /// The new contents are no good; the old ones stay in force.
    Failed(TlsError),
}

/// The one provider of cryptography.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(default_provider())
}

#[cfg(test)]
mod tests;
