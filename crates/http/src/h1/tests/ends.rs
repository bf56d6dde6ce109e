//! What a handler is told of the end of an exchange.

use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::connection::{Addresses, ConnectionInfo};
use crate::error::{Refusal, RefusalReason};
use crate::h1::serve;
use crate::message::{RequestHead, Status};
use crate::server::{Answer, Finished, Handler, Request, Response, ServerConfig, drain};
use crate::testing::pair;

/// A path and how its exchange ended.
type Told = (Option<String>, Option<RefusalReason>, Finished);

struct Recorder(mpsc::UnboundedSender<Told>);

impl Handler for Recorder {
    type Notes = (Option<String>, Option<RefusalReason>);

    fn begin(&self, head: &RequestHead, _connection: &ConnectionInfo) -> Self::Notes {
        (Some(head.target.path().to_owned()), None)
    }

    async fn handle(&self, mut request: Request<'_>, _notes: &mut Self::Notes) -> Answer {
        let body = request.body.collect(None).await.unwrap_or_default();
        match request.head.target.path() {
            "/close" => Answer::Close,
            _ => Answer::Respond(Response {
                body: Bytes::from([&b"got "[..], &body].concat()).into(),
                ..Response::new(Status::OK)
            }),
        }
    }

    fn refuse(&self, refusal: &Refusal, notes: &mut Self::Notes) -> Answer {
        notes.1 = Some(refusal.reason);
        Answer::Refuse(*refusal)
    }

    fn end(&self, (path, reason): Self::Notes, _connection: &ConnectionInfo, finished: &Finished) {
        self.0.send((path, reason, *finished)).unwrap();
    }
}

async fn start(config: ServerConfig) -> (TcpStream, mpsc::UnboundedReceiver<Told>) {
    let (client, accepted) = pair().await;
    let (sender, told) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let (_trigger, signal) = drain();
        let info = ConnectionInfo::direct(Addresses::of(&accepted).unwrap());
        serve(accepted.into(), &info, &config, signal, &Recorder(sender)).await;
    });
    (client, told)
}

async fn next(told: &mut mpsc::UnboundedReceiver<Told>) -> Told {
    timeout(Duration::from_secs(20), told.recv()).await.unwrap().unwrap()
}

#[tokio::test]
async fn every_exchange_ends_once_with_what_went_over_the_connection() {
    let (mut client, mut told) = start(ServerConfig::default()).await;
    client
        .write_all(b"POST /a HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n12345GET /b HTTP/1.1\r\nhost: h\r\n\r\nGET /close HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    let (path, reason, finished) = next(&mut told).await;
    assert_eq!(
        (path.as_deref(), reason, finished.status),
        (Some("/a"), None, Some(Status::OK))
    );
    assert_eq!(
        (finished.body_received, finished.body_sent, finished.is_complete),
        (5, 9, true)
    );
    let (path, _, finished) = next(&mut told).await;
    assert_eq!(
        (path.as_deref(), finished.body_received, finished.body_sent),
        (Some("/b"), 0, 4)
    );
    let (path, _, finished) = next(&mut told).await;
    assert_eq!(
        (path.as_deref(), finished.status, finished.is_complete),
        (Some("/close"), None, false)
    );
    assert!(told.recv().await.is_none(), "more than three exchanges");
}

#[tokio::test]
async fn what_is_no_request_ends_with_default_notes() {
    let (mut client, mut told) = start(ServerConfig::default()).await;
    client.write_all(b"GET\r\n\r\n").await.unwrap();
    let (path, reason, finished) = next(&mut told).await;
    assert_eq!((path, reason), (None, Some(RefusalReason::BadRequest)));
    assert_eq!(finished.status, Some(Status::known(400)));
    let mut answer = Vec::new();
    client.shutdown().await.unwrap();
    client.read_to_end(&mut answer).await.unwrap();
    let body = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(finished.body_sent, (answer.len() - body) as u64);
}

#[tokio::test]
async fn a_refusal_for_the_announced_length_knows_its_request() {
    let mut config = ServerConfig::default();
    config.limits.body = Some(3);
    let (mut client, mut told) = start(config).await;
    client
        .write_all(b"POST /large HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\n\r\n1234")
        .await
        .unwrap();
    let (path, reason, finished) = next(&mut told).await;
    assert_eq!(path.as_deref(), Some("/large"));
    assert_eq!(
        (reason, finished.status),
        (Some(RefusalReason::BodyTooLarge), Some(Status::known(413)))
    );
}
