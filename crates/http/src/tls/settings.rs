//! Settings of TLS (`proxy.md` 2.13), checked for form; the files are read later.

use std::path::PathBuf;
use std::time::Duration;

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

/// TLS of an onramp.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The certificates, at least one.
    pub certificates: Vec<CertificateSettings>,
    /// Who answers for a name that no certificate covers.
    pub default: DefaultCertificate,
    /// Oldest version taken.
    pub min_version: MinVersion,
    /// Application protocols to offer, the preferred one first.
    pub alpn: Vec<Alpn>,
    /// Between two looks at the files; `None`: only when asked.
    pub reload: Option<Duration>,
    /// Whether sessions can be resumed by tickets.
    pub tickets: bool,
}

/// One certificate of an onramp.
#[derive(Clone, Debug)]
pub struct CertificateSettings {
    /// PEM file of the chain.
    pub cert: PathBuf,
    /// PEM file of the key.
    pub key: PathBuf,
    /// The names it answers for; `None`: the DNS names in the certificate.
    pub names: Option<Vec<String>>,
    /// What is asked of clients; `None`: nothing.
    pub client: Option<ClientAuth>,
}

/// Who answers for a name that no certificate covers, and for clients that name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultCertificate {
    /// The first certificate.
    First,
    /// The one that covers this name.
    Name(String),
    /// Nobody: the handshake fails with `unrecognized_name`.
    None,
}

/// Certificates of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAuth {
    /// Whether a client must show one.
    pub is_required: bool,
    /// PEM file of the authorities that may have signed it.
    pub ca: PathBuf,
    /// PEM file of revocation lists.
    pub crl: Option<PathBuf>,
}

/// TLS of an offramp.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// PEM file of authorities, in the place of the system's.
    pub ca: Option<PathBuf>,
    /// PEM files of the own certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name to ask for and to verify, in the place of the endpoint's host.
    pub server_name: Option<String>,
    /// Whether the server's certificate is verified.
    pub verify: bool,
    /// Oldest version taken.
    pub min_version: MinVersion,
    /// Between two looks at the files; `None`: only when asked.
    pub reload: Option<Duration>,
}

static ALL_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];
static NEW_VERSIONS: &[&SupportedProtocolVersion] = &[&TLS13];

/// Oldest TLS version taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MinVersion {
    /// 1.2
    #[default]
    Tls12,
    /// 1.3
    Tls13,
}

impl MinVersion {
    pub(super) fn versions(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            MinVersion::Tls12 => ALL_VERSIONS,
            MinVersion::Tls13 => NEW_VERSIONS,
        }
    }
}

/// An application protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpn {
    /// HTTP/2.
    H2,
    /// HTTP/1.1.
    Http11,
}

impl Alpn {
    /// The name in handshakes and settings.
    pub const fn name(self) -> &'static str {
        match self {
            Alpn::H2 => "h2",
            Alpn::Http11 => "http/1.1",
        }
    }
}

pub(super) fn protocols(alpn: &[Alpn]) -> Vec<Vec<u8>> {
    alpn.iter().map(|protocol| protocol.name().into()).collect()
}

impl ServerSettings {
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        for certificate in &self.certificates {
            files.extend([certificate.cert.clone(), certificate.key.clone()]);
            if let Some(client) = &certificate.client {
                files.push(client.ca.clone());
                files.extend(client.crl.clone());
            }
        }
        files
    }
}

impl Default for ClientSettings {
    fn default() -> ClientSettings {
        ClientSettings {
            ca: None,
            identity: None,
            server_name: None,
            verify: true,
            min_version: MinVersion::default(),
            reload: None,
        }
    }
}

impl ClientSettings {
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<PathBuf> = self.ca.iter().cloned().collect();
        if let Some((cert, key)) = &self.identity {
            files.extend([cert.clone(), key.clone()]);
        }
        files
    }
}
