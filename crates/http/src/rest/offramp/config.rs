//! Configuration of a `rest` offramp (spec/artefacts.md 4.1, spec/proxy.md 2.2, 2.3, 2.6, 2.11, 2.15, 4.9 and 4.10).

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use temblor_runtime::config::{ConfigError, ConfigReader, Field, FromConfig, Pairs, Statuses};
use temblor_value::{Str, Value};

use super::endpoint::Endpoint;
use super::health::HealthSettings;
use super::slots::Order;
use super::tls;
use crate::message::Method;
use crate::rest::settings::{always_encode, count_limit, refuse_absent, size, size_limit, time_limit, upgrades};
use crate::timeouts::AttemptTimeouts;
use crate::tls::ClientSettings;
use crate::upstream::{Family, UpstreamConfig};

/// Settings of the specification that this release does not have.
const ABSENT: &[&str] = &["deadline_header", "deadline_margin", "send_proxy", "access", "auth"];
const DEFAULT_BUFFER: u64 = 256 << 20;
const DEFAULT_CONCURRENCY: usize = 4;

/// Which `host` field upstreams get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HostHeader {
    /// That of the endpoint.
    Endpoint,
    /// That which the client sent.
    Client,
    /// A fixed text.
    Text(Str),
}

/// Which statuses error events carry (spec/proxy.md 2.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorStatus {
    /// As tremor 0.11.
    Compat,
    /// As a gateway.
    Gateway,
}

/// What is done about content codings of responses (spec/proxy.md 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decompress {
    /// Decode what a program reads.
    Auto,
    /// Decode everything.
    Always,
    /// Decode nothing.
    Never,
}

/// How events wait for a slot (spec/proxy.md 4.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct QueueConfig {
    /// Events that wait at most.
    pub size: NonZeroU32,
    /// How long each waits at most; `None`: until its request's deadline.
    pub timeout: Option<Duration>,
    /// Which is served next.
    pub order: Order,
    /// Waiting counts as time of the attempt.
    pub is_counted: bool,
}

/// See the module's documentation.
pub(super) struct OfframpConfig {
    /// Where requests go unless the event says otherwise.
    pub endpoint: Endpoint,
    /// Method of events that name none.
    pub method: Method,
    /// Fields of every request.
    pub headers: Vec<(Str, Str)>,
    /// Requests under way at most.
    pub concurrency: usize,
    /// How events wait that find no slot; `None`: they are refused.
    pub queue: Option<QueueConfig>,
    /// Which `host` field is sent.
    pub host_header: HostHeader,
    /// Statuses of error events.
    pub error_status: ErrorStatus,
    /// Statuses that count as failure.
    pub failure: Statuses,
    /// Largest response body that is held in memory; `None`: no limit.
    pub buffer: Option<u64>,
    /// Time limits of an attempt.
    pub timeouts: AttemptTimeouts,
    /// Settings of connections.
    pub upstream: UpstreamConfig,
    /// Connections opened in advance, over all workers.
    pub warm: usize,
    /// How TLS is spoken where the scheme is `https`.
    pub tls: ClientSettings,
    /// `$upstream` of events is read and written.
    pub expose: bool,
    /// Check bodies that no program reads.
    pub validate: bool,
    /// Encode requests even if nobody replaced them.
    pub always_encode: bool,
    /// What is done about content codings.
    pub decompress: Decompress,
    /// Protocols that requests may ask to switch to, in lower case.
    pub upgrade: Vec<Str>,
    /// Tunnels open at a time; `None`: no limit.
    pub tunnels: Option<NonZeroU64>,
    /// How the endpoint is probed; `None`: it is not.
    pub health: Option<HealthSettings>,
}

impl OfframpConfig {
    /// Reads the record.
    pub(super) fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        refuse_absent(&reader, ABSENT)?;
        let mut upstream = UpstreamConfig::default();
        let mut timeouts = AttemptTimeouts {
            total: time_limit(&mut reader, "timeout", None)?,
            ..AttemptTimeouts::default()
        };
        if let Some(record) = reader.optional("timeouts")? {
            read_timeouts(record, &mut timeouts, &mut upstream)?;
        }
        let warm = match reader.optional("pool")? {
            Some(record) => read_pool(record, &mut upstream)?,
            None => 0,
        };
        if let Some(record) = reader.optional("resolve")? {
            read_resolve(record, &mut upstream)?;
        }
        let (buffer, tunnels) = match reader.optional("limits")? {
            Some(record) => read_limits(record, &mut upstream)?,
            None => (Some(DEFAULT_BUFFER), None),
        };
        upstream.speaks = tls::protocol(&mut reader)?;
        let Pairs(headers) = reader.or("headers", Pairs::<Str>(Vec::new()))?;
        let endpoint = read_endpoint(&mut reader)?;
        if warm > 0 && endpoint.resolve().is_err() {
            return Err(reader.error(
                "pool",
                "`warm` opens connections to the configured endpoint, and here is none",
            ));
        }
        let health = reader.optional("health")?;
        let config = Self {
            health: health.map(|record| HealthSettings::read(record, &endpoint)).transpose()?,
            endpoint,
            method: read_method(&mut reader)?,
            headers,
            concurrency: read_concurrency(&mut reader)?,
            queue: reader.optional("queue")?.map(read_queue).transpose()?,
            host_header: read_host_header(&mut reader)?,
            error_status: read_error_status(&mut reader)?,
            failure: read_failure(&mut reader)?,
            buffer,
            timeouts,
            upstream,
            warm,
            tls: reader.optional("tls")?.map(tls::read).transpose()?.unwrap_or_default(),
            expose: reader.or("expose", false)?,
            validate: reader.or("validate", true)?,
            always_encode: always_encode(&mut reader)?,
            decompress: read_decompress(&mut reader)?,
            upgrade: upgrades(&mut reader)?,
            tunnels,
        };
        for warning in reader.finish_open() {
            tracing::warn!(target: "tremor_runtime::offramp", "{warning}");
        }
        Ok(config)
    }
}

fn read_endpoint(reader: &mut ConfigReader<'_>) -> Result<Endpoint, ConfigError> {
    let old = reader.optional::<&Value>("endpoints")?;
    match reader.optional::<&Value>("endpoint")? {
        None => old.map_or(Ok(Endpoint::default()), |list| read_old_endpoints(reader, list)),
        Some(Value::Object(_)) => {
            let record: ConfigReader<'_> = reader.required("endpoint")?;
            read_endpoint_record(record)
        }
        Some(_) => {
            let text: Str = reader.required("endpoint")?;
            Endpoint::from_url(&text).map_err(|error| reader.error("endpoint", error.to_string()))
        }
    }
}

/// `endpoints` of tremor 0.8, of which one entry is an endpoint (spec/dialects.md 9, R14).
fn read_old_endpoints(reader: &mut ConfigReader<'_>, list: &Value) -> Result<Endpoint, ConfigError> {
    let entries = list.as_array().unwrap_or_default();
    let [Value::Str(only)] = entries else {
        let text = "this was a list of URLs; write `endpoint` with one, and for several an offramp each behind `qos::roundrobin`";
        return Err(reader.error("endpoints", text));
    };
    reader.warn("endpoints", "`endpoints` is the old name of this setting; write `endpoint`");
    Endpoint::from_url(only).map_err(|error| reader.error("endpoints", error.to_string()))
}

fn read_endpoint_record(mut record: ConfigReader<'_>) -> Result<Endpoint, ConfigError> {
    let mut endpoint = Endpoint::default();
    for part in ["scheme", "username", "password", "host", "path", "query", "fragment"] {
        let text: Option<Str> = record.optional(part)?;
        if let Some(text) = text {
            endpoint.set(part, &Value::Str(text));
        }
    }
    if let Some(port) = record.optional::<u16>("port")? {
        endpoint.set("port", &Value::from(i64::from(port)));
    }
    record.misplaced(&["concurrency", "method", "headers"], "in `config`, not in `endpoint`");
    for warning in record.finish_open() {
        tracing::warn!(target: "tremor_runtime::offramp", "{warning}");
    }
    Ok(endpoint)
}

fn read_method(reader: &mut ConfigReader<'_>) -> Result<Method, ConfigError> {
    let text: Str = reader.or("method", Str::from_static("POST"))?;
    Method::from_text(&text).ok_or_else(|| reader.error("method", format!("Invalid HTTP method: `{text}`")))
}

fn read_concurrency(reader: &mut ConfigReader<'_>) -> Result<usize, ConfigError> {
    if matches!(reader.optional::<&Value>("concurrency")?, Some(Value::Object(_))) {
        return Err(reader.error(
            "concurrency",
            "the record form of `concurrency` is not in this release; give a number",
        ));
    }
    match reader.or("concurrency", DEFAULT_CONCURRENCY)? {
        0 => Err(reader.error("concurrency", "`concurrency` cannot be 0: no request could ever be sent")),
        limit => Ok(limit),
    }
}

fn read_queue(mut record: ConfigReader<'_>) -> Result<QueueConfig, ConfigError> {
    let size: u32 = record.or("size", 100)?;
    let size = NonZeroU32::new(size).ok_or_else(|| record.error("size", "`size` cannot be 0: without `queue` nothing waits"))?;
    let order: Option<Str> = record.optional("order")?;
    let order = match order.as_deref() {
        None | Some("fifo") => Order::Fifo,
        Some("lifo") => Order::Lifo,
        Some(other) => return Err(record.error("order", format!("`order` is `fifo` or `lifo`, not `{other}`"))),
    };
    let queue = QueueConfig {
        size,
        timeout: time_limit(&mut record, "timeout", Some(Duration::from_secs(1)))?,
        order,
        is_counted: record.or("counted", false)?,
    };
    record.finish_closed()?;
    Ok(queue)
}

fn read_host_header(reader: &mut ConfigReader<'_>) -> Result<HostHeader, ConfigError> {
    let given: Option<Str> = reader.optional("host_header")?;
    Ok(match given.as_deref() {
        None | Some("endpoint") => HostHeader::Endpoint,
        Some("client") => HostHeader::Client,
        Some(text) => HostHeader::Text(Str::new(text)),
    })
}

fn read_error_status(reader: &mut ConfigReader<'_>) -> Result<ErrorStatus, ConfigError> {
    let given: Option<Str> = reader.optional("error_status")?;
    match given.as_deref() {
        None | Some("compat") => Ok(ErrorStatus::Compat),
        Some("gateway") => Ok(ErrorStatus::Gateway),
        Some(other) => Err(reader.error(
            "error_status",
            format!("`error_status` is `compat` or `gateway`, not `{other}`"),
        )),
    }
}

fn read_decompress(reader: &mut ConfigReader<'_>) -> Result<Decompress, ConfigError> {
    let given: Option<Str> = reader.optional("decompress")?;
    match given.as_deref() {
        None | Some("auto") => Ok(Decompress::Auto),
        Some("always") => Ok(Decompress::Always),
        Some("never") => Ok(Decompress::Never),
        Some(other) => Err(reader.error(
            "decompress",
            format!("`decompress` is `auto`, `always` or `never`, not `{other}`"),
        )),
    }
}

fn read_failure(reader: &mut ConfigReader<'_>) -> Result<Statuses, ConfigError> {
    match reader.optional::<ConfigReader<'_>>("failure")? {
        None => {
            let list = Value::from(vec![Value::from("400-599")]);
            Statuses::from_config(Field::new(&list, reader.path().clone()))
        }
        Some(mut record) => {
            let statuses = record.required("status")?;
            record.finish_closed()?;
            Ok(statuses)
        }
    }
}

fn read_timeouts(
    mut record: ConfigReader<'_>,
    timeouts: &mut AttemptTimeouts,
    upstream: &mut UpstreamConfig,
) -> Result<(), ConfigError> {
    timeouts.connect = time_limit(&mut record, "connect", timeouts.connect)?;
    timeouts.first_byte = time_limit(&mut record, "first_byte", None)?;
    timeouts.idle = time_limit(&mut record, "idle", None)?;
    timeouts.total = time_limit(&mut record, "total", timeouts.total)?;
    upstream.keep_alive = time_limit(&mut record, "keep_alive", upstream.keep_alive)?;
    record.finish_closed().map(drop)
}

/// The number of connections to open in advance.
fn read_pool(mut record: ConfigReader<'_>, upstream: &mut UpstreamConfig) -> Result<usize, ConfigError> {
    upstream.max_idle = record.or("max_idle", upstream.max_idle)?;
    upstream.max_age = time_limit(&mut record, "max_age", None)?;
    upstream.max_requests = count_limit(&mut record, "max_requests")?.map(std::num::NonZero::get);
    let warm = record.or("warm", 0)?;
    if warm > upstream.max_idle {
        return Err(record.error(
            "warm",
            "`warm` is more than `max_idle`: some would be closed as soon as they are opened",
        ));
    }
    record.finish_closed()?;
    Ok(warm)
}

fn read_resolve(mut record: ConfigReader<'_>, upstream: &mut UpstreamConfig) -> Result<(), ConfigError> {
    upstream.refresh = record.or("refresh", upstream.refresh)?;
    let family: Option<Str> = record.optional("family")?;
    upstream.family = match family.as_deref() {
        None | Some("any") => Family::Any,
        Some("v4") => Family::V4,
        Some("v6") => Family::V6,
        Some(other) => return Err(record.error("family", format!("`family` is `any`, `v4` or `v6`, not `{other}`"))),
    };
    record.finish_closed().map(drop)
}

/// The buffer limit and the number of tunnels.
fn read_limits(
    mut record: ConfigReader<'_>,
    upstream: &mut UpstreamConfig,
) -> Result<(Option<u64>, Option<NonZeroU64>), ConfigError> {
    upstream.limits.head = size(&mut record, "head", upstream.limits.head)?;
    upstream.limits.headers = record.or("headers", upstream.limits.headers)?;
    let buffer = size_limit(&mut record, "buffer", Some(DEFAULT_BUFFER))?;
    let tunnels = count_limit(&mut record, "tunnels")?;
    record.finish_closed()?;
    Ok((buffer, tunnels))
}

#[cfg(test)]
mod tests;
