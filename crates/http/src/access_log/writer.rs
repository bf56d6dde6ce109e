//! The queue of lines and the thread that writes them.
//!
//! Every worker appends to a buffer of its own, under a lock that only the writing thread ever contends for, once in a while. As long as
//! lines come the thread looks at all buffers ten times a second, without being woken, and earlier only if one is full; so there is one
//! wake-up for many lines. After a look that found nothing it sleeps until the next line. A worker gets an empty buffer back for the one
//! that is taken, so both have theirs to the end. The numbers of lines and bytes that wait are counters for all workers.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use temblor_metrics::{Collect, Counter, Family, Kind, Metrics, Page, Sharded};
use temblor_runtime::config::AccessTarget;

/// Lines that may wait (`proxy.md` 6.2).
const LIMIT: usize = 10_000;
/// Bytes that may wait.
const MAX_BYTES: usize = 16 << 20;
/// Bytes in a worker's buffer for which the thread is woken.
const FULL: usize = 128 << 10;
/// Room that a buffer keeps when it is empty: what may come until the thread is there.
const KEPT: usize = 2 * FULL;
/// How long a line waits for more of them.
const GATHER: Duration = Duration::from_millis(100);
/// How long the end of the process waits for places that take no lines.
const PARTING: Duration = Duration::from_secs(3);

const DROPPED: Family = Family {
    name: "temblor_access_dropped_total",
    kind: Kind::Counter,
    help: "Lines of access logs that were not written: too many were waiting, or writing failed",
};

/// All writers of the process; several onramps may write to one place.
static WRITERS: Mutex<Vec<(AccessTarget, Arc<Writer>)>> = Mutex::new(Vec::new());

/// See the module's documentation.
pub(crate) struct Writer {
    lines: Sharded<Mutex<Lines>>,
    waiting: AtomicUsize,
    waiting_bytes: AtomicUsize,
    dropped: Counter,
    /// The thread will look at the buffers, in a while, without being woken.
    is_awake: AtomicBool,
    /// The file has to be opened again.
    must_reopen: AtomicBool,
    /// Nothing more comes.
    is_over: AtomicBool,
    thread: Mutex<Option<Running>>,
}

/// The thread that writes.
struct Running {
    thread: Thread,
    /// Closes when the thread ends.
    end: Receiver<()>,
}

#[derive(Default)]
struct Lines {
    bytes: Vec<u8>,
    count: usize,
}

/// The writer for a place; its thread is started with the first use. A file is opened again with every further one, since it may have been
/// moved away while nobody was there to be told.
///
/// # Errors
/// The file cannot be opened, or the thread cannot be started.
pub(crate) fn writer_for(target: &AccessTarget, metrics: &Metrics) -> io::Result<Arc<Writer>> {
    let mut writers = WRITERS.lock();
    if let Some((_, writer)) = writers.iter().find(|(known, _)| known == target) {
        writer.reopen();
        return Ok(Arc::clone(writer));
    }
    let writer = Writer::start(target)?;
    metrics.register(&writer);
    writers.push((target.clone(), Arc::clone(&writer)));
    Ok(writer)
}

/// Writes all lines that wait, and ends the threads. To be called when nothing is served any more. Lines whose place does not take them within
/// three seconds are lost, and their threads left behind.
pub fn flush_all() {
    let writers: Vec<Arc<Writer>> = WRITERS.lock().drain(..).map(|(_, writer)| writer).collect();
    let end = Instant::now() + PARTING;
    for writer in &writers {
        writer.end();
    }
    for writer in writers {
        writer.finish(end.saturating_duration_since(Instant::now()));
    }
}

impl Writer {
    fn start(target: &AccessTarget) -> io::Result<Arc<Self>> {
        let mut place = Place::open(target)?;
        let writer = Arc::new(Self {
            lines: Sharded::default(),
            waiting: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            dropped: Counter::default(),
            is_awake: AtomicBool::new(false),
            must_reopen: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            thread: Mutex::default(),
        });
        let shared = Arc::clone(&writer);
        let (running, end) = channel();
        let thread = thread::Builder::new().name("access-log".to_owned()).spawn(move || {
            shared.run(&mut place);
            drop(running);
        })?;
        *writer.thread.lock() = Some(Running {
            thread: thread.thread().clone(),
            end,
        });
        Ok(writer)
    }

    /// Queues the line that `write` appends; never waits for the file.
    pub(crate) fn push(&self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= LIMIT {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.dropped.one();
            return;
        }
        let is_full = {
            let mut lines = self.lines.mine().lock();
            let before = lines.bytes.len();
            write(&mut lines.bytes);
            let size = lines.bytes.len() - before;
            if self.waiting_bytes.fetch_add(size, Ordering::Relaxed) + size > MAX_BYTES {
                lines.bytes.truncate(before);
                self.waiting_bytes.fetch_sub(size, Ordering::Relaxed);
                self.waiting.fetch_sub(1, Ordering::Relaxed);
                self.dropped.one();
                return;
            }
            lines.count += 1;
            before < FULL && before + size >= FULL
        };
        if is_full {
            self.hurry();
        } else {
            self.wake();
        }
    }

    /// Opens the file again; lines that wait go where they would have gone.
    pub(crate) fn reopen(&self) {
        self.must_reopen.store(true, Ordering::Release);
        self.hurry();
    }

    /// Has the thread look at the buffers in a while.
    fn wake(&self) {
        if !self.is_awake.load(Ordering::Relaxed) && !self.is_awake.swap(true, Ordering::AcqRel) {
            self.unpark();
        }
    }

    /// Has the thread look at the buffers at once.
    fn hurry(&self) {
        self.is_awake.store(true, Ordering::Release);
        self.unpark();
    }

    fn unpark(&self) {
        if let Some(running) = &*self.thread.lock() {
            running.thread.unpark();
        }
    }

    /// Has the thread write what waits, and end.
    fn end(&self) {
        self.is_over.store(true, Ordering::Release);
        self.unpark();
    }

    /// As [`end`](Self::end), and waits for that; what is not written in time counts as dropped. Nothing is logged: the log may go to the place
    /// that is blocked.
    fn finish(&self, limit: Duration) {
        self.end();
        if let Some(running) = self.thread.lock().take()
            && running.end.recv_timeout(limit) == Err(RecvTimeoutError::Timeout)
        {
            self.dropped.add(self.waiting.load(Ordering::Relaxed) as u64);
        }
    }

    fn run(&self, place: &mut Place) {
        let mut spares = Vec::new();
        loop {
            let is_over = self.is_over.load(Ordering::Acquire);
            if !is_over {
                thread::park_timeout(GATHER);
            }
            let must_reopen = self.must_reopen.swap(false, Ordering::AcqRel);
            let mut has_written = self.write_all(place, &mut spares);
            if must_reopen && let Err(error) = place.reopen() {
                tracing::error!(target: "tremor_runtime::access", "the access log cannot be opened again: {error}");
            }
            if is_over {
                return;
            }
            if !has_written {
                // Then the buffers once more: who appends to one that was looked at already sees it and wakes this thread.
                self.is_awake.store(false, Ordering::Release);
                has_written = self.write_all(place, &mut spares);
            }
            if has_written {
                self.is_awake.store(true, Ordering::Release);
            }
            // A wake-up that came before is not lost: then this returns at once.
            while ![&self.is_awake, &self.must_reopen, &self.is_over]
                .iter()
                .any(|wish| wish.load(Ordering::Acquire))
            {
                thread::park();
            }
        }
    }

    /// Writes what waits, and whether there was anything. `spares`: an empty buffer for every shard, to be given for the one that is taken.
    fn write_all(&self, place: &mut Place, spares: &mut Vec<Vec<u8>>) -> bool {
        let mut has_written = false;
        for (at, shard) in self.lines.iter().enumerate() {
            if spares.len() <= at {
                spares.push(Vec::new());
            }
            let mut bytes = std::mem::take(&mut spares[at]);
            let count = {
                let mut lines = shard.lock();
                if lines.count == 0 {
                    spares[at] = bytes;
                    continue;
                }
                std::mem::swap(&mut lines.bytes, &mut bytes);
                std::mem::take(&mut lines.count)
            };
            has_written = true;
            if let Err(error) = place.write(&bytes) {
                tracing::error!(target: "tremor_runtime::access", "{count} lines of the access log are lost: {error}");
                self.dropped.add(count as u64);
            }
            self.waiting.fetch_sub(count, Ordering::Relaxed);
            self.waiting_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
            if bytes.capacity() <= KEPT {
                bytes.clear();
                spares[at] = bytes;
            }
        }
        has_written
    }
}

impl Collect for Writer {
    fn collect(&self, page: &mut Page) {
        page.counter(&DROPPED, &[], self.dropped.get());
    }
}

/// Where lines go, and whether the last one there is torn: the next one does not run into it.
struct Place {
    to: To,
    is_torn: bool,
}

enum To {
    Stdout,
    Stderr,
    Log,
    File(Box<Path>, File),
}

impl Place {
    fn open(target: &AccessTarget) -> io::Result<Self> {
        let to = match target {
            AccessTarget::Stdout => To::Stdout,
            AccessTarget::Stderr => To::Stderr,
            AccessTarget::Log => To::Log,
            AccessTarget::File(path) => To::File(path.clone().into_boxed_path(), open_file(path)?),
        };
        Ok(Self { to, is_torn: false })
    }

    fn reopen(&mut self) -> io::Result<()> {
        if let To::File(path, file) = &mut self.to {
            *file = open_file(path)?;
            self.is_torn &= file.metadata().is_ok_and(|metadata| metadata.len() > 0);
        }
        Ok(())
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        match &mut self.to {
            To::Stdout => {
                let mut stdout = io::stdout().lock();
                write_lines(&mut stdout, lines, &mut self.is_torn)?;
                stdout.flush()
            }
            To::Stderr => write_lines(&mut io::stderr().lock(), lines, &mut self.is_torn),
            To::Log => {
                for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    tracing::info!(target: "tremor_runtime::access", "{}", String::from_utf8_lossy(line));
                }
                Ok(())
            }
            To::File(_, file) => write_lines(file, lines, &mut self.is_torn),
        }
    }
}

/// Writes lines behind those that are there. `is_torn`: the last byte there ends no line.
fn write_lines(to: &mut impl Write, lines: &[u8], is_torn: &mut bool) -> io::Result<()> {
    if *is_torn {
        to.write_all(b"\n")?;
        *is_torn = false;
    }
    let mut rest = lines;
    while !rest.is_empty() {
        match to.write(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                let (written, left) = rest.split_at(count);
                *is_torn = written.last() != Some(&b'\n');
                rest = left;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn open_file(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use super::*;
    use crate::testing::PATIENCE;

    fn open(path: &Path) -> Arc<Writer> {
        Writer::start(&AccessTarget::File(path.to_owned())).unwrap()
    }

    #[test]
    fn all_lines_of_all_threads_are_written_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        let writer = open(&path);
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let writer = Arc::clone(&writer);
                thread::spawn(move || {
                    for line in 0..500 {
                        writer.push(|out| out.extend_from_slice(format!("{thread} {line}\n").as_bytes()));
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        writer.finish(PATIENCE);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2000);
        for thread in 0..4 {
            let own: Vec<&str> = text.lines().filter(|line| line.starts_with(&format!("{thread} "))).collect();
            let expected: Vec<String> = (0..500).map(|line| format!("{thread} {line}")).collect();
            assert_eq!(own, expected);
        }
    }

    #[test]
    fn a_file_that_was_moved_away_is_made_anew_and_no_line_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let (path, moved) = (folder.path().join("access.log"), folder.path().join("access.log.1"));
        let writer = open(&path);
        for round in 0..100 {
            writer.push(|out| out.extend_from_slice(format!("{round}\n").as_bytes()));
            if round == 50 {
                fs::rename(&path, &moved).unwrap();
                writer.reopen();
            }
        }
        // Only the thread can make the file.
        while !path.exists() {
            thread::yield_now();
        }
        writer.push(|out| out.extend_from_slice(b"100\n"));
        writer.finish(PATIENCE);
        let text = fs::read_to_string(&moved).unwrap() + &fs::read_to_string(&path).unwrap();
        let expected: Vec<String> = (0..=100).map(|line| line.to_string()).collect();
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        assert!(fs::read_to_string(&path).unwrap().ends_with("100\n"));
    }

    /// A writer whose thread never comes.
    fn stuck() -> Writer {
        Writer {
            lines: Sharded::default(),
            waiting: AtomicUsize::new(0),
            waiting_bytes: AtomicUsize::new(0),
            dropped: Counter::default(),
            is_awake: AtomicBool::new(true),
            must_reopen: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            thread: Mutex::default(),
        }
    }

    #[test]
    fn bytes_are_bounded_as_lines_are() {
        let writer = stuck();
        let long = vec![b'x'; MAX_BYTES / 4];
        for line in [&long[..], &long, &long, &long[1..], b"x\n", b"\n"] {
            writer.push(|out| out.extend_from_slice(line));
        }
        let kept = |of: fn(&Lines) -> usize| writer.lines.iter().map(|shard| of(&shard.lock())).sum::<usize>();
        assert_eq!(kept(|lines| lines.bytes.len()), MAX_BYTES);
        assert_eq!((kept(|lines| lines.count), writer.dropped.get()), (5, 1));
        let (folder, target) = (tempfile::tempdir().unwrap(), "access.log");
        let path = folder.path().join(target);
        writer.write_all(&mut Place::open(&AccessTarget::File(path.clone())).unwrap(), &mut Vec::new());
        assert_eq!(fs::metadata(&path).unwrap().len(), MAX_BYTES as u64);
        assert_eq!(kept(|lines| lines.bytes.capacity()), 0);
        writer.push(|out| out.extend_from_slice(b"again\n"));
        assert_eq!(kept(|lines| lines.count), 1);
    }

    #[test]
    fn what_finds_the_queue_full_is_dropped_and_counted() {
        let writer = stuck();
        for _ in 0..LIMIT + 5 {
            writer.push(|out| out.push(b'\n'));
        }
        assert_eq!(writer.lines.iter().map(|shard| shard.lock().count).sum::<usize>(), LIMIT);
        assert_eq!(writer.dropped.get(), 5);
    }

    #[test]
    fn a_place_that_takes_nothing_does_not_keep_the_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let _reader = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let writer = open(&path);
        let line = [vec![b'x'; 10_000], b"\n".to_vec()].concat();
        for _ in 0..200 {
            writer.push(|out| out.extend_from_slice(&line));
        }
        writer.finish(Duration::from_millis(50));
        assert!(writer.dropped.get() > 0);
    }

    /// Takes so many bytes, and then nothing until it was asked once.
    struct Full {
        taken: Vec<u8>,
        room: Option<usize>,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == Some(0) {
                self.room = None;
                return Err(io::ErrorKind::StorageFull.into());
            }
            let count = self.room.map_or(bytes.len(), |room| room.min(bytes.len()));
            self.room = self.room.map(|room| room - count);
            self.taken.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_does_not_run_into_one_that_was_torn() {
        for (room, wanted) in [
            (0, "three\n"),
            (2, "on\nthree\n"),
            (4, "one\nthree\n"),
            (7, "one\ntwo\nthree\n"),
        ] {
            let mut place = Full {
                taken: Vec::new(),
                room: Some(room),
            };
            let mut is_torn = false;
            write_lines(&mut place, b"one\ntwo\n", &mut is_torn).unwrap_err();
            write_lines(&mut place, b"three\n", &mut is_torn).unwrap();
            assert_eq!(String::from_utf8(place.taken).unwrap(), wanted, "{room}");
        }
    }

    #[test]
    fn who_takes_a_writer_again_finds_a_file_that_was_moved_away_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("access.log");
        let target = AccessTarget::File(path.clone());
        let first = writer_for(&target, &Metrics::default()).unwrap();
        fs::rename(&path, folder.path().join("access.log.1")).unwrap();
        let again = writer_for(&target, &Metrics::default()).unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let end = Instant::now() + PATIENCE;
        while !path.exists() {
            assert!(Instant::now() < end, "the file stays away");
            thread::yield_now();
        }
    }

    #[test]
    fn a_file_in_no_folder_cannot_be_opened() {
        let target = AccessTarget::File("/nowhere/access.log".into());
        assert!(writer_for(&target, &Metrics::default()).is_err());
    }
}
