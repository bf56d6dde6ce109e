//! `blaster`: plays a file again and again, for measuring (spec/artefacts.md 8.2).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::connectors::{SourcePlan, SourceType};
use temblor_runtime::ramp::Ramp;
use temblor_runtime::source::{Source, SourceCx, StartError};
use temblor_value::Str;
use tokio::time::Instant;

use super::pump::Pump;
use super::{pump, task};
use crate::input;
use crate::lines::lines;
use crate::unknown_keys::warn;

/// The connector type, for registration.
pub const TYPE: SourceType = SourceType {
    name: "blaster",
    default_codec: "json",
    passes_bodies: false,
    plan,
};

/// A blaster that is later than this gives up what it missed instead of catching up.
const MOST_LATE: Duration = Duration::from_secs(1);

struct Config {
    source: Str,
    /// Before each event.
    interval: Option<Duration>,
    /// Events in all; absent: without end.
    iters: Option<u64>,
    is_base64: bool,
}

impl Config {
    fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        let config = Self {
            source: reader.required("source")?,
            interval: reader.optional("interval")?.map(Duration::from_nanos),
            iters: reader.optional("iters")?,
            is_base64: reader.or("base64", false)?,
        };
        warn(reader);
        Ok(config)
    }
}

fn plan(ramp: Ramp) -> Result<SourcePlan, StartError> {
    let config = ramp.config(Config::read)?;
    Ok(SourcePlan::new(move |cx| open(&ramp, config, cx)))
}

fn open(ramp: &Ramp, config: Config, cx: SourceCx) -> Result<Box<dyn Source>, StartError> {
    let items = items(&config.source, input::read(&config.source)?, config.is_base64)?;
    let pump = pump(ramp, &cx, "tremor-blaster", [config.source].into());
    Ok(task(cx, move || run(pump, items, config.interval, config.iters)))
}

/// The lines of a file, decoded.
fn items(name: &str, content: Vec<u8>, is_base64: bool) -> Result<Vec<Bytes>, StartError> {
    let decode = |(at, line): (usize, Bytes)| {
        let decoded = STANDARD.decode(&line).map(Bytes::from);
        decoded.map_err(|error| StartError(format!("`{name}`, line {}: {error}", at + 1)))
    };
    let lines = lines(Bytes::from(content));
    let items: Vec<Bytes> = if is_base64 {
        lines.enumerate().map(decode).collect::<Result<_, _>>()?
    } else {
        lines.collect()
    };
    if items.is_empty() {
        return Err(StartError(format!("`{name}` is empty, there is nothing to play")));
    }
    Ok(items)
}

async fn run(mut pump: Pump, items: Vec<Bytes>, interval: Option<Duration>, iters: Option<u64>) {
    let mut left = iters;
    let mut due = Instant::now();
    for item in items.iter().cycle() {
        if left == Some(0) {
            pump.end_turn().await;
            return;
        }
        left = left.map(|left| left - 1);
        if let Some(interval) = interval {
            // Timers are coarser than intervals may be. Keeping to a timetable makes the rate right all the same.
            due = (due + interval).max(Instant::now() - MOST_LATE);
            if due > Instant::now() && pump.unless_draining(tokio::time::sleep_until(due)).await.is_none() {
                return;
            }
        }
        if !pump.may_pull().await {
            return;
        }
        pump.raw_of_many(item.clone()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(content: &str, is_base64: bool) -> Result<Vec<Bytes>, String> {
        items("f", content.as_bytes().to_vec(), is_base64).map_err(|error| error.to_string())
    }

    #[test]
    fn every_line_is_an_item() {
        assert_eq!(
            texts("a\nb\r\n\nc", false),
            Ok(vec!["a".into(), "b".into(), Bytes::new(), "c".into()])
        );
    }

    #[test]
    fn lines_may_be_base64() {
        assert_eq!(texts("YQ==\nYgBj\n", true), Ok(vec![Bytes::from("a"), Bytes::from("b\0c")]));
        let error = texts("YQ==\n*\n", true).unwrap_err();
        assert!(error.starts_with("`f`, line 2: "), "{error}");
    }

    #[test]
    fn an_empty_file_is_an_error() {
        assert!(texts("", false).is_err());
    }
}
