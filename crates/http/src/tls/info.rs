//! What a handshake has shown of a connection (`proxy.md` 2.4, `$client.tls`).

/// The result of a server's handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsInfo {
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// Name of the cipher suite as the standards write it, e.g. `TLS_AES_128_GCM_SHA256`.
    pub cipher: &'static str,
    /// The server name that the client asked for, in lower case.
    pub sni: Option<Box<str>>,
    /// The application protocol agreed on, e.g. `h2`.
    pub alpn: Option<Box<str>>,
    /// The client's certificate. One that was shown has been verified: a bad one fails the handshake.
    pub client: Option<ClientCertificate>,
}

/// A verified client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The subject's distinguished name (RFC 4514).
    pub subject: String,
    /// The subject's alternative names: DNS names, addresses, mail addresses and URIs, in the certificate's order.
    pub sans: Vec<String>,
    /// SHA-256 of the certificate's DER form, in hexadecimal digits.
    pub fingerprint: String,
    /// End of validity, in seconds since 1970.
    pub not_after: i64,
}
