//! The server's side: handshakes with certificates that can be replaced (`proxy.md` 2.13).

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::crypto::CryptoProvider;
use rustls::server::Acceptor;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::LazyConfigAcceptor;

use super::certificates::{Certificates, Expiry};
use super::files::Fingerprint;
use super::info::TlsInfo;
use super::names::EntryIx;
use super::provider;
use super::settings::ServerSettings;
use super::socket::{Counted, TlsSocket};
use super::{Reloaded, TlsError};

/// A fatal `unrecognized_name` alert as the answer to a first message (RFC 8446 5.1 and 6).
const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];
/// Certificates that end sooner are told of.
const NEAR: Duration = Duration::from_hours(14 * 24);

/// Why a handshake failed.
#[derive(Debug, Error)]
pub enum HandshakeError {
    /// No certificate covers the name and there is no default.
    #[error("no certificate for the server name")]
    UnrecognizedName,
    /// The client broke the protocol, showed no acceptable certificate, or went away.
    #[error(transparent)]
    Failed(#[from] std::io::Error),
}

/// TLS of an onramp.
#[derive(Debug)]
pub struct TlsServer {
    settings: ServerSettings,
    provider: Arc<CryptoProvider>,
    files: Vec<PathBuf>,
    current: ArcSwap<Certificates>,
    seen: Mutex<Fingerprint>,
    reload_failed: AtomicBool,
    succeeded: AtomicU64,
    failed: AtomicU64,
    /// Do some certificates ask more of clients than others?
    is_mixed: bool,
}

/// Handshakes so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handshakes {
    /// Connections that came to be.
    pub succeeded: u64,
    /// Connections that did not.
    pub failed: u64,
}

impl TlsServer {
    /// Reads all files.
    pub fn new(settings: ServerSettings) -> Result<TlsServer, TlsError> {
        let provider = provider();
        let files = settings.files();
        let seen = Fingerprint::of(&files);
        let certificates = Certificates::load(&settings, &provider)?;
        let mut asked = settings.certificates.iter().map(|certificate| &certificate.client);
        let first = asked.next();
        Ok(TlsServer {
            is_mixed: asked.any(|client| Some(client) != first),
            current: ArcSwap::from_pointee(certificates),
            seen: Mutex::new(seen),
            reload_failed: AtomicBool::new(false),
            succeeded: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            settings,
            provider,
            files,
        })
    }

    /// The server's part of a handshake. The caller limits its time.
    pub async fn accept(&self, socket: TcpStream) -> Result<(TlsSocket, TlsInfo), HandshakeError> {
        let result = self.handshake(socket).await;
        let counter = if result.is_ok() { &self.succeeded } else { &self.failed };
        counter.fetch_add(1, Ordering::Relaxed);
        result
    }

    async fn handshake(&self, socket: TcpStream) -> Result<(TlsSocket, TlsInfo), HandshakeError> {
        let mut start = LazyConfigAcceptor::new(Acceptor::default(), Counted::new(socket)).await?;
        let chosen = self.current.load().choose(&start.client_hello());
        let Some((entry, config)) = chosen else {
            start.io.write_all(&UNRECOGNIZED_NAME).await?;
            return Err(HandshakeError::UnrecognizedName);
        };
        let stream = start.into_stream(config).await?;
        let info = TlsInfo::of(stream.get_ref().1, entry)?;
        Ok((TlsSocket::new(stream), info))
    }

    /// Is a host, as a `Host` field names it without port, covered by certificates none of which asks of clients what the
    /// connection's handshake asked?
    pub(crate) fn is_misdirected(&self, info: &TlsInfo, host: &str) -> bool {
        if !self.is_mixed {
            return false;
        }
        let certificates = self.current.load();
        let covering = certificates.covering(&host.to_ascii_lowercase());
        !covering.is_empty()
            && !covering
                .iter()
                .any(|entry| self.client_of(*entry) == self.client_of(info.entry))
    }

    fn client_of(&self, entry: EntryIx) -> Option<&super::settings::ClientAuth> {
        self.settings.certificates.get(entry.0)?.client.as_ref()
    }

    /// Reads the files again if their contents have changed. All certificates are replaced at once, for new handshakes; if
    /// anything is wrong all stay as they are.
    pub fn reload(&self) -> Reloaded {
        let mut seen = self.seen.lock();
        let present = Fingerprint::of(&self.files);
        if *seen == present {
            return Reloaded::Unchanged;
        }
        *seen = present;
        let result = Certificates::load(&self.settings, &self.provider);
        self.reload_failed.store(result.is_err(), Ordering::Relaxed);
        match result {
            Ok(certificates) => {
                self.current.store(Arc::new(certificates));
                Reloaded::Replaced
            }
            Err(error) => Reloaded::Failed(error),
        }
    }

    /// Between two looks at the files; `None`: only when asked.
    pub fn reload_interval(&self) -> Option<Duration> {
        self.settings.reload
    }

    /// Whether the last change of the files was no good.
    pub fn reload_failed(&self) -> bool {
        self.reload_failed.load(Ordering::Relaxed)
    }

    /// Handshakes so far.
    pub fn handshakes(&self) -> Handshakes {
        Handshakes {
            succeeded: self.succeeded.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }

    /// Files of certificates and the ends of their validity, in seconds since 1970, in the order of the settings.
    pub fn expiries(&self) -> Vec<(PathBuf, i64)> {
        let certificates = self.current.load();
        let expiries = certificates.expiries();
        expiries.map(|expiry| (expiry.cert.clone(), expiry.not_after)).collect()
    }

    /// A text for every certificate that ends within 14 days of `now`, or has ended.
    pub fn expiry_warnings(&self, now: SystemTime) -> Vec<String> {
        self.current
            .load()
            .expiries()
            .filter_map(|expiry| warning(expiry, now))
            .collect()
    }
}

fn warning(expiry: &Expiry, now: SystemTime) -> Option<String> {
    let file = expiry.cert.display();
    match expiry.left(now) {
        None => Some(format!("the certificate `{file}` has expired")),
        Some(left) if left < NEAR => Some(format!(
            "the certificate `{file}` expires in {} days",
            left.as_secs() / (24 * 60 * 60)
        )),
        Some(_) => None,
    }
}
