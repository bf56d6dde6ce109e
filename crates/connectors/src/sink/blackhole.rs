//! `blackhole`: takes everything and measures it (spec/artefacts.md 9.2).

use std::cell::RefCell;
use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use temblor_event::{Event, Uid};
use temblor_runtime::clock::now_ns;
use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::connectors::{SinkPlan, SinkStart, SinkType};
use temblor_runtime::exit::Exit;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::sink::{Delivery, Sink, SinkCx};
use temblor_runtime::source::StartError;

use super::{failed, judge};
use crate::encode::Encoder;
use crate::unknown_keys::warn;

/// The connector type, for registration.
pub const TYPE: SinkType = SinkType {
    name: "blackhole",
    default_codec: "null",
    passes_bodies: false,
    plan,
};

/// Largest latency that is told apart, nanoseconds.
const MAX_LATENCY_NS: u64 = 100_000_000_000;
/// Rows of the table per half distance to 100 %.
const STEPS: u32 = 2;
const NS_PER_S: u64 = 1_000_000_000;

thread_local! {
    /// Where values are encoded to, to be counted.
    static MESSAGE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Config {
    warmup_secs: u64,
    /// 0: never.
    stop_after_secs: u64,
    significant_figures: u8,
}

impl Config {
    fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        let warmup_secs = reader.required("warmup_secs")?;
        let stop_after_secs = reader.required("stop_after_secs")?;
        let figures: u64 = reader.required("significant_figures")?;
        let Ok(significant_figures @ 1..=5) = u8::try_from(figures) else {
            return Err(reader.error("significant_figures", "`significant_figures` is a number from 1 to 5"));
        };
        warn(reader);
        Ok(Self {
            warmup_secs,
            stop_after_secs,
            significant_figures,
        })
    }
}

struct Blackhole {
    uid: Uid,
    url: String,
    encoder: Encoder,
    exit: Exit,
    /// Events before this are not counted; nanoseconds since the epoch.
    counts_from_ns: u64,
    /// Events after this end the measurement.
    ends_ns: Option<u64>,
    measured: Mutex<Measured>,
}

struct Measured {
    latencies: Histogram<u64>,
    bytes: u64,
    is_over: bool,
}

fn plan(ramp: Ramp) -> Result<SinkPlan, StartError> {
    let config = ramp.config(Config::read)?;
    Ok(SinkPlan::new(move |start| {
        let encoder = Encoder::new(ramp.codec, &[]);
        Ok(Arc::new(Blackhole::new(&config, encoder, ramp.url, &start, now_ns())?))
    }))
}

impl Blackhole {
    fn new(config: &Config, encoder: Encoder, url: String, start: &SinkStart, now_ns: u64) -> Result<Self, StartError> {
        let after = |from: u64, secs: u64| from.saturating_add(secs.saturating_mul(NS_PER_S));
        let counts_from_ns = after(now_ns, config.warmup_secs);
        let has_end = config.stop_after_secs > 0;
        Ok(Self {
            uid: start.uid,
            url,
            encoder,
            exit: start.exit.clone(),
            counts_from_ns,
            ends_ns: has_end.then(|| after(counts_from_ns, config.stop_after_secs)),
            measured: Mutex::new(Measured::new(config.significant_figures)?),
        })
    }

    /// Counts an event. Gives the report if it comes after the end, once.
    fn take(&self, event: &Event, now_ns: u64) -> Result<Option<String>, String> {
        if now_ns < self.counts_from_ns {
            return Ok(None);
        }
        if self.ends_ns.is_some_and(|ends_ns| now_ns > ends_ns) {
            return Ok(self.end(now_ns));
        }
        let (mut count, mut bytes) = (0, 0);
        let result = MESSAGE.with_borrow_mut(|buffer| {
            self.encoder.messages(event, buffer, |message| {
                count += 1;
                bytes += message.len() as u64;
                Ok(())
            })
        });
        let mut measured = self.measured.lock();
        measured
            .latencies
            .saturating_record_n(now_ns.saturating_sub(event.ingest_ns), count);
        measured.bytes += bytes;
        result.map(|()| None)
    }

    /// Ends the measurement. Gives the report if there is one to give: once, after the warm-up, and only if an end is configured. A
    /// measurement that is cut short, because another sink ended the process, is about the time it had.
    fn end(&self, now_ns: u64) -> Option<String> {
        let measured_ns = self.ends_ns?.min(now_ns).saturating_sub(self.counts_from_ns);
        let mut measured = self.measured.lock();
        let is_first = !std::mem::replace(&mut measured.is_over, true);
        (is_first && measured_ns > 0).then(|| measured.report(Duration::from_nanos(measured_ns)))
    }

    fn print(&self, report: &str) {
        let mut output = stdout().lock();
        if let Err(error) = output.write_all(report.as_bytes()).and_then(|()| output.flush()) {
            tracing::error!(target: "tremor_runtime::offramp", "[Sink::{}] cannot write: {error}", self.url);
        }
    }
}

impl Measured {
    fn new(significant_figures: u8) -> Result<Self, StartError> {
        let latencies =
            Histogram::new_with_bounds(1, MAX_LATENCY_NS, significant_figures).map_err(|error| StartError(error.to_string()))?;
        Ok(Self {
            latencies,
            bytes: 0,
            is_over: false,
        })
    }

    /// The percentile table of HDR histograms and the throughput over `time`.
    fn report(&self, time: Duration) -> String {
        let mut text = format!(
            "{:>10} {:>14} {:>10} {:>18}\n\n",
            "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
        );
        let all = &self.latencies;
        let mut total = 0;
        // Writing to a string cannot fail.
        for step in all.iter_quantiles(STEPS) {
            total += step.count_since_last_iteration();
            let quantile = step.quantile_iterated_to();
            let _ = writeln!(
                text,
                "{:>10} {quantile:>14.6} {total:>10} {:>18.2}",
                step.value_iterated_to(),
                1.0 / (1.0 - quantile)
            );
        }
        let _ = writeln!(
            text,
            "#[Mean    = {:12.2}, StdDeviation   = {:12.2}]",
            all.mean(),
            all.stdev()
        );
        let _ = writeln!(text, "#[Max     = {:12}, Total count    = {:12}]", all.max(), all.len());
        let _ = writeln!(
            text,
            "#[Buckets = {:12}, SubBuckets     = {:12}]",
            all.buckets(),
            all.distinct_values()
        );
        let throughput = self.bytes as f64 / time.as_secs_f64() / f64::from(1 << 20);
        let _ = writeln!(text, "\n\nThroughput: {throughput:.1} MB/s");
        text
    }
}

impl Sink for Blackhole {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        match self.take(&event, cx.now_ns) {
            Ok(None) => {}
            Ok(Some(report)) => {
                self.print(&report);
                self.exit.request(0);
            }
            // A value without bytes is taken like any other, and acknowledged (spec/artefacts.md 1.8).
            Err(error) => {
                failed(&self.url, &event, &error, self.uid, cx.now_ns);
            }
        }
        Delivery::done(judge(&event, true, self.uid, cx.now_ns))
    }

    fn stop(&self) {
        if let Some(report) = self.end(now_ns()) {
            self.print(&report);
        }
    }
}

#[cfg(test)]
mod tests;
