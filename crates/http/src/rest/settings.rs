//! Settings that onramp and offramp have in common.

use std::num::NonZeroU64;
use std::time::Duration;

use temblor_runtime::config::{ByteSize, ConfigError, ConfigReader};
use temblor_value::Str;

use crate::message::class::is_token;

/// A duration for which zero means no limit.
pub(super) fn time_limit(
    reader: &mut ConfigReader<'_>,
    key: &'static str,
    default: Option<Duration>,
) -> Result<Option<Duration>, ConfigError> {
    let given: Option<Duration> = reader.optional(key)?;
    Ok(given.map_or(default, |time| (!time.is_zero()).then_some(time)))
}

/// A size for which zero means no limit.
pub(super) fn size_limit(
    reader: &mut ConfigReader<'_>,
    key: &'static str,
    default: Option<u64>,
) -> Result<Option<u64>, ConfigError> {
    let given: Option<ByteSize> = reader.optional(key)?;
    Ok(given.map_or(default, |ByteSize(bytes)| (bytes != 0).then_some(bytes)))
}

/// A size that cannot be unlimited.
pub(super) fn size(reader: &mut ConfigReader<'_>, key: &'static str, default: usize) -> Result<usize, ConfigError> {
    let given: Option<ByteSize> = reader.optional(key)?;
    match given {
        None => Ok(default),
        Some(ByteSize(0)) => Err(reader.error(key, format!("`{key}` cannot be 0"))),
        Some(ByteSize(bytes)) => Ok(bytes as usize),
    }
}

/// A number for which zero means no limit.
pub(super) fn count_limit(reader: &mut ConfigReader<'_>, key: &'static str) -> Result<Option<NonZeroU64>, ConfigError> {
    let given: Option<u64> = reader.optional(key)?;
    Ok(given.and_then(NonZeroU64::new))
}

/// Refuses settings whose feature this release does not have: passing them over would change what a deployment means.
pub(super) fn refuse_absent(reader: &ConfigReader<'_>, absent: &[&str]) -> Result<(), ConfigError> {
    match absent.iter().find(|key| reader.contains(key)) {
        Some(key) => Err(reader.error(key, format!("the setting `{key}` is not in this release"))),
        None => Ok(()),
    }
}

/// `encode: original` or `always`; true for `always`.
pub(super) fn always_encode(reader: &mut ConfigReader<'_>) -> Result<bool, ConfigError> {
    let given: Option<Str> = reader.optional("encode")?;
    match given.as_deref() {
        None | Some("original") => Ok(false),
        Some("always") => Ok(true),
        Some(other) => Err(reader.error("encode", format!("`encode` is `original` or `always`, not `{other}`"))),
    }
}

/// `upgrade`: protocols that connections may be switched to, in lower case.
pub(super) fn upgrades(reader: &mut ConfigReader<'_>) -> Result<Vec<Str>, ConfigError> {
    let given: Vec<Str> = reader.or("upgrade", Vec::new())?;
    match given.iter().find(|name| !is_token(name.as_bytes())) {
        Some(name) => Err(reader.error("upgrade", format!("`{name}` is no name of a protocol"))),
        None => Ok(given.iter().map(|name| Str::from(name.to_ascii_lowercase())).collect()),
    }
}
