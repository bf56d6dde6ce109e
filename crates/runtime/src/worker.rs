//! Threads of the data path: each runs one single-threaded runtime, so a connection's work never changes threads.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::num::NonZeroUsize;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use temblor_metrics::{count_as_worker, expect_workers};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Number of a worker; index of its shard in sharded structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkerIx(pub u16);

thread_local! {
    static CURRENT: Cell<WorkerIx> = const { Cell::new(WorkerIx(0)) };
}

/// The worker whose thread this is; worker 0 on foreign threads, whose shard is then shared.
pub fn current() -> WorkerIx {
    CURRENT.get()
}

struct Worker {
    handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// All workers of the process.
pub struct Workers {
    workers: Mutex<Vec<Worker>>,
    handles: Vec<Handle>,
}

impl Workers {
    /// Starts `count` threads.
    pub fn start(count: NonZeroUsize) -> io::Result<Self> {
        expect_workers(count.get());
        let workers = (0..count.get())
            .map(|at| start_one(WorkerIx(at as u16)))
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Self {
            handles: workers.iter().map(|worker| worker.handle.clone()).collect(),
            workers: Mutex::new(workers),
        })
    }

    /// Number of workers.
    pub fn count(&self) -> usize {
        self.handles.len()
    }

    /// Runs the future that `make` gives on every worker.
    pub fn spawn_on_each<F>(&self, make: impl Fn(WorkerIx) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        for (at, handle) in self.handles.iter().enumerate() {
            handle.spawn(make(WorkerIx(at as u16)));
        }
    }

    /// Runs a future on the first worker.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.handles[0].spawn(future);
    }

    /// Runs a future on one worker; `at` counts round, so that any series of numbers spreads over all workers.
    pub fn spawn_on(&self, at: usize, future: impl Future<Output = ()> + Send + 'static) {
        self.handles[at % self.handles.len()].spawn(future);
    }

    /// Ends all threads; what still runs on them is dropped.
    pub fn stop(&self) {
        let mut workers = self.workers.lock();
        for worker in workers.iter_mut() {
            if let Some(stop) = worker.stop.take() {
                let _ = stop.send(());
            }
        }
        for worker in workers.iter_mut() {
            if let Some(thread) = worker.thread.take() {
                let _ = thread.join();
            }
        }
    }
}

fn start_one(ix: WorkerIx) -> io::Result<Worker> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::Builder::new().name(format!("worker-{}", ix.0)).spawn(move || {
        CURRENT.set(ix);
        count_as_worker(usize::from(ix.0));
        // An error means that the sender is gone, which ends the worker as well.
        let _ = runtime.block_on(stopped);
        runtime.shutdown_background();
    })?;
    Ok(Worker {
        handle,
        stop: Some(stop),
        thread: Some(thread),
    })
}
