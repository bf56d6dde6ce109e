//! Operator types and their configuration (spec/operators-and-flow.md B.1).

use temblor_syntax::Diagnostic;
use temblor_syntax::ast::Dialect;
use temblor_value::{Str, Value};

use super::{CreateStep, OperatorDef, diag};
use crate::op::backpressure::{self, Backpressure};
use crate::op::batch::{self, Batch, Shape};
use crate::op::bucket::Bucket;
use crate::op::config::{ConfigError, Params, need};
use crate::op::counter::Counter;
use crate::op::failure::FailureClasses;
use crate::op::history::History;
use crate::op::memory_log::MemoryLog;
use crate::op::percentile::{self, Percentile};
use crate::op::retry::{self, Retry};
use crate::op::roundrobin::RoundRobin;
use crate::op::wal::{self, LogStore, LogStores, SyncPolicy, Wal};
use crate::op::{Instance, Operator, StatefulOperator};
use crate::port::PortTable;

/// Steps of `qos::backpressure` in milliseconds.
const STEPS_MS: [u64; 7] = [50, 100, 250, 500, 1000, 5000, 10_000];

/// Longest time a write-ahead log leaves to the system before it has written it to the disk.
const SYNC_INTERVAL_MS: u64 = 500;

/// What an operator is made of.
struct Making<'a> {
    /// Name of its definition.
    definition: &'a str,
    config: Option<&'a Value>,
    dialect: Dialect,
    logs: &'a dyn LogStores,
    ports: &'a mut PortTable,
}

type Make = fn(&mut Making<'_>) -> Result<Instance, ConfigError>;

/// All types. Every name that is not here is unknown.
const TYPES: [(&str, Make); 10] = [
    ("generic::backpressure", backpressure),
    ("generic::batch", batch),
    ("generic::counter", |_| Ok(shared(Counter::default()))),
    ("grouper::bucket", bucket),
    ("qos::backpressure", backpressure),
    ("qos::percentile", percentile),
    ("qos::retry", retry),
    ("qos::roundrobin", roundrobin),
    ("qos::wal", wal),
    ("debug::history", history),
];

/// Makes the operator that `create` asks for and enters its output ports.
pub(super) fn build(
    definition: &OperatorDef,
    create: &CreateStep,
    config: Option<&Value>,
    dialect: Dialect,
    logs: &dyn LogStores,
    ports: &mut PortTable,
) -> Result<Instance, Box<Diagnostic>> {
    let Some((_, make)) = TYPES.iter().find(|(kind, _)| *kind == definition.kind) else {
        return Err(diag::unknown_operator(
            &definition.kind,
            &create.name,
            definition.at,
            TYPES.iter().map(|(kind, _)| *kind),
        ));
    };
    let mut making = Making {
        definition: &create.definition,
        config,
        dialect,
        logs,
        ports,
    };
    make(&mut making).map_err(|error| diag::operator_config(&error, &create.name, definition.at))
}

fn shared(operator: impl Operator + 'static) -> Instance {
    Instance::Shared(Box::new(operator))
}

fn stateful(operator: impl StatefulOperator + 'static) -> Instance {
    Instance::Stateful(Box::new(operator))
}

impl Making<'_> {
    fn required(&self) -> Result<Params<'_>, ConfigError> {
        Params::required(self.definition, self.config)
    }
}

fn backpressure(making: &mut Making<'_>) -> Result<Instance, ConfigError> {
    let params = making.required()?;
    let config = backpressure::Config {
        timeout_ms: need("timeout", params.float("timeout")?)?,
        steps_ms: params
            .list("steps", "a list of unsigned integers", Value::as_u64)?
            .unwrap_or_else(|| STEPS_MS.to_vec()),
        circuit_breaker: params.boolean("circuit_breaker")?.unwrap_or(false),
    };
    Ok(shared(Backpressure::new(config, making.ports.enter("overflow"))))
}

fn batch(making: &mut Making<'_>) -> Result<Instance, ConfigError> {
    let params = making.required()?;
    Ok(stateful(Batch::new(batch::Config {
        count: need("count", params.unsigned("count")?)?,
        timeout_ms: params.unsigned("timeout")?,
        shape: match making.dialect {
            Dialect::Modern => Shape::Modern,
            Dialect::V09 => Shape::V09,
        },
    })))
}

fn bucket(making: &mut Making<'_>) -> Result<Instance, ConfigError> {
    if making.config.is_some() {
        let definition = making.definition;
        return Err(ConfigError(format!(
            "operator {definition} has a config but can't be configured"
        )));
    }
    let overflow = making.ports.enter("overflow");
    Ok(stateful(Bucket::new(overflow, making.ports.enter("err"))))
}

fn percentile(making: &mut Making<'_>) -> Result<Instance, ConfigError> {
    let params = making.required()?;
    let config = percentile::Config {
        timeout_ms: need("timeout", params.float("timeout")?)?,
        step_down: params.float("step_down")?.unwrap_or(0.05),
        step_up: params.float("step_up")?.unwrap_or(0.001),
    };
    Ok(shared(Percentile::new(config, making.ports.enter("overflow"))))
}

/// Parameters of `qos::retry` (spec/proxy.md 4.5).
const RETRY: [&str; 10] = [
    "attempts",
    "on",
    "methods",
    "body_limit",
    "backoff",
    "backoff_max",
    "attempt_timeout",
    "budget",
    "min_per_second",
    "budget_window",
];

fn retry(making: &mut Making<'_>) -> Result<Instance, ConfigError> {
    let none = Value::object();
    let params = Params::required(making.definition, Some(making.config.unwrap_or(&none)))?;
    params.closed(&RETRY)?;
    let names = params.list("on", "a list of strings", |value| value.as_str())?;
    let on = FailureClasses::parse(names.unwrap_or_else(|| vec!["connect", "reset"])).map_err(|name| {
        ConfigError(format!(
            "`on` has \"{name}\", which is no class of failures; give \"connect\", \"reset\", \"timeout\", \"overload\" or statuses like \"503\", \"500-599\", \"5xx\""
        ))
    })?;
    let methods = params.list("methods", "a list of strings", |value| value.as_str().map(Str::new))?;
    let safe = || {
        ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]
            .map(Str::from_static)
            .to_vec()
    };
    let positive = |key: &str, value: u64| match value {
        0 => Err(ConfigError(format!("`{key}` must be at least 1"))),
        value => Ok(value),
    };
    let config = retry::Config {
        attempts: positive("attempts", params.unsigned("attempts")?.unwrap_or(2))?,
        on,
        methods: methods.unwrap_or_else(safe),
        backoff_ms: params.unsigned("backoff")?.unwrap_or(25),
        backoff_max_ms: params.unsigned("backoff_max")?.unwrap_or(250),
        attempt_timeout_ms: params.unsigned("attempt_timeout")?.filter(|timeout| *timeout > 0),
        body_limit: params.unsigned("body_limit")?.unwrap_or(256 << 10),
        budget_percent: params.float("budget")?.unwrap_or(20.0),
        min_per_second: params.float("min_per_second")?.unwrap_or(10.0),
        budget_window_ms: positive("budget_window", params.unsigned("budget_window")?.unwrap_or(10_000))?,
    };
    Ok(shared(Retry::new(config)))
}

fn roundrobin(making: &mut Making<'_>) -> Result<Instance, ConfigError> {
    let params = making.required()?;
    let names = params.list("outputs", "a list of strings", |value| value.as_str().map(Str::new))?;
    let names = names.unwrap_or_else(|| vec![Str::from_static("out")]);
    if names.is_empty() {
        return Err(ConfigError::missing(making.definition));
    }
    let skip_unavailable = params.boolean("skip_unavailable")?.unwrap_or(true);
    if names.len() >= usize::from(u16::MAX) {
        return Err(ConfigError(format!(
            "`outputs` has {} entries, which is too many",
            names.len()
        )));
    }
    let outputs = names.iter().map(|name| making.ports.enter(name)).collect();
    Ok(shared(RoundRobin::new(
        outputs,
        making.ports.enter("overflow"),
        skip_unavailable,
    )))
}

fn wal(making: &mut Making<'_>) -> Result<Instance, ConfigError> {
    let params = making.required()?;
    let config = wal::Config {
        read_count: need("read_count", params.unsigned("read_count")?)?,
        max_elements: params.unsigned("max_elements")?,
        max_bytes: params.unsigned("max_bytes")?,
    };
    if config.max_elements.is_none() && config.max_bytes.is_none() {
        return Err(ConfigError(
            "at least one of `max_elements` and `max_bytes` must be given".to_owned(),
        ));
    }
    let sync = sync_policy(&params)?;
    let store: Box<dyn LogStore> = match params.text("dir")? {
        Some(dir) => making
            .logs
            .open(dir, sync)
            .map_err(|error| ConfigError(format!("`dir`: {error}")))?,
        None => Box::new(MemoryLog::new(config.max_bytes.is_some())),
    };
    Ok(stateful(Wal::new(config, store)))
}

fn sync_policy(params: &Params<'_>) -> Result<SyncPolicy, ConfigError> {
    let flushes = params.boolean("flush_on_evnt")?.unwrap_or(false);
    let interval_ms = params.unsigned("sync_interval")?.unwrap_or(SYNC_INTERVAL_MS);
    match params.text("sync")? {
        Some("event") => Ok(SyncPolicy::Event),
        Some("interval") => Ok(SyncPolicy::IntervalMs(interval_ms)),
        Some("none") => Ok(SyncPolicy::None),
        Some(other) => Err(ConfigError(format!(
            "`sync` must be \"event\", \"interval\" or \"none\", it is \"{other}\""
        ))),
        None if flushes => Ok(SyncPolicy::Event),
        None => Ok(SyncPolicy::IntervalMs(interval_ms)),
    }
}

fn history(making: &mut Making<'_>) -> Result<Instance, ConfigError> {
    let params = making.required()?;
    let op = need("op", params.text("op")?)?;
    let name = need("name", params.text("name")?)?;
    Ok(shared(History::new(Str::new(op), Str::new(name))))
}
