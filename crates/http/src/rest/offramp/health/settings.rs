//! The record `health` of an offramp (spec/proxy.md 4.10).

use std::num::NonZeroU32;
use std::time::Duration;

use temblor_runtime::config::{ConfigError, ConfigReader, Field, FromConfig, Pairs, Statuses};
use temblor_value::{Str, Value};

use super::monitor::Rules;
use crate::message::{Direction, HeaderBlock, Method, Name};
use crate::rest::offramp::endpoint::Endpoint;

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(in crate::rest::offramp) struct HealthSettings {
    /// How states follow from results.
    pub rules: Rules,
    /// Time that a probe has.
    pub timeout: Duration,
    /// What is asked; `None`: a connection is success enough.
    pub question: Option<Question>,
    /// Changes of the state pause and resume balancers.
    pub gives_insight: bool,
}

/// A request and the answer that it should get.
#[derive(Clone, Debug)]
pub(in crate::rest::offramp) struct Question {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// Its fields.
    pub headers: HeaderBlock,
    /// Statuses of success.
    pub statuses: Statuses,
    /// What the begin of the body must have.
    pub contains: Option<Str>,
}

impl HealthSettings {
    /// Reads the record; `endpoint` is where probes go.
    pub(in crate::rest::offramp) fn read(mut record: ConfigReader<'_>, endpoint: &Endpoint) -> Result<Self, ConfigError> {
        let Ok(endpoint) = endpoint.resolve() else {
            return Err(record.error("path", "probes go to the configured endpoint, and here is none"));
        };
        let rules = Rules {
            interval: time(&mut record, "interval", Duration::from_secs(5))?,
            healthy: row(&mut record, "healthy", 2)?,
            unhealthy: row(&mut record, "unhealthy", 3)?,
            is_healthy_at_first: read_initial(&mut record)?,
        };
        let settings = Self {
            rules,
            timeout: time(&mut record, "timeout", Duration::from_secs(2))?,
            question: read_question(&mut record, &endpoint.authority)?,
            gives_insight: record.or("insight", false)?,
        };
        record.finish_closed()?;
        Ok(settings)
    }
}

/// A time that has to be one.
fn time(record: &mut ConfigReader<'_>, key: &'static str, default: Duration) -> Result<Duration, ConfigError> {
    let time = record.or(key, default)?;
    if time.is_zero() {
        return Err(record.error(key, format!("`{key}` cannot be 0")));
    }
    Ok(time)
}

fn row(record: &mut ConfigReader<'_>, key: &'static str, default: u32) -> Result<NonZeroU32, ConfigError> {
    let count: u32 = record.or(key, default)?;
    NonZeroU32::new(count).ok_or_else(|| record.error(key, format!("`{key}` cannot be 0")))
}

fn read_initial(record: &mut ConfigReader<'_>) -> Result<bool, ConfigError> {
    let given: Option<Str> = record.optional("initial")?;
    match given.as_deref() {
        None | Some("healthy") => Ok(true),
        Some("unhealthy") => Ok(false),
        Some(other) => Err(record.error("initial", format!("`initial` is `healthy` or `unhealthy`, not `{other}`"))),
    }
}

/// Settings of requests; without `path` none of them has a meaning.
fn read_question(record: &mut ConfigReader<'_>, authority: &str) -> Result<Option<Question>, ConfigError> {
    let Some(target) = record.optional::<Str>("path")? else {
        let of_requests = ["method", "headers", "host", "status", "contains"];
        return match of_requests.into_iter().find(|key| record.contains(key)) {
            Some(key) => Err(record.error(
                key,
                format!("`{key}` is about requests; without `path` a probe only connects"),
            )),
            None => Ok(None),
        };
    };
    if !target.starts_with('/') || target.bytes().any(|byte| !(0x21..0x7f).contains(&byte) || byte == b'#') {
        return Err(record.error("path", format!("`{target}` is no path: it begins with / and has no blanks")));
    }
    let method: Str = record.or("method", Str::from_static("GET"))?;
    let method = Method::from_text(&method).ok_or_else(|| record.error("method", format!("Invalid HTTP method: `{method}`")))?;
    Ok(Some(Question {
        method,
        target: target.to_string(),
        headers: read_headers(record, authority)?,
        statuses: read_statuses(record)?,
        contains: record.optional("contains")?,
    }))
}

fn read_headers(record: &mut ConfigReader<'_>, authority: &str) -> Result<HeaderBlock, ConfigError> {
    let host: Option<Str> = record.optional("host")?;
    let Pairs(headers) = record.or("headers", Pairs::<Str>(Vec::new()))?;
    let mut block = HeaderBlock::new(Direction::Request);
    let host = host.as_deref().unwrap_or(authority);
    block
        .push("host", host.as_bytes())
        .map_err(|error| record.error("host", error.to_string()))?;
    for (name, value) in headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
        block
            .push(name, value.as_bytes())
            .map_err(|error| record.error("headers", format!("{error}: `{name}`")))?;
    }
    let given = |name| block.contains(name);
    if !given(Name::UserAgent) {
        block
            .push("user-agent", b"temblor-health")
            .map_err(|error| record.error("headers", error.to_string()))?;
    }
    Ok(block)
}

fn read_statuses(record: &mut ConfigReader<'_>) -> Result<Statuses, ConfigError> {
    match record.optional("status")? {
        Some(statuses) => Ok(statuses),
        None => {
            let list = Value::from(vec![Value::from("200-399")]);
            Statuses::from_config(Field::new(&list, record.path().clone()))
        }
    }
}

#[cfg(test)]
mod tests;
