//! Handshakes over real sockets (`proxy.md` 2.13).

mod client;
mod files;
mod reload;
mod server;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use temblor_testkit::{Authority, Identity, TlsOptions};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::*;
use crate::testing::{self, tls_settings};

/// A folder with files, and the authority that signs all certificates in it.
struct Folder {
    folder: TempDir,
    authority: Authority,
}

impl Folder {
    fn new() -> Folder {
        Folder {
            folder: tempfile::tempdir().unwrap(),
            authority: Authority::new("Test Authority").unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of any text.
    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Settings of a certificate, whose files are written.
    fn certificate(&self, file: &str, identity: &Identity) -> CertificateSettings {
        testing::certificate(identity.write(self.folder.path(), file).unwrap())
    }

    /// Settings of a new certificate for these names.
    fn server(&self, file: &str, names: &[&str]) -> CertificateSettings {
        self.certificate(file, &self.authority.server(names).unwrap())
    }

    /// What is asked of clients, with this folder's authority.
    fn clients(&self, is_required: bool, crl: Option<&str>) -> ClientAuth {
        ClientAuth {
            is_required,
            ca: self.write("clients.pem", &self.authority.pem()),
            crl: crl.map(|text| self.write("crl.pem", text)),
        }
    }

    fn trusting(&self) -> TlsOptions {
        TlsOptions::trusting(&self.authority).unwrap()
    }
}

fn settings(certificates: Vec<CertificateSettings>) -> ServerSettings {
    ServerSettings {
        alpn: vec![Alpn::H2, Alpn::Http11],
        ..tls_settings(certificates)
    }
}

/// What a handshake gave at both ends.
struct Met {
    server: TlsSocket,
    info: TlsInfo,
    client: TlsStream<TcpStream>,
}

impl Met {
    fn shown(&self) -> Vec<u8> {
        self.client.get_ref().1.peer_certificates().unwrap()[0].to_vec()
    }
}

/// A handshake between the two; the errors are the server's and the client's, in this order. A client of TLS 1.3 learns of a refusal
/// only when it reads.
async fn meet(
    server: &TlsServer,
    name: &str,
    config: ClientConfig,
) -> (Result<(TlsSocket, TlsInfo), HandshakeError>, io::Result<TlsStream<TcpStream>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let accepting = async {
        let (socket, _) = listener.accept().await.unwrap();
        server.accept(socket).await
    };
    let connecting = async {
        let socket = TcpStream::connect(address).await.unwrap();
        connector.connect(name, socket).await
    };
    tokio::join!(accepting, connecting)
}

async fn met(server: &TlsServer, name: &str, options: &TlsOptions) -> Met {
    match meet(server, name, options.config().unwrap()).await {
        (Ok((server, info)), Ok(client)) => Met { server, info, client },
        (server, client) => panic!("server: {:?}, client: {:?}", server.err(), client.err()),
    }
}

/// The server's error.
async fn refused(server: &TlsServer, name: &str, options: &TlsOptions) -> String {
    match meet(server, name, options.config().unwrap()).await {
        (Err(error), _) => error.to_string(),
        (Ok(_), client) => panic!("taken; client: {:?}", client.err()),
    }
}
