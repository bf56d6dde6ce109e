//! What a handshake has shown of a connection (`proxy.md` 2.4, `$client.tls`).

use std::io;

use rustls::{CipherSuite, ProtocolVersion, ServerConnection};

use super::names::EntryIx;
use super::x509;

/// The result of a server's handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// Name of the cipher suite as the standards write it, e.g. `TLS_AES_128_GCM_SHA256`.
    pub cipher: &'static str,
    /// The server name that the client asked for, in lower case.
    pub sni: Option<Box<str>>,
    /// The application protocol agreed on, e.g. `h2`; `None` if the client offered none.
    pub alpn: Option<Box<str>>,
    /// The client's certificate. One that was shown has been verified: a bad one fails the handshake.
    pub client: Option<ClientCertificate>,
    /// The certificate that was shown to the client.
    pub(super) entry: EntryIx,
}

/// A verified client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The subject's distinguished name (RFC 4514).
    pub subject: String,
    /// The subject's alternative names: DNS names, addresses, mail addresses and URIs, in the certificate's order.
    pub sans: Vec<String>,
    /// `sha256:` and the SHA-256 of the certificate's DER form in hexadecimal digits.
    pub fingerprint: String,
    /// End of validity, in seconds since 1970.
    pub not_after: i64,
}

impl TlsInfo {
    /// After a handshake; fails if the client's certificate, though verified, cannot be read.
    pub(super) fn of(connection: &ServerConnection, entry: EntryIx) -> io::Result<TlsInfo> {
        let client = match connection.peer_certificates().and_then(<[_]>::first) {
            Some(der) => Some(x509::facts(der).map_err(io::Error::other)?.shown),
            None => None,
        };
        let alpn = connection.alpn_protocol();
        Ok(TlsInfo {
            version: match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "1.2",
                _ => "1.3",
            },
            cipher: connection
                .negotiated_cipher_suite()
                .map_or("", |suite| cipher_name(suite.suite())),
            sni: connection.server_name().map(|name| name.to_ascii_lowercase().into()),
            alpn: alpn.map(|protocol| String::from_utf8_lossy(protocol).into()),
            client,
            entry,
        })
    }
}

/// The library writes the suites of TLS 1.3 with a prefix of its own.
fn cipher_name(suite: CipherSuite) -> &'static str {
    match suite {
        CipherSuite::TLS13_AES_128_GCM_SHA256 => "TLS_AES_128_GCM_SHA256",
        CipherSuite::TLS13_AES_256_GCM_SHA384 => "TLS_AES_256_GCM_SHA384",
        CipherSuite::TLS13_CHACHA20_POLY1305_SHA256 => "TLS_CHACHA20_POLY1305_SHA256",
        other => other.as_str().unwrap_or(""),
    }
}
