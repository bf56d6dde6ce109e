//! Unknown keys of `config` have no effect (spec/artefacts.md 1.1); those near a known one are probably mistakes.

use temblor_runtime::config::ConfigReader;

/// Ends the reading of a record.
pub(crate) fn warn(reader: ConfigReader<'_>) {
    for warning in reader.finish_open() {
        tracing::warn!(target: "tremor_runtime::config", "{warning}");
    }
}
