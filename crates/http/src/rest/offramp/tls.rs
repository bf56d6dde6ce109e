//! The record `tls` of an offramp (spec/proxy.md 2.13, last item).

use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_value::Str;

use crate::rest::tls_settings::{file, min_version, reload, required_file};
use crate::tls::{Alpn, ClientSettings, MinVersion, is_server_name};

/// What an offramp without the record does where the scheme is `https`.
pub(super) fn usual() -> ClientSettings {
    ClientSettings {
        ca: None,
        identity: None,
        server_name: None,
        verify: true,
        min_version: MinVersion::default(),
        alpn: vec![Alpn::Http11],
        reload: None,
    }
}

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
        ..usual()
    };
    reader.finish_closed()?;
    Ok(settings)
}

#[cfg(test)]
mod tests;
