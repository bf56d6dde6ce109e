//! Files of a log: records one behind the other, in segments of about equal size.
//!
//! A segment is named by the lowest number that may be in it, with 20 digits, so that names sort as numbers do. It starts with a header of
//! [`HEADER`] bytes: a magic word with the version of the format; the segment's own first number and that of the segment before it; how many
//! events were ever stored before this segment, and how many bytes they took (8 bytes each, lowest first); the segment's salt and the CRC-32 of
//! all that (4 bytes each). What lies in a segment that is not the last one, and where it ends, is thus known without reading it.
//!
//! The file may have held another segment before (`spare`), of which anything may be left behind the last record. Three things keep that from
//! being read. Behind the last record of every write stands [`END`]. Where a write was torn and there is none, what follows was summed with another
//! salt, which nobody could know who wrote what is in the events. And what is left has lower numbers, while numbers rise within a segment.
//!
//! Version 1 had no salt (which is salt 0), no [`END`], and files of its own for every segment.

use std::collections::hash_map::RandomState;
use std::fs::{File, OpenOptions};
use std::hash::BuildHasher;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::record::{FRAME, Frame, Head, Salt, read_head};

/// Length of the header.
pub(super) const HEADER: u64 = 48;
/// What stands behind the last record of a write, in place of the next one's frame.
pub(super) const END: [u8; FRAME] = [0; FRAME];
const MAGIC: [u8; 8] = *b"TEMBLOG2";
const MAGIC_1: [u8; 8] = *b"TEMBLOG1";
const EXTENSION: &str = ".log";
const DIGITS: usize = 20;
/// Bytes read at a time.
const BLOCK: usize = 256 << 10;

/// Header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// No number in it is lower.
    pub(super) first: u64,
    /// First number of the segment before it, its own if there is none.
    pub(super) before: u64,
    /// Events stored before it, ever.
    pub(super) events: u64,
    /// Bytes they took.
    pub(super) bytes: u64,
    /// Goes into the checksums of the records.
    pub(super) salt: Salt,
}

/// A salt that nobody can guess.
pub(super) fn new_salt(first: u64) -> Salt {
    // The keys of such a state are the system's random numbers.
    Salt(RandomState::new().hash_one(first) as u32)
}

impl Header {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.numbers(MAGIC);
        bytes.extend_from_slice(&self.salt.0.to_le_bytes());
        let sum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn to_bytes_1(self) -> Vec<u8> {
        let mut bytes = self.numbers(MAGIC_1);
        let sum = u64::from(crc32fast::hash(&bytes));
        bytes.extend_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn numbers(self, magic: [u8; 8]) -> Vec<u8> {
        let mut bytes = magic.to_vec();
        for number in [self.first, self.before, self.events, self.bytes] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes
    }

    /// `None`: this is no header.
    pub(super) fn from_bytes(bytes: &[u8; HEADER as usize]) -> Option<Self> {
        let (magic, content) = bytes.split_first_chunk::<8>()?;
        let mut numbers = content.chunks_exact(8).filter_map(|chunk| chunk.first_chunk().copied());
        let mut next = || numbers.next().map(u64::from_le_bytes);
        let header = Self {
            first: next()?,
            before: next()?,
            events: next()?,
            bytes: next()?,
            salt: if *magic == MAGIC { Salt(next()? as u32) } else { Salt::NONE },
        };
        let is_whole = header.to_bytes() == bytes || header.to_bytes_1() == bytes;
        is_whole.then_some(header)
    }

    /// The header of an open segment; `None`: it has none.
    pub(super) fn of(file: &File) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEADER as usize];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Ok(Self::from_bytes(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Name of the segment that starts with a number.
pub(super) fn path(dir: &Path, first: u64) -> PathBuf {
    dir.join(format!("{first:0DIGITS$}{EXTENSION}"))
}

/// The number that a segment's name says; `None`: it is no such name.
pub(super) fn first_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(EXTENSION)?;
    let is_number = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().ok()).flatten()
}

/// Makes a new segment.
pub(super) fn create(dir: &Path, header: Header) -> io::Result<File> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(path(dir, header.first))?;
    begin(&file, header)?;
    Ok(file)
}

/// Makes a file an empty segment.
pub(super) fn begin(file: &File, header: Header) -> io::Result<()> {
    let mut start = header.to_bytes();
    start.extend_from_slice(&END);
    file.write_all_at(&start, 0)
}

/// What is found at a place of a segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// The body of a whole record.
    Body(&'a [u8]),
    /// A record that is not whole. `next`: where the one behind it would start, if its length can be believed.
    Damaged { next: Option<u64> },
    /// Nothing more: the end of the segment, or [`END`].
    End,
}

/// Reads records of one file, mostly one behind the other.
#[derive(Debug, Default)]
pub(super) struct BlockReader {
    block: Vec<u8>,
    /// Where the block lies in the file.
    at: u64,
}

impl BlockReader {
    /// The record at `at` of a file with `len` bytes.
    pub(super) fn record(&mut self, file: &File, salt: Salt, at: u64, len: u64) -> io::Result<Found<'_>> {
        if at >= len {
            return Ok(Found::End);
        }
        let left = usize::try_from(len - at).unwrap_or(usize::MAX);
        if left < FRAME {
            return Ok(Found::Damaged { next: None });
        }
        let Some(frame) = self
            .bytes(file, at, FRAME, len)?
            .first_chunk()
            .map(|frame| Frame::read(*frame))
        else {
            return Ok(Found::Damaged { next: None });
        };
        if frame == Frame::read(END) {
            return Ok(Found::End);
        }
        let Some(size) = frame.body_len().map(|length| FRAME + length).filter(|size| *size <= left) else {
            return Ok(Found::Damaged { next: None });
        };
        let body = self.bytes(file, at, size, len)?.get(FRAME..).unwrap_or_default();
        if frame.fits(body, salt) {
            Ok(Found::Body(body))
        } else {
            let next = at + size as u64;
            Ok(Found::Damaged { next: Some(next) })
        }
    }

    /// `count` bytes at `at`, which lie within the file.
    fn bytes(&mut self, file: &File, at: u64, count: usize, len: u64) -> io::Result<&[u8]> {
        let is_there = at >= self.at && at + count as u64 <= self.at + self.block.len() as u64;
        if !is_there {
            let left = usize::try_from(len - at).unwrap_or(usize::MAX);
            self.block.resize(count.max(BLOCK).min(left), 0);
            self.at = at;
            if let Err(error) = file.read_exact_at(&mut self.block, at) {
                self.block.clear();
                return Err(error);
            }
        }
        let start = (at - self.at) as usize;
        Ok(self.block.get(start..start + count).unwrap_or_default())
    }
}

/// What reading a segment from one place to its end gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    /// Whole records that were passed.
    pub(super) events: u64,
    /// Bytes they take.
    pub(super) bytes: u64,
    /// What the last one says.
    pub(super) last: Option<Head>,
    /// Where it stopped: at the end, at a damaged record, or at the first record whose number is too high.
    pub(super) end: u64,
    /// It stopped at the end.
    pub(super) is_whole: bool,
}

/// Passes whole records from the start of a segment with `len` bytes, as long as their numbers rise and are at most `up_to`.
pub(super) fn scan(file: &File, header: Header, len: u64, up_to: u64) -> io::Result<Scan> {
    let mut reader = BlockReader::default();
    let mut numbers = header.first..=up_to;
    let mut scan = Scan {
        events: 0,
        bytes: 0,
        last: None,
        end: HEADER,
        is_whole: false,
    };
    loop {
        let body = match reader.record(file, header.salt, scan.end, len)? {
            Found::Body(body) => body,
            Found::Damaged { .. } => return Ok(scan),
            Found::End => {
                scan.is_whole = true;
                return Ok(scan);
            }
        };
        let Some(head) = read_head(body).ok().filter(|head| numbers.contains(&head.number)) else {
            return Ok(scan);
        };
        let size = (FRAME + body.len()) as u64;
        numbers = head.number.saturating_add(1)..=up_to;
        scan.events += 1;
        scan.bytes += size;
        scan.last = Some(head);
        scan.end += size;
    }
}
