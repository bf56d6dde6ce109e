//! The record `tls` of an offramp (spec/proxy.md 2.13, last item).

use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_value::Str;

use crate::rest::tls_settings::{file, min_version, reload, required_file};
use crate::tls::{ClientSettings, is_server_name};
use crate::upstream::Speaks;

/// Reads the record.
pub(super) fn read(mut reader: ConfigReader<'_>) -> Result<ClientSettings, ConfigError> {
    let identity = match (reader.contains("cert"), reader.contains("key")) {
        (false, false) => None,
        _ => Some((required_file(&mut reader, "cert")?, required_file(&mut reader, "key")?)),
    };
    let server_name: Option<Str> = reader.optional("server_name")?;
    if let Some(name) = &server_name
        && !is_server_name(name)
    {
        return Err(reader.error("server_name", format!("`{name}` is no host name and no address")));
    }
    let settings = ClientSettings {
        ca: file(&mut reader, "ca")?,
        identity,
        server_name: server_name.map(|name| name.to_string()),
        verify: reader.or("verify", true)?,
        min_version: min_version(&mut reader)?,
        reload: reload(&mut reader)?,
    };
    reader.finish_closed()?;
    Ok(settings)
}

/// `protocol`: which HTTP is spoken (spec/proxy.md 2.11).
pub(super) fn protocol(reader: &mut ConfigReader<'_>) -> Result<Speaks, ConfigError> {
    let given: Option<Str> = reader.optional("protocol")?;
    match given.as_deref() {
        None | Some("auto") => Ok(Speaks::Auto),
        Some("http1") => Ok(Speaks::Http1),
        Some("http2") => Ok(Speaks::Http2),
        Some(other) => Err(reader.error("protocol", format!("`protocol` is `auto`, `http1` or `http2`, not `{other}`"))),
    }
}

#[cfg(test)]
mod tests;
