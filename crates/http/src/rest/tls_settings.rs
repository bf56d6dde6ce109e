//! What the records `tls` of onramp and offramp have in common (spec/proxy.md 2.13).

use std::path::PathBuf;
use std::time::Duration;

use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_value::Str;

use super::settings::time_limit;
use crate::tls::MinVersion;

const DEFAULT_RELOAD: Duration = Duration::from_mins(1);

/// `min_version`, as text or as a number.
pub(super) fn min_version(reader: &mut ConfigReader<'_>) -> Result<MinVersion, ConfigError> {
    let given: Option<Str> = reader.optional("min_version")?;
    match given.as_deref() {
        None | Some("1.2") => Ok(MinVersion::Tls12),
        Some("1.3") => Ok(MinVersion::Tls13),
        Some(other) => Err(reader.error("min_version", format!("`min_version` is `1.2` or `1.3`, not `{other}`"))),
    }
}

/// `reload`; `None`: only when asked.
pub(super) fn reload(reader: &mut ConfigReader<'_>) -> Result<Option<Duration>, ConfigError> {
    time_limit(reader, "reload", Some(DEFAULT_RELOAD))
}

/// The path of a file that may be missing from the record.
pub(super) fn file(reader: &mut ConfigReader<'_>, key: &'static str) -> Result<Option<PathBuf>, ConfigError> {
    let given: Option<Str> = reader.optional(key)?;
    Ok(given.map(|path| PathBuf::from(path.as_str())))
}

/// The path of a file that must be named.
pub(super) fn required_file(reader: &mut ConfigReader<'_>, key: &'static str) -> Result<PathBuf, ConfigError> {
    let given: Str = reader.required(key)?;
    Ok(PathBuf::from(given.as_str()))
}
