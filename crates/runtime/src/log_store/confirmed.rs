//! The file that holds the number confirmed last: the number, the number of the next event at that time (8 bytes each, lowest first), and the
//! CRC-32 of both.
//!
//! Every record says what was confirmed when it was stored, so the file is written only where no record follows soon. The number of the next
//! event tells which of the two is newer. What a stopping machine leaves of the file may be old or torn: then more is delivered again, and
//! nothing is lost.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use super::record::Head;

/// Name of the file.
pub(super) const NAME: &str = "confirmed";
const LEN: usize = 20;
/// Time after which a confirmation is written at once, nanoseconds.
const PAUSE_NS: u64 = 10_000_000;

/// What the file says.
#[derive(Clone, Copy, Debug)]
struct Note {
    number: u64,
    /// Number of the next event when it was written.
    next: u64,
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Confirmed {
    file: Arc<File>,
    number: Option<u64>,
    /// Neither the file nor a record says the number.
    is_unwritten: bool,
    written_ns: u64,
    /// What the file said at the start.
    noted: Option<Note>,
}

impl Confirmed {
    pub(super) fn open(dir: &Path) -> io::Result<Self> {
        let path = dir.join(NAME);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)?;
        let noted = if file.metadata()?.len() == 0 {
            None
        } else {
            read(&file, &path)?
        };
        Ok(Self {
            file: Arc::new(file),
            number: noted.map(|note| note.number),
            is_unwritten: false,
            written_ns: 0,
            noted,
        })
    }

    /// Takes in what the log's last record says.
    pub(super) fn compare(&mut self, last: Option<Head>) {
        let is_newer = |head: &Head| self.noted.is_none_or(|note| note.next <= head.number);
        if let Some(head) = last.filter(is_newer) {
            self.number = head.confirmed.or(self.number);
        }
    }

    pub(super) fn number(&self) -> Option<u64> {
        self.number
    }

    /// A number below which all were given before the start, also to records that a machine lost with its power.
    pub(super) fn floor(&self) -> u64 {
        self.noted.map_or(0, |note| note.next)
    }

    pub(super) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Notes a number, and writes it if the last time was long ago; gives whether it was written.
    pub(super) fn set(&mut self, number: u64, next: u64, now_ns: u64) -> io::Result<bool> {
        self.number = Some(number);
        self.is_unwritten = true;
        if now_ns.abs_diff(self.written_ns) < PAUSE_NS {
            return Ok(false);
        }
        self.written_ns = now_ns;
        self.write(next)
    }

    /// A record was written that says the number.
    pub(super) fn is_recorded(&mut self) {
        self.is_unwritten = false;
    }

    /// Writes the number if nothing says it; gives whether that was needed.
    pub(super) fn write(&mut self, next: u64) -> io::Result<bool> {
        let Some(number) = self.number.filter(|_| self.is_unwritten) else {
            return Ok(false);
        };
        self.file.write_all_at(&to_bytes(Note { number, next }), 0)?;
        self.is_unwritten = false;
        Ok(true)
    }

    /// As if the process had been killed.
    #[cfg(test)]
    pub(super) fn forget(&mut self) {
        self.is_unwritten = false;
    }
}

fn to_bytes(note: Note) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    let numbers = [note.number.to_le_bytes(), note.next.to_le_bytes()].concat();
    let sum = crc32fast::hash(&numbers).to_le_bytes();
    for (to, from) in bytes.iter_mut().zip(numbers.into_iter().chain(sum)) {
        *to = from;
    }
    bytes
}

fn read(file: &File, path: &Path) -> io::Result<Option<Note>> {
    let mut bytes = [0; LEN];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => bytes = [0; LEN],
        Err(error) => return Err(error),
    }
    let number = |at: usize| {
        bytes
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .map(|number| u64::from_le_bytes(*number))
    };
    let note = number(0).zip(number(8)).map(|(number, next)| Note { number, next });
    let note = note.filter(|note| to_bytes(*note) == bytes);
    if note.is_none() {
        tracing::warn!(
            target: "tremor_runtime::wal",
            "`{}` is damaged: events that were confirmed may be delivered again",
            path.display()
        );
    }
    Ok(note)
}
