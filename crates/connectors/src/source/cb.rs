//! `cb`: sends the lines of a file and checks that all of them are acknowledged, for tests (spec/artefacts.md 8.3).

use std::io::{Write as _, stderr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use temblor_event::{Insight, InsightKind, Segments, Uid};
use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::connectors::{SourcePlan, SourceType};
use temblor_runtime::exit::Exit;
use temblor_runtime::ramp::Ramp;
use temblor_runtime::source::{Source, SourceCx, StartError};
use temblor_value::Str;

use super::pump::Pump;
use super::{pump, task};
use crate::input;
use crate::lines::lines;
use crate::unknown_keys::warn;

/// The connector type, for registration.
pub const TYPE: SourceType = SourceType {
    name: "cb",
    default_codec: "json",
    passes_bodies: false,
    plan,
};

/// Between two looks at the acknowledgements.
const STEP: Duration = Duration::from_millis(100);

struct Config {
    source: Str,
    timeout: Duration,
    is_batched: bool,
}

impl Config {
    fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        let config = Self {
            source: reader.required("source")?,
            timeout: Duration::from_millis(reader.or("timeout", 10_000)?),
            is_batched: reader.or("expect_batched", false)?,
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
    let items: Vec<Bytes> = lines(Bytes::from(input::read(&config.source)?)).collect();
    let pump = pump(ramp, &cx, "tremor-cb", Segments::new()).transactional();
    let feedback = Arc::new(Mutex::new(Feedback::new(cx.uid)));
    let of_control = Arc::clone(&feedback);
    cx.control.listen(Box::new(move |insight| of_control.lock().take(insight)));
    let exit = cx.exit.clone();
    Ok(task(cx, move || run(pump, items, config, feedback, exit)))
}

/// What came back.
#[derive(Debug)]
struct Feedback {
    uid: Uid,
    acks: Vec<u64>,
    fails: Vec<u64>,
    closes: u64,
    opens: u64,
}

impl Feedback {
    fn new(uid: Uid) -> Self {
        Self {
            uid,
            acks: Vec::new(),
            fails: Vec::new(),
            closes: 0,
            opens: 0,
        }
    }

    /// Acknowledgements speak of the last event they cover, failures of the first one (spec/artefacts.md 1.4).
    fn take(&mut self, insight: &Insight) {
        let id = insight.id.as_ref();
        match insight.kind {
            InsightKind::Ack => self
                .acks
                .extend(id.and_then(|id| id.max_by_source(self.uid)).map(|(_, number)| number)),
            InsightKind::Fail => self
                .fails
                .extend(id.and_then(|id| id.min_by_source(self.uid)).map(|(_, number)| number)),
            InsightKind::Pause => self.closes += 1,
            InsightKind::Resume => self.opens += 1,
            InsightKind::None | InsightKind::Cancelled => {}
        }
    }

    /// Whether `count` events are accounted for.
    fn suffices(&self, count: u64, is_batched: bool) -> bool {
        if is_batched {
            let highest = self.acks.iter().chain(&self.fails).max();
            return count == 0 || highest.is_some_and(|highest| *highest >= count - 1);
        }
        (self.acks.len() + self.fails.len()) as u64 >= count
    }

    fn report(&self, count: u64) -> String {
        let Self {
            acks,
            fails,
            closes,
            opens,
            ..
        } = self;
        let expected = match count.checked_sub(1) {
            Some(last) => format!("{last}"),
            None => "none".to_owned(),
        };
        format!(
            "Some CB events are missing.\nexpected up to id: {expected}\nacks: {acks:?}\nfails: {fails:?}\ncloses: {closes}\nopens: {opens}\n"
        )
    }
}

async fn run(mut pump: Pump, items: Vec<Bytes>, config: Config, feedback: Arc<Mutex<Feedback>>, exit: Exit) {
    for item in items {
        if !pump.may_pull().await {
            return;
        }
        pump.raw(item).await;
    }
    let count = pump.sent();
    let suffices = || feedback.lock().suffices(count, config.is_batched);
    let mut was_told = false;
    let mut left = config.timeout;
    while !left.is_zero() {
        if !was_told && suffices() {
            was_told = true;
            tell("All required CB events received.\n");
        }
        if !pump.sleep(STEP.min(left)).await {
            return;
        }
        left = left.saturating_sub(STEP);
    }
    if suffices() {
        exit.request(0);
    } else {
        tell(&feedback.lock().report(count));
        exit.request(1);
    }
}

fn tell(text: &str) {
    // Nobody may read it.
    let _ = stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use temblor_event::EventId;

    use super::*;
    use crate::testing::event;

    fn insight(kind: InsightKind, source: u64, numbers: &[u64]) -> Insight {
        let mut event = event("1");
        event.id = EventId::new(Uid(source), numbers[0]);
        for number in &numbers[1..] {
            event.id.track(&EventId::new(Uid(source), *number));
        }
        Insight::about(&event, kind, Uid(9), 0)
    }

    #[test]
    fn every_event_wants_an_ack_or_a_fail() {
        let mut feedback = Feedback::new(Uid(1));
        feedback.take(&insight(InsightKind::Ack, 1, &[0]));
        feedback.take(&insight(InsightKind::Ack, 2, &[1]));
        feedback.take(&insight(InsightKind::Pause, 1, &[1]));
        assert!(!feedback.suffices(2, false));
        feedback.take(&insight(InsightKind::Fail, 1, &[1]));
        assert!(feedback.suffices(2, false));
        assert!(!feedback.suffices(3, false));
        assert_eq!((feedback.closes, feedback.opens), (1, 0));
    }

    #[test]
    fn of_batches_the_highest_id_counts() {
        let mut feedback = Feedback::new(Uid(1));
        feedback.take(&insight(InsightKind::Fail, 1, &[0, 1, 2]));
        assert!(!feedback.suffices(3, true));
        feedback.take(&insight(InsightKind::Ack, 1, &[0, 1, 2]));
        assert!(feedback.suffices(3, true));
        assert!(!feedback.suffices(4, true));
    }
}
