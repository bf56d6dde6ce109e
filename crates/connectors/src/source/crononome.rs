//! `crononome`: events by the calendar (spec/artefacts.md 8.4). All times are UTC.

mod timetable;

use std::time::Duration;

use temblor_event::Segments;
use temblor_runtime::clock::now_ns;
use temblor_runtime::config::{ConfigError, ConfigReader};
use temblor_runtime::connectors::{SourcePlan, SourceType};
use temblor_runtime::ramp::Ramp;
use temblor_runtime::source::StartError;
use temblor_value::{ObjectMap, Value};

use self::timetable::{Entry, Timetable, schedules};
use super::pump::Pump;
use super::{pump, task};
use crate::unknown_keys::warn;

/// The connector type, for registration.
pub const TYPE: SourceType = SourceType {
    name: "crononome",
    default_codec: "json",
    passes_bodies: false,
    plan,
};

/// Between two looks at the clock.
const POLL: Duration = Duration::from_millis(100);

fn plan(ramp: Ramp) -> Result<SourcePlan, StartError> {
    let entries = ramp.config(read)?;
    let schedules = schedules(&entries)?;
    Ok(SourcePlan::new(move |cx| {
        let timetable = Timetable::new(schedules, now_ns());
        // Each entry has an origin of its own (spec/artefacts.md 1.6).
        let pump = pump(&ramp, &cx, "tremor-crononome", Segments::new());
        Ok(task(cx, move || run(pump, entries, timetable)))
    }))
}

fn read(mut reader: ConfigReader<'_>) -> Result<Vec<Entry>, ConfigError> {
    let entries: Vec<ConfigReader<'_>> = reader.required("entries")?;
    warn(reader);
    entries.into_iter().map(Entry::read).collect()
}

async fn run(mut pump: Pump, entries: Vec<Entry>, mut timetable: Timetable) {
    while pump.sleep(POLL).await && pump.may_pull().await {
        for at in timetable.due(now_ns()) {
            let entry = &entries[at];
            pump.set_path([entry.name.clone()].into());
            pump.structured(|ingest_ns, number| value(entry, ingest_ns, number)).await;
        }
    }
}

fn value(entry: &Entry, ingest_ns: u64, number: u64) -> Value {
    let mut trigger = ObjectMap::with_capacity(2);
    trigger.insert("name", &entry.name);
    if let Some(payload) = &entry.payload {
        trigger.insert("payload", payload.clone());
    }
    let mut value = ObjectMap::with_capacity(4);
    value.insert("onramp", "crononome");
    value.insert("ingest_ns", ingest_ns);
    value.insert("id", number);
    value.insert("trigger", trigger);
    Value::from(value)
}

#[cfg(test)]
mod tests {
    use temblor_value::json;

    use super::*;
    use crate::testing;

    fn entry(payload: Option<&str>) -> Entry {
        Entry {
            name: "five".into(),
            expr: "*/5 * * * * *".into(),
            payload: payload.map(testing::value),
        }
    }

    #[test]
    fn the_payload_is_there_only_if_it_was_given() {
        assert_eq!(
            json::to_string(&value(&entry(None), 7, 1)),
            r#"{"onramp":"crononome","ingest_ns":7,"id":1,"trigger":{"name":"five"}}"#
        );
        assert_eq!(
            json::to_string(&value(&entry(Some(r#"{"a": [1]}"#)), 7, 1)),
            r#"{"onramp":"crononome","ingest_ns":7,"id":1,"trigger":{"name":"five","payload":{"a":[1]}}}"#
        );
    }
}
