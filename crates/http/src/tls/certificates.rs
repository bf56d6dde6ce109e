//! All certificates of an onramp as they were at one moment.
//!
//! Each certificate has a configuration of its own, ticket keys included: a session can be resumed only where it began, and
//! never past a change of the files, so that what was revoked meanwhile is noticed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{
    ClientHello, NoClientAuth, NoServerSessionStorage, ServerConfig, WebPkiClientVerifier, danger::ClientCertVerifier,
};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error, InconsistentKeys};

use super::names::{EntryIx, NameTable};
use super::settings::{CertificateSettings, ClientAuth, DefaultCertificate, ServerSettings, protocols};
use super::{TlsError, files, x509};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Certificates {
    entries: Vec<Entry>,
    names: NameTable,
    default: Option<EntryIx>,
}

/// One certificate, ready for handshakes.
#[derive(Debug)]
struct Entry {
    config: Arc<ServerConfig>,
    key: CertifiedKey,
    expiry: Expiry,
}

/// When a certificate ends.
#[derive(Clone, Debug)]
pub(super) struct Expiry {
    /// Its file.
    pub(super) cert: PathBuf,
    /// End of validity, in seconds since 1970.
    pub(super) not_after: i64,
}

impl Expiry {
    /// Time from `now` to the end; `None` if it has passed.
    pub(super) fn left(&self, now: SystemTime) -> Option<Duration> {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(self.not_after).unwrap_or(0));
        end.duration_since(now).ok()
    }
}

impl Certificates {
    /// Reads all files.
    pub(super) fn load(settings: &ServerSettings, provider: &Arc<CryptoProvider>) -> Result<Certificates, TlsError> {
        let mut entries = Vec::with_capacity(settings.certificates.len());
        let mut names = NameTable::default();
        for (at, certificate) in settings.certificates.iter().enumerate() {
            let (entry, own_names) = Entry::load(certificate, settings, provider)?;
            for name in certificate.names.as_deref().unwrap_or(&own_names) {
                names.add(name, EntryIx(at));
            }
            entries.push(entry);
        }
        let default = match &settings.default {
            DefaultCertificate::First => Some(EntryIx(0)),
            DefaultCertificate::None => None,
            DefaultCertificate::Name(name) => {
                let found = names.find(&name.to_ascii_lowercase()).first().copied();
                Some(found.ok_or_else(|| TlsError::NoDefault(name.clone()))?)
            }
        };
        Ok(Certificates { entries, names, default })
    }

    /// The entry for a client, none if its server name is covered by nobody.
    pub(super) fn choose(&self, hello: &ClientHello<'_>) -> Option<(EntryIx, Arc<ServerConfig>)> {
        let named = hello.server_name().map(str::to_ascii_lowercase);
        let fitting = named.as_deref().map_or(&[][..], |name| self.names.find(name));
        let suits = |entry: &&EntryIx| self.entries.get(entry.0).is_some_and(|entry| entry.suits(hello));
        let chosen = fitting.iter().find(suits).or(fitting.first()).copied().or(self.default)?;
        self.entries.get(chosen.0).map(|entry| (chosen, Arc::clone(&entry.config)))
    }

    /// The entries that cover a name in lower case.
    pub(super) fn covering(&self, name: &str) -> &[EntryIx] {
        self.names.find(name)
    }

    /// The ends of all certificates, in the order of the list.
    pub(super) fn expiries(&self) -> impl Iterator<Item = &Expiry> {
        self.entries.iter().map(|entry| &entry.expiry)
    }
}

impl Entry {
    /// Can the client check this certificate's signatures? Cipher suites of TLS 1.2 are made for one kind of key, so that one of
    /// them has to fit as well.
    fn suits(&self, hello: &ClientHello<'_>) -> bool {
        let algorithm = self.key.key.algorithm();
        let suites = &self.config.crypto_provider().cipher_suites;
        let mut common = suites.iter().filter(|suite| hello.cipher_suites().contains(&suite.suite()));
        common.any(|suite| suite.usable_for_signature_algorithm(algorithm))
            && self.key.key.choose_scheme(hello.signature_schemes()).is_some()
    }

    /// The entry and the DNS names in its certificate.
    fn load(
        certificate: &CertificateSettings,
        settings: &ServerSettings,
        provider: &Arc<CryptoProvider>,
    ) -> Result<(Entry, Vec<String>), TlsError> {
        let key = certified_key(&certificate.cert, &certificate.key, provider)?;
        let der = key.end_entity_cert()?;
        let facts = x509::facts(der).map_err(|error| TlsError::unusable(&certificate.cert, error))?;
        let verifier = match &certificate.client {
            Some(client) => verifier(client, provider)?,
            None => Arc::new(NoClientAuth),
        };
        let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(settings.min_version.versions())?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(key.clone())));
        config.alpn_protocols = protocols(&settings.alpn);
        config.session_storage = Arc::new(NoServerSessionStorage {});
        if settings.tickets {
            config.ticketer = Ticketer::new()?;
        } else {
            config.send_tls13_tickets = 0;
        }
        let entry = Entry {
            config: Arc::new(config),
            key,
            expiry: Expiry {
                cert: certificate.cert.clone(),
                not_after: facts.shown.not_after,
            },
        };
        Ok((entry, facts.dns_names))
    }
}

/// Reads a certificate and the key that belongs to it.
pub(super) fn certified_key(
    cert: &std::path::Path,
    key: &std::path::Path,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = files::chain(cert)?;
    let signing_key = provider.key_provider.load_private_key(files::key(key)?);
    let certified = CertifiedKey::new(chain, signing_key.map_err(|error| TlsError::unusable(key, error))?);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(Error::InconsistentKeys(_)) => Err(TlsError::Mismatch {
            cert: cert.to_owned(),
            key: key.to_owned(),
        }),
        Err(other) => Err(TlsError::unusable(cert, other)),
    }
}

fn verifier(client: &ClientAuth, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let roots = Arc::new(files::roots(&client.ca)?);
    let mut builder = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
    if let Some(crl) = &client.crl {
        builder = builder.with_crls(files::lists(crl)?);
    }
    if !client.is_required {
        builder = builder.allow_unauthenticated();
    }
    let blamed = client.crl.as_ref().unwrap_or(&client.ca);
    builder.build().map_err(|error| TlsError::unusable(blamed, error))
}
