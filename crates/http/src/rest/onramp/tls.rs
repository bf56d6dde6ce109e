//! The record `tls` of an onramp (spec/proxy.md 2.13).

use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_value::Str;

use crate::rest::tls_settings::{file, min_version, reload, required_file};
use crate::tls::{Alpn, CertificateSettings, ClientAuth, DefaultCertificate, ServerSettings, is_pattern};

/// Reads the record. `with_http2`: whether HTTP/2 may be offered.
pub(super) fn read(mut reader: ConfigReader<'_>, with_http2: bool) -> Result<ServerSettings, ConfigError> {
    let client = reader.optional("client")?.map(read_client).transpose()?;
    let records: Vec<ConfigReader<'_>> = reader.required("certificates")?;
    if records.is_empty() {
        return Err(reader.error("certificates", "`certificates` names none"));
    }
    let certificates = records
        .into_iter()
        .map(|record| read_certificate(record, client.as_ref()))
        .collect::<Result<_, _>>()?;
    let settings = ServerSettings {
        certificates,
        default: read_default(&mut reader)?,
        min_version: min_version(&mut reader)?,
        alpn: read_alpn(&mut reader, with_http2)?,
        reload: reload(&mut reader)?,
        tickets: reader.or("tickets", true)?,
    };
    reader.finish_closed()?;
    Ok(settings)
}

/// An entry may ask of clients what the others do not; what it does not say is as for all.
fn read_certificate(mut record: ConfigReader<'_>, client: Option<&ClientAuth>) -> Result<CertificateSettings, ConfigError> {
    let own = record.optional("client")?.map(read_client).transpose()?;
    let names: Option<Vec<Str>> = record.optional("names")?;
    if let Some(names) = &names {
        if names.is_empty() {
            return Err(record.error(
                "names",
                "`names` names nothing; without the key the names in the certificate count",
            ));
        }
        if let Some(bad) = names.iter().find(|name| !is_pattern(name)) {
            return Err(record.error("names", format!("`{bad}` is no host name, and no `*.` before one")));
        }
    }
    let settings = CertificateSettings {
        cert: required_file(&mut record, "cert")?,
        key: required_file(&mut record, "key")?,
        names: names.map(|names| names.iter().map(ToString::to_string).collect()),
        client: own.or_else(|| client.cloned()),
    };
    record.finish_closed()?;
    Ok(settings)
}

fn read_client(mut record: ConfigReader<'_>) -> Result<ClientAuth, ConfigError> {
    let mode: Str = record.required("mode")?;
    let is_required = match mode.as_str() {
        "required" => true,
        "optional" => false,
        other => return Err(record.error("mode", format!("`mode` is `optional` or `required`, not `{other}`"))),
    };
    let client = ClientAuth {
        is_required,
        ca: required_file(&mut record, "ca")?,
        crl: file(&mut record, "crl")?,
    };
    record.finish_closed()?;
    Ok(client)
}

fn read_default(reader: &mut ConfigReader<'_>) -> Result<DefaultCertificate, ConfigError> {
    let given: Option<Str> = reader.optional("default")?;
    Ok(match given.as_deref() {
        None | Some("first") => DefaultCertificate::First,
        Some("none") => DefaultCertificate::None,
        Some(name) => DefaultCertificate::Name(name.to_owned()),
    })
}

fn read_alpn(reader: &mut ConfigReader<'_>, with_http2: bool) -> Result<Vec<Alpn>, ConfigError> {
    let given: Option<Vec<Str>> = reader.optional("alpn")?;
    let wanted = match given {
        None => vec![Alpn::H2, Alpn::Http11],
        Some(names) => {
            let known = |name: &Str| {
                [Alpn::H2, Alpn::Http11]
                    .into_iter()
                    .find(|known| known.name() == name.as_str())
            };
            let protocols: Result<Vec<Alpn>, &Str> = names.iter().map(|name| known(name).ok_or(name)).collect();
            protocols.map_err(|name| reader.error("alpn", format!("`alpn` lists `h2` and `http/1.1`, not `{name}`")))?
        }
    };
    let offered: Vec<Alpn> = wanted
        .into_iter()
        .filter(|protocol| with_http2 || *protocol != Alpn::H2)
        .collect();
    if offered.is_empty() {
        return Err(reader.error("alpn", "`alpn` leaves no protocol that this onramp speaks"));
    }
    Ok(offered)
}

#[cfg(test)]
mod tests;
