//! `stdin`: an item per chunk as it comes (spec/artefacts.md 8.15).

use std::io::{BufRead, stdin};

use bytes::Bytes;
use temblor_event::Segments;
use temblor_runtime::connectors::{SourcePlan, SourceType};
use temblor_runtime::ramp::Ramp;
use temblor_runtime::source::{Source, SourceCx, StartError};
use tokio::sync::mpsc::Receiver;

use super::pump::Pump;
use super::reader::read_in_background;
use super::{pump, task};

/// The connector type, for registration.
pub const TYPE: SourceType = SourceType {
    name: "stdin",
    default_codec: "string",
    passes_bodies: false,
    plan: |ramp| Ok(SourcePlan::new(move |cx| open(ramp, cx))),
};

fn open(ramp: Ramp, cx: SourceCx) -> Result<Box<dyn Source>, StartError> {
    let pump = pump(&ramp, &cx, "tremor-stdin", Segments::new());
    let chunks = read_in_background("stdin-reader", ramp.url, || {
        let mut input = stdin().lock();
        // The buffer behind it has the 8192 bytes that a chunk may have.
        let chunk = Bytes::copy_from_slice(input.fill_buf()?);
        input.consume(chunk.len());
        Ok((!chunk.is_empty()).then_some(chunk))
    })?;
    Ok(task(cx, move || run(pump, chunks)))
}

async fn run(mut pump: Pump, mut chunks: Receiver<Bytes>) {
    while pump.may_pull().await {
        let Some(Some(chunk)) = pump.unless_draining(chunks.recv()).await else {
            return;
        };
        pump.raw(chunk).await;
    }
}
