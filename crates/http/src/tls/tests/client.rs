use super::*;

/// A client's handshake with a server; the errors are the client's.
async fn reach(server: &TlsServer, host: &str, settings: ClientSettings) -> Result<TlsInfo, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client = Arc::new(TlsClient::new(settings).unwrap());
    let accepting = async {
        let (socket, _) = listener.accept().await.unwrap();
        server.accept(socket).await
    };
    let connecting = async {
        let socket = TcpStream::connect(address).await.unwrap();
        client.connect(host, socket, &[Alpn::Http11]).await
    };
    let (accepted, connected) = tokio::join!(accepting, connecting);
    connected.map_err(|error| error.to_string())?;
    accepted.map(|(_, info)| info).map_err(|error| error.to_string())
}

fn trusting(folder: &Folder) -> ClientSettings {
    ClientSettings {
        ca: Some(folder.write("ca.pem", &folder.authority.pem())),
        ..ClientSettings::default()
    }
}

#[tokio::test]
async fn the_server_must_be_who_it_should_be() {
    let folder = Folder::new();
    let server = TlsServer::new(settings(vec![folder.server("one", &["up.example", "127.0.0.1"])])).unwrap();
    let info = reach(&server, "up.example", trusting(&folder)).await.unwrap();
    assert_eq!(
        (info.sni.as_deref(), info.alpn.as_deref()),
        (Some("up.example"), Some("http/1.1"))
    );
    // An address is no server name (RFC 6066 3), but it can be verified.
    let info = reach(&server, "127.0.0.1", trusting(&folder)).await.unwrap();
    assert_eq!(info.sni, None);
    for host in ["other.example", "127.0.0.2", "up.example.org"] {
        let error = reach(&server, host, trusting(&folder)).await.unwrap_err();
        assert!(error.contains("not valid for"), "{error}");
    }
    let strangers = ClientSettings {
        ca: Some(folder.write("stranger.pem", &Authority::new("Stranger").unwrap().pem())),
        ..ClientSettings::default()
    };
    let error = reach(&server, "up.example", strangers).await.unwrap_err();
    assert!(error.contains("UnknownIssuer") || error.contains("BadSignature"), "{error}");
    // The system's authorities know nothing of this one.
    reach(&server, "up.example", ClientSettings::default()).await.unwrap_err();
}

#[tokio::test]
async fn the_name_can_be_another_one_than_the_hosts() {
    let folder = Folder::new();
    let server = TlsServer::new(settings(vec![folder.server("one", &["up.example"])])).unwrap();
    let named = ClientSettings {
        server_name: Some("up.example".to_owned()),
        ..trusting(&folder)
    };
    let info = reach(&server, "10.0.0.1", named).await.unwrap();
    assert_eq!(info.sni.as_deref(), Some("up.example"));
}

#[tokio::test]
async fn a_certificate_that_has_ended_is_bad() {
    let folder = Folder::new();
    let ended = folder.authority.ended(&["up.example"]).unwrap();
    let server = TlsServer::new(settings(vec![folder.certificate("one", &ended)])).unwrap();
    let error = reach(&server, "up.example", trusting(&folder)).await.unwrap_err();
    assert!(error.contains("expired"), "{error}");
}

#[tokio::test]
async fn verification_can_be_left_out() {
    let folder = Folder::new();
    let server = TlsServer::new(settings(vec![folder.server("one", &["up.example"])])).unwrap();
    let careless = ClientSettings {
        verify: false,
        ..ClientSettings::default()
    };
    reach(&server, "whoever.example", careless).await.unwrap();
}

#[tokio::test]
async fn an_own_certificate_is_shown() {
    let folder = Folder::new();
    let mut certificate = folder.server("one", &["up.example"]);
    certificate.client = Some(folder.clients(true, None));
    let server = TlsServer::new(settings(vec![certificate])).unwrap();
    let identity = folder.authority.client("proxy", &[]).unwrap();
    let known = ClientSettings {
        identity: Some(identity.write(folder.folder.path(), "own").unwrap()),
        ..trusting(&folder)
    };
    let info = reach(&server, "up.example", known).await.unwrap();
    assert_eq!(info.client.unwrap().subject, "CN=proxy");
    reach(&server, "up.example", trusting(&folder)).await.unwrap_err();
}

#[tokio::test]
async fn old_versions_can_be_refused() {
    let folder = Folder::new();
    let server = TlsServer::new(settings(vec![folder.server("one", &["up.example"])])).unwrap();
    let new = ClientSettings {
        min_version: MinVersion::Tls13,
        ..trusting(&folder)
    };
    assert_eq!(reach(&server, "up.example", new).await.unwrap().version, "1.3");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = Folder::new();
    let missing = folder.path("missing.pem");
    let good = folder.server("one", &["up.example"]);
    for settings in [
        ClientSettings {
            ca: Some(missing.clone()),
            ..ClientSettings::default()
        },
        ClientSettings {
            identity: Some((good.cert.clone(), missing.clone())),
            ..ClientSettings::default()
        },
    ] {
        let error = TlsClient::new(settings).unwrap_err().to_string();
        assert!(error.contains("missing.pem"), "{error}");
    }
    let other = folder.server("two", &["two.example"]);
    let mixed = ClientSettings {
        identity: Some((good.cert, other.key)),
        ..ClientSettings::default()
    };
    assert!(matches!(TlsClient::new(mixed).unwrap_err(), TlsError::Mismatch { .. }));
}

#[tokio::test]
async fn new_authorities_count_for_new_handshakes() {
    let (old, new) = (Folder::new(), Folder::new());
    let client = Arc::new(TlsClient::new(trusting(&old)).unwrap());
    let server = TlsServer::new(settings(vec![new.server("one", &["up.example"])])).unwrap();
    let reach = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (accepted, _) = listener.accept().await.unwrap();
        tokio::join!(client.connect("up.example", socket, &[Alpn::Http11]), server.accept(accepted)).0
    };
    reach().await.unwrap_err();
    assert!(matches!(client.reload(), Reloaded::Unchanged));
    old.write("ca.pem", "broken");
    assert!(matches!(client.reload(), Reloaded::Failed(_)));
    old.write("ca.pem", &new.authority.pem());
    assert!(matches!(client.reload(), Reloaded::Replaced));
    reach().await.unwrap();
}
