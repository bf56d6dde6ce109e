//! TLS for clients and before upstreams.

use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::version::TLS12;
use rustls::{ClientConfig, DEFAULT_VERSIONS, DigitallySignedStruct, RootCertStore, ServerConfig, SignatureScheme};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::certificates::{Authority, Identity};
use crate::port::listen;

/// How a client speaks TLS.
#[derive(Clone, Debug)]
pub struct TlsOptions {
    roots: Option<RootCertStore>,
    identity: Option<Identity>,
    alpn: Vec<Vec<u8>>,
    sends_name: bool,
    only_12: bool,
}

impl TlsOptions {
    /// Trusts one authority.
    pub fn trusting(authority: &Authority) -> io::Result<Self> {
        Ok(Self {
            roots: Some(roots(authority)?),
            identity: None,
            alpn: Vec::new(),
            sends_name: true,
            only_12: false,
        })
    }

    /// Takes any certificate.
    #[must_use]
    pub fn trusting_all(mut self) -> Self {
        self.roots = None;
        self
    }

    /// Shows this certificate if asked.
    #[must_use]
    pub fn showing(mut self, identity: &Identity) -> Self {
        self.identity = Some(identity.clone());
        self
    }

    /// Offers these application protocols.
    #[must_use]
    pub fn offering(mut self, protocols: &[&str]) -> Self {
        self.alpn = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        self
    }

    /// Does not say which server it wants.
    #[must_use]
    pub fn without_name(mut self) -> Self {
        self.sends_name = false;
        self
    }

    /// Speaks nothing newer than TLS 1.2.
    #[must_use]
    pub fn only_tls12(mut self) -> Self {
        self.only_12 = true;
        self
    }

    /// The library's form of these options.
    pub fn config(&self) -> io::Result<ClientConfig> {
        let versions = if self.only_12 { &[&TLS12][..] } else { DEFAULT_VERSIONS };
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .map_err(io::Error::other)?;
        let builder = match &self.roots {
            Some(roots) => builder.with_root_certificates(roots.clone()),
            None => builder.dangerous().with_custom_certificate_verifier(Arc::new(Credulous)),
        };
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (chain, key) = parts(identity)?;
                builder.with_client_auth_cert(chain, key).map_err(io::Error::other)?
            }
        };
        config.alpn_protocols.clone_from(&self.alpn);
        config.enable_sni = self.sends_name;
        Ok(config)
    }
}

fn roots(authority: &Authority) -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().into()).map_err(io::Error::other)?;
    Ok(roots)
}

fn parts(identity: &Identity) -> io::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(io::Error::other)?;
    Ok((vec![identity.der.clone().into()], key))
}

/// Takes any certificate.
#[derive(Debug)]
struct Credulous;

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// A TLS server that passes everything on to a plain loopback port. Dropping it stops it.
#[derive(Debug)]
pub struct TlsFront {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TlsFront {
    /// Shows `identity`; asks clients for a certificate of `clients`, if given.
    pub fn start(identity: &Identity, clients: Option<&Authority>, target: u16) -> io::Result<Self> {
        let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(DEFAULT_VERSIONS)
            .map_err(io::Error::other)?;
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let roots = Arc::new(roots(authority)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::new(default_provider())).build();
                builder.with_client_cert_verifier(verifier.map_err(io::Error::other)?)
            }
        };
        let (chain, key) = parts(identity)?;
        let config = builder.with_single_cert(chain, key).map_err(io::Error::other)?;
        let listener = listen()?;
        let port = listener.local_addr()?.port();
        let (stop, stopped) = oneshot::channel();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let thread = std::thread::Builder::new()
            .name("tls-front".to_owned())
            .spawn(move || run(listener, &acceptor, target, stopped))?;
        Ok(Self {
            port,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for TlsFront {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has been reported by itself.
            let _ = thread.join();
        }
    }
}

fn run(listener: StdListener, acceptor: &TlsAcceptor, target: u16, stopped: oneshot::Receiver<()>) {
    let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
        return;
    };
    runtime.block_on(async {
        let serving = async {
            listener.set_nonblocking(true)?;
            let listener = TcpListener::from_std(listener)?;
            loop {
                let (socket, _) = listener.accept().await?;
                tokio::spawn(pass(acceptor.clone(), socket, target));
            }
        };
        tokio::select! {
            result = serving => {
                let _: io::Result<()> = result;
            }
            _ = stopped => {}
        }
    });
}

async fn pass(acceptor: TlsAcceptor, socket: TcpStream, target: u16) -> io::Result<()> {
    let mut outer = acceptor.accept(socket).await?;
    let mut inner = TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?;
    copy_bidirectional(&mut outer, &mut inner).await?;
    Ok(())
}
