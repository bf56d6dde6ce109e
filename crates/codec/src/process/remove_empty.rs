//! `remove-empty`: drops messages without content (formats.md 5).

use bytes::Bytes;

use super::Preprocessor;
use crate::ProcessError;

pub(super) const NAME: &str = "remove-empty";

#[derive(Debug)]
pub(super) struct RemoveEmpty;

impl Preprocessor for RemoveEmpty {
    fn name(&self) -> &'static str {
        NAME
    }

    fn process(&mut self, chunk: Bytes, _ingest_ns: &mut u64, out: &mut Vec<Bytes>) -> Result<(), ProcessError> {
        if !chunk.is_empty() {
            out.push(chunk);
        }
        Ok(())
    }
}
