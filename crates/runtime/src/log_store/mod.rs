//! Write-ahead logs on disk: the store behind `qos::wal` with a `dir` (spec/operators-and-flow.md B.9).
//!
//! A folder holds segments (`segment`) of records (`record`, `value`), files that were segments (`spare`), the number confirmed last (`confirmed`)
//! and a lock, so that one log at a time uses it. An event is stored when the operating system has its record; `sync` writes it through to the disk. Opening (`open`)
//! looks at the ends of the log only. Must not know: operators, what a confirmation means, the network.

mod confirmed;
mod disk;
mod open;
pub mod record;
mod segment;
mod spare;
mod sync;
#[cfg(test)]
mod tests;
mod value;

use std::path::Path;

use temblor_pipeline::op::wal::{LogError, LogStore, LogStores, SyncPolicy};

use self::open::Options;
pub use self::value::Malformed;

/// Size of a segment. Two of them are read at a start, and at most one of them is kept for a single event. Small enough that those which take
/// turns stay in the processor's cache, and little is left to be written through.
const SEGMENT_BYTES: u64 = 2 << 20;

/// Logs in folders.
#[derive(Clone, Copy, Debug)]
pub struct LogFolders;

impl LogStores for LogFolders {
    fn open(&self, dir: &str, sync: SyncPolicy) -> Result<Box<dyn LogStore>, LogError> {
        let options = Options {
            sync,
            segment_bytes: SEGMENT_BYTES,
        };
        let log = open::open(Path::new(dir), options)?;
        let (count, bytes) = (log.count(), log.bytes());
        if count > 0 {
            tracing::info!(target: "tremor_runtime::wal", "{count} events ({bytes} bytes) wait in the log in `{dir}`");
        }
        Ok(Box::new(log))
    }
}
