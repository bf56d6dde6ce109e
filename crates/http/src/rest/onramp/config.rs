//! Configuration of a `rest` onramp (spec/artefacts.md 3.1, spec/proxy.md 1.4, 1.6 and 2.2 to 2.5).

use std::num::NonZeroUsize;
use std::time::Duration;

use temblor_runtime::config::{AccessLog, Addresses, ConfigError, ConfigReader};
use temblor_value::Str;

use super::answers::Answers;
use super::proxy::ProxySettings;
use super::tls;
use crate::limits::ServerLimits;
use crate::rest::settings::{always_encode, count_limit, refuse_absent, size, size_limit, time_limit, upgrades};
use crate::server::{Http2Settings, ServerConfig};
use crate::timeouts::ServerTimeouts;
use crate::tls::ServerSettings;

/// Settings of the specification that this release does not have.
const ABSENT: &[&str] = &["request_id", "deadline", "compress", "access"];
/// A connection's window cannot be made smaller than it is at its beginning (RFC 9113 6.9.2).
const LEAST_CONNECTION_WINDOW: usize = 65_535;
/// Largest window (RFC 9113 6.9.1).
const MAX_WINDOW: u32 = (1 << 31) - 1;
const DEFAULT_REPLY: Duration = Duration::from_mins(5);
const DEFAULT_BUFFER: u64 = 256 << 20;
const DEFAULT_EXCHANGES: u32 = 64;

/// What happens to the work for a client that went away (spec/proxy.md 1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cancel {
    /// Exchanges with a safe method end, others run on.
    Auto,
    /// Everything runs on.
    Never,
    /// Every exchange ends.
    Always,
}

/// See the module's documentation.
pub(super) struct OnrampConfig {
    /// Name or address to bind.
    pub host: Str,
    /// Port to bind.
    pub port: u16,
    /// Settings of connections.
    pub server: ServerConfig,
    /// Certificates; `None`: no TLS.
    pub tls: Option<ServerSettings>,
    /// The protocols that are spoken, the preferred one first; for `explain`.
    pub protocols: Vec<&'static str>,
    /// Whose connections begin with a PROXY header.
    pub proxies: Option<Addresses>,
    /// Largest body that is held in memory; `None`: no limit.
    pub buffer: Option<u64>,
    /// Upstream exchanges that one request may cause; 0: no limit.
    pub exchanges: u32,
    /// Time from the head to the reply; `None`: no limit.
    pub reply: Option<Duration>,
    /// A reply that carries several requests answers all of them.
    pub answer_merged: bool,
    /// What happens when the client goes.
    pub cancel: Cancel,
    /// Events carry `$client`.
    pub expose: bool,
    /// What requests are told about their way; `None`: nothing is added.
    pub proxy: Option<ProxySettings>,
    /// The access log; `None`: that of the process, if it has one.
    pub access_log: Option<AccessLog>,
    /// Other answers of our own.
    pub answers: Answers,
    /// Protocols that clients may ask to switch to, in lower case.
    pub upgrade: Vec<Str>,
    /// Check bodies that no program reads.
    pub validate: bool,
    /// Encode replies even if nobody replaced them.
    pub always_encode: bool,
}

impl OnrampConfig {
    /// Reads the record.
    pub(super) fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        refuse_absent(&reader, ABSENT)?;
        let mut server = ServerConfig {
            server_header: reader.or("server_header", Str::from_static("Tremor"))?.to_string(),
            half_close: reader.or("half_close", false)?,
            early_hints: reader.or("early_hints", true)?,
            ..ServerConfig::default()
        };
        if !server.server_header.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
            return Err(reader.error("server_header", "the text cannot be sent in a header"));
        }
        let (buffer, exchanges) = match reader.optional("limits")? {
            Some(limits) => read_limits(limits, &mut server.limits)?,
            None => (Some(DEFAULT_BUFFER), DEFAULT_EXCHANGES),
        };
        let reply = time_limit(&mut reader, "timeout", Some(DEFAULT_REPLY))?;
        let reply = match reader.optional("timeouts")? {
            Some(timeouts) => read_timeouts(timeouts, &mut server.timeouts, reply)?,
            None => reply,
        };
        let has_http2 = match reader.optional("http2")? {
            Some(record) => read_http2(record, &mut server.http2)?,
            None => true,
        };
        let tls: Option<ServerSettings> = reader
            .optional("tls")?
            .map(|record| tls::read(record, has_http2))
            .transpose()?;
        let upgrade = upgrades(&mut reader)?;
        server.http2.extended_connect = !upgrade.is_empty();
        let config = Self {
            protocols: match &tls {
                Some(tls) => tls.alpn.iter().map(|protocol| protocol.name()).collect(),
                None if server.http2.cleartext => vec!["http/1.1", "h2"],
                None => vec!["http/1.1"],
            },
            host: reader.or("host", Str::from_static("0.0.0.0"))?,
            port: reader.or("port", 8000)?,
            server,
            tls,
            proxies: reader.optional("proxy_protocol")?.map(read_proxies).transpose()?,
            buffer,
            exchanges,
            reply,
            answer_merged: reader.or("answer_merged", false)?,
            cancel: read_cancel(&mut reader)?,
            expose: reader.or("expose", false)?,
            proxy: reader.optional("proxy")?.map(ProxySettings::read).transpose()?,
            access_log: reader.optional("access_log")?.map(AccessLog::read).transpose()?,
            answers: reader
                .optional("answers")?
                .map(Answers::read)
                .transpose()?
                .unwrap_or_default(),
            upgrade,
            validate: reader.or("validate", true)?,
            always_encode: always_encode(&mut reader)?,
        };
        for warning in reader.finish_open() {
            tracing::warn!(target: "tremor_runtime::onramp", "{warning}");
        }
        Ok(config)
    }
}

fn read_limits(mut reader: ConfigReader<'_>, limits: &mut ServerLimits) -> Result<(Option<u64>, u32), ConfigError> {
    limits.target = size(&mut reader, "target", limits.target)?;
    limits.head = size(&mut reader, "head", limits.head)?;
    limits.trailers = size(&mut reader, "trailers", limits.trailers)?;
    limits.headers = reader.or("headers", limits.headers)?;
    if limits.headers == 0 {
        return Err(reader.error("headers", "`headers` cannot be 0"));
    }
    limits.body = size_limit(&mut reader, "body", None)?;
    limits.connections = reader.or("connections", 0).map(NonZeroUsize::new)?;
    limits.requests_per_connection = count_limit(&mut reader, "requests_per_connection")?.map(std::num::NonZero::get);
    limits.tunnels = count_limit(&mut reader, "tunnels")?.map(std::num::NonZero::get);
    let buffer = size_limit(&mut reader, "buffer", Some(DEFAULT_BUFFER))?;
    let exchanges = reader.or("exchanges", DEFAULT_EXCHANGES)?;
    reader.finish_closed()?;
    Ok((buffer, exchanges))
}

fn read_timeouts(
    mut reader: ConfigReader<'_>,
    timeouts: &mut ServerTimeouts,
    reply: Option<Duration>,
) -> Result<Option<Duration>, ConfigError> {
    timeouts.handshake = time_limit(&mut reader, "handshake", timeouts.handshake)?;
    timeouts.head = time_limit(&mut reader, "head", timeouts.head)?;
    timeouts.body = time_limit(&mut reader, "body", timeouts.body)?;
    timeouts.keep_alive = time_limit(&mut reader, "keep_alive", timeouts.keep_alive)?;
    timeouts.write = time_limit(&mut reader, "write", timeouts.write)?;
    timeouts.connection_age = time_limit(&mut reader, "connection_age", None)?;
    timeouts.tunnel = time_limit(&mut reader, "tunnel", timeouts.tunnel)?;
    let reply = time_limit(&mut reader, "reply", reply)?;
    reader.finish_closed()?;
    Ok(reply)
}

/// The record `http2` (spec/proxy.md 2.12); whether HTTP/2 is spoken.
fn read_http2(mut reader: ConfigReader<'_>, http2: &mut Http2Settings) -> Result<bool, ConfigError> {
    let is_enabled = reader.or("enabled", true)?;
    http2.cleartext = reader.or("cleartext", false)?;
    if http2.cleartext && !is_enabled {
        return Err(reader.error("cleartext", "`cleartext` asks for what `enabled: false` forbids"));
    }
    http2.max_streams = reader.or("max_streams", http2.max_streams)?;
    if http2.max_streams == 0 {
        return Err(reader.error("max_streams", "`max_streams` cannot be 0"));
    }
    http2.stream_window = window(&mut reader, "stream_window", 1, http2.stream_window)?;
    http2.connection_window = window(
        &mut reader,
        "connection_window",
        LEAST_CONNECTION_WINDOW,
        http2.connection_window,
    )?;
    http2.ping = time_limit(&mut reader, "ping", None)?;
    reader.finish_closed()?;
    Ok(is_enabled)
}

fn window(reader: &mut ConfigReader<'_>, key: &'static str, least: usize, default: u32) -> Result<u32, ConfigError> {
    let bytes = size(reader, key, default as usize)?;
    match u32::try_from(bytes) {
        Ok(window) if bytes >= least && window <= MAX_WINDOW => Ok(window),
        _ => Err(reader.error(key, format!("`{key}` is {least} to {MAX_WINDOW} bytes"))),
    }
}

/// The record `proxy_protocol` (spec/proxy.md 2.14).
fn read_proxies(mut reader: ConfigReader<'_>) -> Result<Addresses, ConfigError> {
    let from = reader.required("from")?;
    reader.finish_closed()?;
    Ok(from)
}

fn read_cancel(reader: &mut ConfigReader<'_>) -> Result<Cancel, ConfigError> {
    let given: Option<Str> = reader.optional("cancel")?;
    match given.as_deref() {
        None | Some("auto") => Ok(Cancel::Auto),
        Some("never") => Ok(Cancel::Never),
        Some("always") => Ok(Cancel::Always),
        Some(other) => Err(reader.error("cancel", format!("`cancel` is `auto`, `never` or `always`, not `{other}`"))),
    }
}

#[cfg(test)]
mod tests;
