use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test]
async fn new_files_serve_new_handshakes() {
    let folder = Folder::new();
    let server = TlsServer::new(settings(vec![
        folder.server("one", &["one.example"]),
        folder.server("two", &["two.example"]),
    ]))
    .unwrap();
    assert!(matches!(server.reload(), Reloaded::Unchanged));
    let before = met(&server, "one.example", &folder.trusting()).await;
    let new = folder.authority.server(&["one.example", "new.example"]).unwrap();
    new.write(folder.folder.path(), "one").unwrap();
    assert!(matches!(server.reload(), Reloaded::Replaced));
    assert!(matches!(server.reload(), Reloaded::Unchanged));
    for name in ["one.example", "new.example"] {
        assert_eq!(met(&server, name, &folder.trusting()).await.shown(), new.der);
    }
    // Connections that were there go on.
    let Met {
        mut server, mut client, ..
    } = before;
    client.write_all(b"x").await.unwrap();
    client.flush().await.unwrap();
    server.read_exact(&mut [0]).await.unwrap();
}

#[tokio::test]
async fn a_bad_file_changes_nothing_until_it_is_mended() {
    let folder = Folder::new();
    let old = folder.authority.server(&["one.example"]).unwrap();
    let (one, two) = (folder.certificate("one", &old), folder.server("two", &["two.example"]));
    let server = TlsServer::new(settings(vec![one.clone(), two])).unwrap();
    let new = folder.authority.server(&["one.example"]).unwrap();
    let newer_two = folder.authority.server(&["two.example"]).unwrap();

    // All or nothing: the other certificate is not replaced either.
    newer_two.write(folder.folder.path(), "two").unwrap();
    std::fs::write(&one.cert, &new.cert).unwrap();
    let Reloaded::Failed(error) = server.reload() else {
        panic!("a certificate without its key was taken")
    };
    assert!(error.to_string().contains("one.key"), "{error}");
    assert!(server.reload_failed());
    assert_eq!(met(&server, "one.example", &folder.trusting()).await.shown(), old.der);
    assert_ne!(met(&server, "two.example", &folder.trusting()).await.shown(), newer_two.der);
    // Told once, not at every look.
    assert!(matches!(server.reload(), Reloaded::Unchanged));

    std::fs::remove_file(&one.key).unwrap();
    assert!(matches!(server.reload(), Reloaded::Failed(TlsError::Unreadable { .. })));
    std::fs::write(&one.key, &new.key).unwrap();
    assert!(matches!(server.reload(), Reloaded::Replaced));
    assert!(!server.reload_failed());
    assert_eq!(met(&server, "one.example", &folder.trusting()).await.shown(), new.der);
    assert_eq!(met(&server, "two.example", &folder.trusting()).await.shown(), newer_two.der);
}

#[tokio::test]
async fn what_is_revoked_meanwhile_cannot_resume_its_session() {
    let folder = Folder::new();
    let till = folder.authority.client("till", &[]).unwrap();
    let mut certificate = folder.server("one", &["one.example"]);
    certificate.client = Some(folder.clients(true, Some(&folder.authority.revoke(&[]).unwrap())));
    let server = TlsServer::new(settings(vec![certificate])).unwrap();
    let config = folder.trusting().showing(&till).config().unwrap();
    for expected in [false, true] {
        let (accepted, client) = meet(&server, "one.example", config.clone()).await;
        let (mut client, (mut socket, info)) = (client.unwrap(), accepted.unwrap());
        assert_eq!(client.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed), expected);
        assert!(info.client.is_some());
        socket.write_all(b"x").await.unwrap();
        socket.flush().await.unwrap();
        client.read_exact(&mut [0]).await.unwrap();
    }
    folder.write("crl.pem", &folder.authority.revoke(&[&till]).unwrap());
    assert!(matches!(server.reload(), Reloaded::Replaced));
    let (accepted, _) = meet(&server, "one.example", config).await;
    assert!(accepted.unwrap_err().to_string().contains("Revoked"));
}
