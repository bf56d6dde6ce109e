//! The file that holds the number confirmed last: 8 bytes, then the CRC-32 of them.
//!
//! It is written in place with every confirmation. What a stopping machine leaves of it may be old or torn: then more is delivered again,
//! and nothing is lost.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// Name of the file.
pub(super) const NAME: &str = "confirmed";
const LEN: usize = 12;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Confirmed {
    file: Arc<File>,
    number: Option<u64>,
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
        let number = if file.metadata()?.len() == 0 {
            None
        } else {
            read(&file, &path)?
        };
        Ok(Self {
            file: Arc::new(file),
            number,
        })
    }

    pub(super) fn number(&self) -> Option<u64> {
        self.number
    }

    pub(super) fn file(&self) -> &Arc<File> {
        &self.file
    }

    pub(super) fn set(&mut self, number: u64) -> io::Result<()> {
        self.file.write_all_at(&to_bytes(number), 0)?;
        self.number = Some(number);
        Ok(())
    }
}

fn to_bytes(number: u64) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    let number = number.to_le_bytes();
    let sum = crc32fast::hash(&number).to_le_bytes();
    for (to, from) in bytes.iter_mut().zip(number.into_iter().chain(sum)) {
        *to = from;
    }
    bytes
}

fn read(file: &File, path: &Path) -> io::Result<Option<u64>> {
    let mut bytes = [0; LEN];
    match file.read_exact_at(&mut bytes, 0) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => bytes = [0; LEN],
        Err(error) => return Err(error),
    }
    let number = bytes.first_chunk().map(|number| u64::from_le_bytes(*number));
    let number = number.filter(|number| to_bytes(*number) == bytes);
    if number.is_none() {
        tracing::warn!(
            target: "tremor_runtime::wal",
            "`{}` is damaged: events that were confirmed may be delivered again",
            path.display()
        );
    }
    Ok(number)
}
