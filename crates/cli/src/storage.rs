//! The storage directory: after every change a snapshot of the configuration (spec/runtime.md 3.5). Nothing reads it back.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use temblor_codec::codec;
use temblor_runtime::clock::now_ns;
use temblor_value::Value;

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct Storage(PathBuf);

impl Storage {
    /// Snapshots go to `directory`, which has to be there by then.
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// Writes a snapshot and waits until the disk has it. May wait for the disk.
    ///
    /// # Errors
    /// The text for the user.
    pub(crate) fn write(&self, snapshot: &Value) -> Result<(), String> {
        let path = self.0.join(format!("config_{}.yaml", now_ns()));
        let failed = |error: &dyn std::fmt::Display| format!("cannot write `{}`: {error}", path.display());
        let mut text = Vec::new();
        if let Some(yaml) = codec("yaml") {
            yaml.encode(snapshot, &mut text).map_err(|error| failed(&error))?;
        }
        let written = File::create_new(&path).and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()
        });
        written.map_err(|error| failed(&error))
    }
}
