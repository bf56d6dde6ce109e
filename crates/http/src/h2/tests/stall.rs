//! A client behind TLS that takes nothing: TLS itself takes what is written, so only what leaves the socket shows it.

use super::*;
use crate::testing::trusted;
use crate::timeouts::ServerTimeouts;
use crate::tls::Alpn;
use crate::transport::Transport;

#[tokio::test]
async fn a_client_behind_tls_that_takes_nothing_is_left() {
    let (tls, connecting) = trusted(&["127.0.0.1"], vec![Alpn::H2]);
    let connecting = Arc::new(connecting);
    let (stream, accepted) = pair().await;
    // So little that TLS takes the whole answer, and the system does not.
    socket2::SockRef::from(&accepted).set_send_buffer_size(1 << 12).unwrap();
    socket2::SockRef::from(&stream).set_recv_buffer_size(1 << 12).unwrap();
    let (log, _logged) = mpsc::unbounded_channel();
    let script = Script::new(log);
    let config = ServerConfig {
        timeouts: ServerTimeouts {
            write: SHORT,
            ..ServerTimeouts::default()
        },
        ..config()
    };
    let (_drain, signal) = drain();
    let task = tokio::spawn(async move {
        let mut info = ConnectionInfo::direct(Addresses::of(&accepted).unwrap());
        let (socket, shown) = tls.accept(accepted).await.unwrap();
        info.tls = Some(shown);
        let transport = Transport::Tls(Box::new(socket));
        let incoming = Incoming::detect(transport, &info, &config, signal.clone()).await.unwrap();
        serve(incoming, &info, &config, signal, &script).await;
    });
    let socket = connecting.connect("127.0.0.1", stream, &[Alpn::H2]).await.unwrap();
    let (mut requests, mut connection) = client::Builder::new()
        .initial_window_size(1 << 30)
        .initial_connection_window_size(1 << 30)
        .handshake::<_, Bytes>(Transport::Tls(Box::new(socket)))
        .await
        .unwrap();
    let (response, _) = requests.send_request(get("/size/110000"), true).unwrap();
    // From here on nobody reads.
    tokio::select! {
        _ = &mut connection => panic!("it has ended"),
        response = response => assert_eq!(status(&response.unwrap().map(drop)), 200),
    }
    timeout(PATIENCE, task).await.expect("it waits for ever").unwrap();
    drop(connection);
}
