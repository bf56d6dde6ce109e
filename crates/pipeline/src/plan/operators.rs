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
use crate::op::history::History;
use crate::op::memory_log::MemoryLog;
use crate::op::percentile::{self, Percentile};
use crate::op::roundrobin::RoundRobin;
use crate::op::wal::{self, Wal};
use crate::op::{Instance, Operator, StatefulOperator};
use crate::port::PortTable;

/// Steps of `qos::backpressure` in milliseconds.
const STEPS_MS: [u64; 7] = [50, 100, 250, 500, 1000, 5000, 10_000];

/// What an operator is made of.
struct Making<'a> {
    /// Name of its definition.
    definition: &'a str,
    config: Option<&'a Value>,
    dialect: Dialect,
    ports: &'a mut PortTable,
}

type Make = fn(&mut Making<'_>) -> Result<Instance, ConfigError>;

/// All types. Every name that is not here is unknown.
const TYPES: [(&str, Make); 9] = [
    ("generic::backpressure", backpressure),
    ("generic::batch", batch),
    ("generic::counter", |_| Ok(shared(Counter::default()))),
    ("grouper::bucket", bucket),
    ("qos::backpressure", backpressure),
    ("qos::percentile", percentile),
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
    if params.text("dir")?.is_some() {
        return Err(ConfigError(
            "`dir`: write-ahead logs on disk are not in this release".to_owned(),
        ));
    }
    // Without a disk there is nothing to sync, but a wrong value is a mistake all the same.
    params.boolean("flush_on_evnt")?;
    params.unsigned("sync_interval")?;
    if let Some(sync) = params.text("sync")?
        && !["event", "interval", "none"].contains(&sync)
    {
        return Err(ConfigError(format!(
            "`sync` must be \"event\", \"interval\" or \"none\", it is \"{sync}\""
        )));
    }
    let store = MemoryLog::new(config.max_bytes.is_some());
    Ok(stateful(Wal::new(config, Box::new(store))))
}

fn history(making: &mut Making<'_>) -> Result<Instance, ConfigError> {
    let params = making.required()?;
    let op = need("op", params.text("op")?)?;
    let name = need("name", params.text("name")?)?;
    Ok(shared(History::new(Str::new(op), Str::new(name))))
}
