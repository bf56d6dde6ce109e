//! Certificates for tests, made when they are needed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ED25519, PKCS_RSA_SHA256, RevokedCertParams, RsaKeySize, SerialNumber,
    date_time_ymd,
};

/// Serial numbers given so far.
static SERIALS: AtomicU64 = AtomicU64::new(1);

/// An authority that signs certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate, in PEM form.
    pub cert: String,
    /// The key, in PEM form.
    pub key: String,
    /// The certificate, in DER form.
    pub der: Vec<u8>,
    serial: u64,
}

impl Authority {
    /// An authority of this name.
    pub fn new(name: &str) -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key()?).map_err(io::Error::other)?;
        Ok(Self(issuer))
    }

    /// Its own certificate, in PEM form.
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Its own certificate, in DER form.
    pub fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    /// A server's certificate for these names and addresses.
    pub fn server(&self, names: &[&str]) -> io::Result<Identity> {
        self.sign(names, names.first().copied().unwrap_or(""), None, &key()?)
    }

    /// A server's certificate whose key is of another kind (Ed25519) than those of all others.
    pub fn server_ed25519(&self, names: &[&str]) -> io::Result<Identity> {
        let key = KeyPair::generate_for(&PKCS_ED25519).map_err(io::Error::other)?;
        self.sign(names, names.first().copied().unwrap_or(""), None, &key)
    }

    /// A server's certificate with an RSA key.
    pub fn server_rsa(&self, names: &[&str]) -> io::Result<Identity> {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(io::Error::other)?;
        self.sign(names, names.first().copied().unwrap_or(""), None, &key)
    }

    /// A server's certificate that ends in so much time.
    pub fn short_lived(&self, names: &[&str], life: Duration) -> io::Result<Identity> {
        self.sign(
            names,
            names.first().copied().unwrap_or(""),
            Some(since_epoch() + life),
            &key()?,
        )
    }

    /// A server's certificate that has ended long ago.
    pub fn ended(&self, names: &[&str]) -> io::Result<Identity> {
        self.sign(
            names,
            names.first().copied().unwrap_or(""),
            Some(Duration::from_hours(50 * 365 * 24)),
            &key()?,
        )
    }

    /// A client's certificate with this common name and these alternative names.
    pub fn client(&self, common_name: &str, names: &[&str]) -> io::Result<Identity> {
        self.sign(names, common_name, None, &key()?)
    }

    /// A list that revokes these certificates, in PEM form.
    pub fn revoke(&self, revoked: &[&Identity]) -> io::Result<String> {
        let now = date_time_ymd(1970, 1, 1) + since_epoch();
        let params = CertificateRevocationListParams {
            this_update: now,
            next_update: now + Duration::from_hours(24),
            crl_number: SerialNumber::from(SERIALS.fetch_add(1, Ordering::Relaxed)),
            issuing_distribution_point: None,
            revoked_certs: revoked
                .iter()
                .map(|identity| RevokedCertParams {
                    serial_number: SerialNumber::from(identity.serial),
                    revocation_time: now,
                    reason_code: None,
                    invalidity_date: None,
                })
                .collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        let list = params.signed_by(&self.0).map_err(io::Error::other)?;
        list.pem().map_err(io::Error::other)
    }

    /// `end`: end of validity, counted from 1970.
    fn sign(&self, names: &[&str], common_name: &str, end: Option<Duration>, key: &KeyPair) -> io::Result<Identity> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let serial = SERIALS.fetch_add(1, Ordering::Relaxed);
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.serial_number = Some(SerialNumber::from(serial));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if let Some(end) = end {
            params.not_after = date_time_ymd(1970, 1, 1) + end;
        }
        let certificate = params.signed_by(key, &self.0).map_err(io::Error::other)?;
        Ok(Identity {
            cert: certificate.pem(),
            key: key.serialize_pem(),
            der: certificate.der().to_vec(),
            serial,
        })
    }
}

impl Identity {
    /// Writes `NAME.pem` and `NAME.key`.
    pub fn write(&self, folder: &Path, name: &str) -> io::Result<(PathBuf, PathBuf)> {
        let paths = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        fs::write(&paths.0, &self.cert)?;
        fs::write(&paths.1, &self.key)?;
        Ok(paths)
    }
}

fn key() -> io::Result<KeyPair> {
    KeyPair::generate().map_err(io::Error::other)
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
