//! `file`: an event per line (spec/artefacts.md 8.7).

use std::time::Duration;

use bytes::Bytes;
use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::connectors::{SourcePlan, SourceType};
use temblor_runtime::exit::Exit;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::source::{Source, SourceCx, StartError};
use temblor_value::Str;
use tokio::sync::mpsc::Receiver;

use super::pump::Pump;
use super::reader::read_in_background;
use super::{pump, task};
use crate::input;
use crate::lines::{Blocks, lines};
use crate::unknown_keys::warn;

/// The connector type, for registration.
pub const TYPE: SourceType = SourceType {
    name: "file",
    default_codec: "json",
    passes_bodies: false,
    plan,
};

struct Config {
    source: Str,
    close_on_done: bool,
    sleep_on_done: Duration,
}

impl Config {
    fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        let config = Self {
            source: reader.required("source")?,
            close_on_done: reader.or("close_on_done", false)?,
            sleep_on_done: Duration::from_millis(reader.or("sleep_on_done", 0)?),
        };
        warn(reader);
        Ok(config)
    }
}

fn plan(ramp: Ramp) -> Result<SourcePlan, StartError> {
    let config = ramp.config(Config::read)?;
    Ok(SourcePlan::new(move |cx| open(ramp, config, cx)))
}

fn open(ramp: Ramp, config: Config, cx: SourceCx) -> Result<Box<dyn Source>, StartError> {
    let mut blocks = Blocks::new(input::open(&config.source)?);
    let pump = pump(&ramp, &cx, "tremor-file", [config.source.clone()].into());
    let chunks = read_in_background("file-reader", ramp.url, move || blocks.next())?;
    let exit = cx.exit.clone();
    Ok(task(cx, move || run(pump, chunks, config, exit)))
}

async fn run(mut pump: Pump, mut blocks: Receiver<Bytes>, config: Config, exit: Exit) {
    loop {
        let Some(block) = pump.unless_draining(blocks.recv()).await else {
            return;
        };
        let Some(block) = block else { break };
        for line in lines(block) {
            if !pump.may_pull().await {
                return;
            }
            pump.raw_of_many(line).await;
        }
    }
    if pump.sleep(config.sleep_on_done).await && config.close_on_done {
        exit.request(0);
    }
}
