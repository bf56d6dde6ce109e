//! Files of removed segments, which are written again instead of new ones.
//!
//! Writing over what a file has costs the system a third of what making new pages and blocks for it does. A segment that is removed becomes
//! `NUMBER.spare`; a new segment takes such a file: first its header (`segment::begin`) is written, then the file gets the segment's name. So a
//! process may be killed at any point: a `.spare` file never holds an event, and a `.log` file begins with its own header. Of a stopping machine the
//! name may reach the disk without the header or the other way round, as long as neither was written through; then the file is put aside at the
//! next start, and what it held was not written through either.
//!
//! At most [`MOST`] files are kept, and none that is much larger than a segment.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::segment::{self, Header};

/// Files that are kept.
const MOST: usize = 4;
const EXTENSION: &str = "spare";

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Spares {
    dir: PathBuf,
    /// Numbers of the segments they were.
    firsts: Vec<u64>,
    /// Length of a file that is not kept, in bytes.
    too_large: u64,
}

/// The number of the segment that a kept file was; `None`: its name is not that of one.
pub(super) fn first_of(name: &str) -> Option<u64> {
    let stem = name.strip_suffix(EXTENSION)?;
    segment::first_of(&format!("{stem}log"))
}

impl Spares {
    /// None yet, in the folder of a log whose segments have about `segment_bytes`.
    pub(super) fn new(dir: &Path, segment_bytes: u64) -> Self {
        Self {
            dir: dir.to_owned(),
            firsts: Vec::new(),
            too_large: segment_bytes.saturating_mul(2),
        }
    }

    /// Keeps, or removes, a file that an earlier process kept.
    pub(super) fn find(&mut self, first: u64) -> io::Result<()> {
        let path = self.path(first);
        if self.has_room(&path)? {
            self.firsts.push(first);
            Ok(())
        } else {
            fs::remove_file(&path)
        }
    }

    /// Removes a segment from the log.
    pub(super) fn take(&mut self, first: u64) -> io::Result<()> {
        let path = segment::path(&self.dir, first);
        if self.has_room(&path)? {
            fs::rename(&path, self.path(first))?;
            self.firsts.push(first);
            Ok(())
        } else {
            fs::remove_file(&path)
        }
    }

    /// Makes an empty segment, in a kept file if there is one.
    pub(super) fn begin(&mut self, header: Header) -> io::Result<File> {
        while let Some(first) = self.firsts.pop() {
            let path = self.path(first);
            match self.reuse(&path, header) {
                Ok(file) => return Ok(file),
                // It is gone already, or cannot be removed either; a new file does as well.
                Err(_) => drop(fs::remove_file(&path)),
            }
        }
        segment::create(&self.dir, header)
    }

    fn reuse(&self, path: &Path, header: Header) -> io::Result<File> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        segment::begin(&file, header)?;
        fs::rename(path, segment::path(&self.dir, header.first))?;
        Ok(file)
    }

    fn has_room(&self, path: &Path) -> io::Result<bool> {
        Ok(self.firsts.len() < MOST && fs::metadata(path)?.len() < self.too_large)
    }

    fn path(&self, first: u64) -> PathBuf {
        segment::path(&self.dir, first).with_extension(EXTENSION)
    }
}
