//! The client's side: handshakes with upstreams (`proxy.md` 2.13, last item).

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;

use super::certificates::certified_key;
use super::files::{self, Fingerprint};
use super::settings::{Alpn, ClientSettings, protocols};
use super::socket::{Counted, TlsSocket};
use super::trusting::Trusting;
use super::{Reloaded, TlsError, provider};

/// TLS of an offramp. Its files are read when it is made; the system's authorities, which nearly no offramp needs, before the
/// first handshake.
#[derive(Debug)]
pub struct TlsClient {
    settings: ClientSettings,
    provider: Arc<CryptoProvider>,
    files: Vec<PathBuf>,
    current: ArcSwapOption<ClientConfig>,
    seen: Mutex<Fingerprint>,
}

impl Default for TlsClient {
    /// What the system trusts is trusted; no own certificate.
    fn default() -> TlsClient {
        TlsClient::without_files(ClientSettings::default())
    }
}

impl TlsClient {
    /// Reads the files that the settings name.
    pub fn new(settings: ClientSettings) -> Result<TlsClient, TlsError> {
        let client = TlsClient::without_files(settings);
        if client.has_files() {
            client.current.store(Some(Arc::new(client.load()?)));
        }
        Ok(client)
    }

    fn without_files(settings: ClientSettings) -> TlsClient {
        let files = settings.files();
        TlsClient {
            seen: Mutex::new(Fingerprint::of(&files)),
            provider: provider(),
            current: ArcSwapOption::empty(),
            settings,
            files,
        }
    }

    /// The client's part of a handshake with a host (a name, or an address without brackets), which is offered these protocols. The caller
    /// limits its time.
    pub(crate) async fn connect(self: &Arc<Self>, host: &str, socket: TcpStream, alpn: &[Alpn]) -> io::Result<TlsSocket> {
        let name = self.settings.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
        let config = match self.current.load_full() {
            Some(config) => config,
            None => self.first_config().await?,
        };
        let connector = TlsConnector::from(config);
        let stream = connector
            .with_alpn(protocols(alpn))
            .connect(name, Counted::new(socket))
            .await?;
        Ok(TlsSocket::new(stream))
    }

    async fn first_config(self: &Arc<Self>) -> io::Result<Arc<ClientConfig>> {
        let client = Arc::clone(self);
        let loaded = spawn_blocking(move || client.load()).await?;
        let config = Arc::new(loaded.map_err(io::Error::other)?);
        self.current.store(Some(Arc::clone(&config)));
        Ok(config)
    }

    fn load(&self) -> Result<ClientConfig, TlsError> {
        let settings = &self.settings;
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(settings.min_version.versions())?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier()?);
        let config = match &settings.identity {
            None => builder.with_no_client_auth(),
            Some((cert, key)) => {
                let key = certified_key(cert, key, &self.provider)?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key)))
            }
        };
        Ok(config)
    }

    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        if !self.settings.verify {
            return Ok(Arc::new(Trusting::new(&self.provider)));
        }
        let roots = match &self.settings.ca {
            Some(ca) => files::roots(ca)?,
            None => system_roots(),
        };
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&self.provider));
        let source = self.settings.ca.clone().unwrap_or_else(|| "system roots".into());
        let verifier = builder.build().map_err(|error| TlsError::unusable(&source, error))?;
        Ok(verifier)
    }

    /// Reads the files again if their contents have changed. New handshakes use what they say; if anything is wrong the old
    /// contents stay in force.
    pub fn reload(&self) -> Reloaded {
        let mut seen = self.seen.lock();
        let present = Fingerprint::of(&self.files);
        if *seen == present {
            return Reloaded::Unchanged;
        }
        *seen = present;
        match self.load() {
            Ok(config) => {
                self.current.store(Some(Arc::new(config)));
                Reloaded::Replaced
            }
            Err(error) => Reloaded::Failed(error),
        }
    }

    /// Between two looks at the files; `None`: only when asked.
    pub fn reload_interval(&self) -> Option<Duration> {
        self.settings.reload
    }

    /// Do the settings name files that may change?
    pub fn has_files(&self) -> bool {
        !self.files.is_empty()
    }
}

/// What the system trusts. Single certificates that cannot be read are left out, as others do.
fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Can a server's certificate be checked against this text?
pub(crate) fn is_server_name(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok() || ServerName::try_from(text).is_ok()
}
