use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

use temblor_runtime::reload::Reload;
use temblor_runtime::shutdown::ShutdownSender;
use tokio::task::JoinHandle;
use tokio::time::advance;

use super::*;
use crate::tls::TlsError;

const MINUTE: Duration = Duration::from_mins(1);

#[derive(Default)]
struct Counter {
    looks: AtomicUsize,
    tellings: AtomicUsize,
}

impl Watched for Counter {
    fn reload(&self) -> Reloaded {
        match self.looks.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => Reloaded::Unchanged,
            1 => Reloaded::Replaced,
            _ => Reloaded::Failed(TlsError::Unreadable {
                path: "x".into(),
                source: io::ErrorKind::NotFound.into(),
            }),
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.tellings.fetch_add(1, Ordering::Relaxed);
        vec!["soon".to_owned()]
    }
}

struct Running {
    counter: Arc<Counter>,
    reload: Reload,
    shutdown: ShutdownSender,
    task: JoinHandle<()>,
}

impl Running {
    fn new(interval: Option<Duration>) -> Running {
        let (counter, reload, shutdown) = (Arc::new(Counter::default()), Reload::default(), ShutdownSender::default());
        let task = tokio::spawn(watch(
            Arc::clone(&counter),
            interval,
            reload.requests(),
            shutdown.receiver(),
            "test".to_owned(),
        ));
        Running {
            counter,
            reload,
            shutdown,
            task,
        }
    }

    /// Waits until there were so many looks; other threads make them.
    async fn looks(&self, expected: usize) {
        for _ in 0..10_000 {
            if self.counter.looks.load(Ordering::Relaxed) == expected {
                break;
            }
            std::thread::yield_now();
            tokio::task::yield_now().await;
        }
        assert_eq!(self.counter.looks.load(Ordering::Relaxed), expected);
        settle().await;
    }

    fn tellings(&self) -> usize {
        self.counter.tellings.load(Ordering::Relaxed)
    }
}

/// Lets the task come to its next wait.
async fn settle() {
    for _ in 0..1000 {
        std::thread::yield_now();
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn files_are_looked_at_at_the_interval_and_when_asked() {
    let running = Running::new(Some(MINUTE));
    settle().await;
    assert_eq!(running.tellings(), 1);
    running.looks(0).await;
    for looks in 1..=4 {
        advance(MINUTE).await;
        running.looks(looks).await;
    }
    running.reload.request();
    running.looks(5).await;
    running.shutdown.advance(Phase::Draining);
    running.task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_an_interval_only_asking_helps() {
    let running = Running::new(None);
    settle().await;
    for day in 1..=3 {
        assert_eq!(running.tellings(), day);
        advance(DAY).await;
        settle().await;
    }
    running.looks(0).await;
    running.reload.request();
    running.looks(1).await;
}
