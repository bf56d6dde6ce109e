//! Writes a log through to the disk, at intervals, in a thread of its own: the data path never waits for a disk.
//!
//! A failed write-through is final for the log: nobody can know any more what the disk has, so nothing more is accepted.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// The log's side. Dropping it writes everything through once more.
#[derive(Debug)]
pub(super) struct Syncer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Something was written to the current file or the confirmed number.
    is_dirty: AtomicBool,
    has_failed: AtomicBool,
    state: Mutex<State>,
    closing: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Files that are written to again and again.
    current: Vec<Arc<File>>,
    /// Segments that have to be written through once, by their first numbers.
    finished: Vec<(u64, Arc<File>)>,
    /// The folder, if names in it have changed.
    folder: Option<Arc<File>>,
    failure: Option<String>,
    is_closed: bool,
}

impl Syncer {
    /// Starts the thread.
    pub(super) fn start(interval: Duration, current: Vec<Arc<File>>) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        shared.state.lock().current = current;
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("wal-sync".to_owned())
            .spawn(move || of_thread.run(interval))?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Notes that something was written.
    pub(super) fn mark(&self) {
        self.shared.is_dirty.store(true, Ordering::Release);
    }

    /// Segment `first`, which was `finished`, gets no more; from now on `current` is written to. Names in `folder` have changed.
    pub(super) fn turn(&self, first: u64, finished: Arc<File>, current: Vec<Arc<File>>, folder: Arc<File>) {
        let mut state = self.shared.state.lock();
        state.finished.push((first, finished));
        state.current = current;
        state.folder = Some(folder);
        drop(state);
        self.mark();
    }

    /// Segment `first` was removed: nobody needs what is in it.
    pub(super) fn forget(&self, first: u64) {
        self.shared.state.lock().finished.retain(|(finished, _)| *finished != first);
    }

    /// Why nothing more may be accepted.
    pub(super) fn failure(&self) -> Option<String> {
        if !self.shared.has_failed.load(Ordering::Acquire) {
            return None;
        }
        self.shared.state.lock().failure.clone()
    }
}

impl Drop for Syncer {
    fn drop(&mut self) {
        self.shared.state.lock().is_closed = true;
        self.shared.closing.notify_all();
        if let Some(thread) = self.thread.take() {
            // An error is a panic of the thread, which has been reported.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self, interval: Duration) {
        let mut is_closed = false;
        while !is_closed {
            let mut state = self.state.lock();
            if !state.is_closed {
                self.closing.wait_for(&mut state, interval);
            }
            is_closed = state.is_closed;
            if !self.is_dirty.swap(false, Ordering::AcqRel) {
                continue;
            }
            let mut files: Vec<_> = state.finished.drain(..).map(|(_, file)| file).collect();
            files.extend(state.current.iter().cloned());
            files.extend(state.folder.take());
            drop(state);
            if let Err(error) = files.iter().try_for_each(|file| write_through(file)) {
                self.state.lock().failure = Some(error.to_string());
                self.has_failed.store(true, Ordering::Release);
            }
        }
    }
}

/// A file that was removed since needs no room on the disk.
fn write_through(file: &File) -> io::Result<()> {
    if file.metadata()?.nlink() == 0 {
        Ok(())
    } else {
        file.sync_data()
    }
}
