//! `metronome`: an event per interval (spec/artefacts.md 8.10).

use std::time::Duration;

use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::connectors::{SourcePlan, SourceType};
use temblor_runtime::ramp::Ramp;
use temblor_runtime::source::StartError;
use temblor_value::{ObjectMap, Str, Value};

use super::pump::Pump;
use super::{pump, task};
use crate::unknown_keys::warn;

/// The connector type, for registration.
pub const TYPE: SourceType = SourceType {
    name: "metronome",
    default_codec: "json",
    passes_bodies: false,
    plan,
};

fn plan(ramp: Ramp) -> Result<SourcePlan, StartError> {
    let interval = ramp.config(read)?;
    Ok(SourcePlan::new(move |cx| {
        let path = [Str::from(interval.to_string())].into();
        let pump = pump(&ramp, &cx, "tremor-metronome", path);
        Ok(task(cx, move || run(pump, Duration::from_millis(interval))))
    }))
}

/// The interval in milliseconds.
fn read(mut reader: ConfigReader<'_>) -> Result<u64, ConfigError> {
    let interval = reader.required("interval")?;
    warn(reader);
    Ok(interval)
}

async fn run(mut pump: Pump, interval: Duration) {
    while pump.may_pull().await && pump.sleep(interval).await {
        // Ticks that fall into a pause are skipped.
        if !pump.is_paused() {
            pump.structured(value).await;
        }
    }
}

fn value(ingest_ns: u64, number: u64) -> Value {
    let mut value = ObjectMap::with_capacity(3);
    value.insert("onramp", "metronome");
    value.insert("ingest_ns", ingest_ns);
    value.insert("id", number);
    Value::from(value)
}
