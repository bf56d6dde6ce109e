use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use temblor_event::Uid;

use super::*;
use crate::testing::{event, transactional};

/// An output whose writes wait until the test lets them through.
struct Gate {
    passes: Receiver<bool>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.passes.recv().unwrap_or(true) {
            return Err(io::Error::other("closed gate"));
        }
        self.written.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct World {
    writer: Writer,
    gate: SyncSender<bool>,
    written: Arc<Mutex<Vec<u8>>>,
}

fn world() -> World {
    let (gate, passes) = sync_channel(8);
    let written = Arc::default();
    let output = Gate {
        passes,
        written: Arc::clone(&written),
    };
    World {
        writer: Writer::start("test", "test".to_owned(), output).unwrap(),
        gate,
        written,
    }
}

fn ack() -> Insight {
    Insight::about(&transactional(event("1")), InsightKind::Ack, Uid(9), 0)
}

fn exchange(delivery: Delivery) -> Exchange {
    match delivery {
        Delivery::Exchange(exchange) => exchange,
        _ => panic!("not an exchange"),
    }
}

#[test]
fn closing_writes_everything_in_order() {
    let World { writer, gate, written } = world();
    for part in ["one ", "two ", "three"] {
        assert!(matches!(writer.submit(part.as_bytes(), None), Delivery::Queued));
    }
    drop(gate);
    writer.close();
    assert_eq!(*written.lock(), b"one two three");
    assert!(matches!(writer.submit(b"late", None), Delivery::Done(insights) if insights.is_empty()));
    writer.close();
    assert_eq!(*written.lock(), b"one two three");
}

#[tokio::test]
async fn an_event_is_acknowledged_when_it_is_written() {
    let World { writer, gate, written } = world();
    let mut exchange = exchange(writer.submit(b"one", Some(ack())));
    let waiting = std::future::poll_fn(|cx| std::task::Poll::Ready(exchange.future.as_mut().poll(cx).is_pending())).await;
    assert!(waiting);
    gate.send(true).unwrap();
    let insight = exchange.future.await.insight.unwrap();
    assert_eq!((insight.kind, insight.made_by), (InsightKind::Ack, Uid(9)));
    assert_eq!(*written.lock(), b"one");
}

#[tokio::test]
async fn a_failed_write_is_a_failure_and_the_next_one_counts_for_itself() {
    let World { writer, gate, .. } = world();
    gate.send(false).unwrap();
    let first = exchange(writer.submit(b"one", Some(ack()))).future.await;
    assert_eq!(first.insight.unwrap().kind, InsightKind::Fail);
    gate.send(true).unwrap();
    let second = exchange(writer.submit(b"two", Some(ack()))).future.await;
    assert_eq!(second.insight.unwrap().kind, InsightKind::Ack);
}

#[tokio::test]
async fn what_is_not_written_yet_is_counted() {
    let World { writer, gate, .. } = world();
    let queue = writer.queue();
    let first = exchange(writer.submit(b"one", Some(ack())));
    let _ = writer.submit(b"two", None);
    let last = exchange(writer.submit(b"three", Some(ack())));
    assert_eq!(queue(), 3);
    drop(gate);
    assert!(first.future.await.insight.is_some() && last.future.await.insight.is_some());
    writer.close();
    assert_eq!(queue(), 0);
}

#[tokio::test]
async fn who_fills_the_buffer_waits_until_there_is_room() {
    let World { writer, gate, written } = world();
    // The thread takes this and waits at the gate.
    assert!(matches!(writer.submit(b"x", None), Delivery::Queued));
    while !writer.0.state.lock().buffer.is_empty() {
        std::thread::yield_now();
    }
    let much = vec![b'y'; ROOM + 1];
    let mut waiter = exchange(writer.submit(&much, None)).future;
    let still = std::future::poll_fn(|cx| std::task::Poll::Ready(waiter.as_mut().poll(cx).is_pending())).await;
    assert!(still);
    // What comes from elsewhere keeps its place behind it.
    let _ = writer.submit(b"z", None);
    drop(gate);
    waiter.await;
    writer.close();
    assert_eq!(written.lock().len(), ROOM + 3);
    assert_eq!(written.lock().last(), Some(&b'z'));
}
