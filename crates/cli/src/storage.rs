//! The storage directory: after every change a snapshot of the configuration (spec/runtime.md 3.5). Nothing reads it back.
//!
//! Invariants: a file under the name of a snapshot is whole; the newest name has the newest configuration.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use temblor_codec::codec;
use temblor_runtime::clock::now_ns;
use temblor_value::Value;

/// Configurations may have passwords.
const OWNER_ONLY: u32 = 0o600;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Storage {
    directory: PathBuf,
    /// Held from the look at the configuration until the disk has it.
    writing: Mutex<()>,
}

impl Storage {
    /// Snapshots go to `directory`, which has to be there by then.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            writing: Mutex::new(()),
        }
    }

    /// Writes a snapshot and waits until the disk has it. May wait for the disk.
    ///
    /// # Errors
    /// The text for the user.
    pub(crate) fn write(&self, snapshot: impl FnOnce() -> Value) -> Result<(), String> {
        let _writing = self.writing.lock();
        let path = self.directory.join(format!("config_{}.yaml", now_ns()));
        let failed = |error: &dyn std::fmt::Display| format!("cannot write `{}`: {error}", path.display());
        let mut text = Vec::new();
        if let Some(yaml) = codec("yaml") {
            yaml.encode(&snapshot(), &mut text).map_err(|error| failed(&error))?;
        }
        let unfinished = path.with_extension("unfinished");
        let written = write_whole(&unfinished, &text)
            .and_then(|()| fs::rename(&unfinished, &path))
            .and_then(|()| File::open(&self.directory)?.sync_all());
        written.map_err(|error| {
            // What is left of it is in nobody's way if this fails too.
            let _ = fs::remove_file(&unfinished);
            failed(&error)
        })
    }
}

fn write_whole(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}
