//! Tunnels over real sockets.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::h1::Wire;
use crate::testing::pair;

const PATIENCE: Duration = Duration::from_secs(10);

struct Joined {
    client: TcpStream,
    upstream: TcpStream,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

async fn joined(idle: Option<Duration>) -> Joined {
    let (client, near) = pair().await;
    let (far, upstream) = pair().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let mut bounds = TunnelBounds {
            idle,
            stopped: Box::pin(async move { drop(stopped.await) }),
            held: Box::new(()),
        };
        join(&mut Wire::new(near.into()), &mut Wire::new(far.into()), &mut bounds).await;
    });
    Joined {
        client,
        upstream,
        stop: Some(stop),
        task,
    }
}

async fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    timeout(PATIENCE, stream.read_exact(&mut bytes))
        .await
        .expect("nothing comes")
        .unwrap();
    bytes
}

async fn ended(stream: &mut TcpStream) -> bool {
    let end = timeout(PATIENCE, stream.read(&mut [0])).await.expect("the end does not come");
    matches!(end, Ok(0) | Err(_))
}

#[tokio::test]
async fn both_sides_talk_and_end_on_their_own() {
    let mut joined = joined(None).await;
    joined.client.write_all(b"ping").await.unwrap();
    assert_eq!(read(&mut joined.upstream, 4).await, b"ping");
    joined.upstream.write_all(b"pong").await.unwrap();
    assert_eq!(read(&mut joined.client, 4).await, b"pong");
    joined.client.shutdown().await.unwrap();
    assert!(ended(&mut joined.upstream).await);
    joined.upstream.write_all(b"last").await.unwrap();
    assert_eq!(read(&mut joined.client, 4).await, b"last");
    joined.upstream.shutdown().await.unwrap();
    assert!(ended(&mut joined.client).await);
    timeout(PATIENCE, joined.task).await.expect("the tunnel stays").unwrap();
}

#[tokio::test]
async fn much_goes_through_unchanged_in_both_directions() {
    let Joined {
        client,
        upstream,
        stop,
        task,
    } = joined(None).await;
    let text: Vec<u8> = (0..3_000_000_u32).map(|at| (at * 7 + at / 251) as u8).collect();
    let (mut client_read, mut client_write) = client.into_split();
    let (mut upstream_read, mut upstream_write) = upstream.into_split();
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let all = async {
        tokio::join!(
            async {
                client_write.write_all(&text).await.unwrap();
                client_write.shutdown().await.unwrap();
            },
            async {
                upstream_write.write_all(&text).await.unwrap();
                upstream_write.shutdown().await.unwrap();
            },
            async { upstream_read.read_to_end(&mut up).await.unwrap() },
            async { client_read.read_to_end(&mut down).await.unwrap() },
        );
    };
    timeout(PATIENCE, all).await.expect("the tunnel hangs");
    assert!(up == text && down == text);
    timeout(PATIENCE, task).await.expect("the tunnel stays").unwrap();
    drop(stop);
}

#[tokio::test(start_paused = true)]
async fn silence_ends_a_tunnel() {
    let mut joined = joined(Some(Duration::from_hours(1))).await;
    timeout(Duration::from_hours(2), &mut joined.task)
        .await
        .expect("the tunnel stays")
        .unwrap();
    assert!(ended(&mut joined.client).await && ended(&mut joined.upstream).await);
}

#[tokio::test]
async fn the_end_of_the_process_ends_a_tunnel() {
    let mut joined = joined(None).await;
    joined.stop.take().unwrap().send(()).unwrap();
    assert!(ended(&mut joined.client).await && ended(&mut joined.upstream).await);
    timeout(PATIENCE, joined.task).await.expect("the tunnel stays").unwrap();
}

#[tokio::test]
async fn a_broken_side_ends_the_other() {
    let mut joined = joined(None).await;
    socket2::SockRef::from(&joined.upstream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(joined.upstream);
    assert!(ended(&mut joined.client).await);
    timeout(PATIENCE, joined.task).await.expect("the tunnel stays").unwrap();
}
