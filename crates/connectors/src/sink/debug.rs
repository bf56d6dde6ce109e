//! `debug`: counts events by class (spec/artefacts.md 9.4).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Write as _, stdout};
use std::sync::Arc;

use parking_lot::Mutex;
use temblor_event::{Event, Uid};
use temblor_runtime::clock::now_ns;
use temblor_runtime::connectors::{SinkPlan, SinkType};
use temblor_runtime::sink::{Delivery, Sink, SinkCx};
use temblor_value::{Str, Value};

use super::{failed, judge};
use crate::parts::parts;

/// The connector type, for registration.
pub const TYPE: SinkType = SinkType {
    name: "debug",
    default_codec: "json",
    passes_bodies: false,
    plan: |ramp| {
        Ok(SinkPlan::new(|start| {
            Ok(Arc::new(DebugSink {
                uid: start.uid,
                url: ramp.url,
                counts: Mutex::new(Counts {
                    by_class: BTreeMap::new(),
                    printed_ns: now_ns(),
                }),
            }))
        }))
    },
};

/// Class of values without one.
const UNCLASSIFIED: Str = Str::from_static("<unclassified>");
/// Between two prints, nanoseconds.
const INTERVAL_NS: u64 = 1_000_000_000;

struct DebugSink {
    uid: Uid,
    url: String,
    counts: Mutex<Counts>,
}

/// Counts since the last print.
struct Counts {
    by_class: BTreeMap<Str, u64>,
    printed_ns: u64,
}

impl Counts {
    fn add(&mut self, meta: &Value) {
        let class = match meta.get("class") {
            Some(Value::Str(class)) => class.clone(),
            _ => UNCLASSIFIED,
        };
        *self.by_class.entry(class).or_default() += 1;
    }

    /// The table to print with this event, if it is time for one; counting starts anew.
    fn due(&mut self, now_ns: u64) -> Option<String> {
        if now_ns < self.printed_ns.saturating_add(INTERVAL_NS) {
            return None;
        }
        self.printed_ns = now_ns;
        let counts = std::mem::take(&mut self.by_class);
        let mut table = format!("{:<20}|{:>7}\n", "classification", "total");
        let total: u64 = counts.values().sum();
        let rows = std::iter::once(("TOTAL", total)).chain(counts.iter().map(|(class, count)| (class.as_str(), *count)));
        for (class, count) in rows {
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{class:<20}|{count:>7}");
        }
        Some(table)
    }
}

impl Sink for DebugSink {
    fn deliver(&self, _port: &str, event: Event, cx: &SinkCx<'_>) -> Delivery {
        let mut counts = self.counts.lock();
        let table = counts.due(cx.now_ns);
        parts(&event).for_each(|(_, meta)| counts.add(meta));
        drop(counts);
        match table.map_or(Ok(()), |table| stdout().write_all(table.as_bytes())) {
            Ok(()) => Delivery::done(judge(&event, true, self.uid, cx.now_ns)),
            Err(error) => failed(&self.url, &event, &error.to_string(), self.uid, cx.now_ns),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::value;

    #[test]
    fn a_table_a_second_and_counts_start_anew() {
        let mut counts = Counts {
            by_class: BTreeMap::new(),
            printed_ns: 5,
        };
        for meta in [
            r#"{"class": "b"}"#,
            r#"{"class": "a"}"#,
            r#"{"class": "b"}"#,
            r#"{"class": 7}"#,
            "{}",
        ] {
            counts.add(&value(meta));
        }
        assert_eq!(counts.due(INTERVAL_NS + 4), None);
        let table = "classification      |  total\nTOTAL               |      5\n<unclassified>      |      2\n\
                     a                   |      1\nb                   |      2\n";
        assert_eq!(counts.due(INTERVAL_NS + 5).as_deref(), Some(table));
        assert_eq!(counts.due(INTERVAL_NS + 6), None);
        let table = "classification      |  total\nTOTAL               |      0\n";
        assert_eq!(counts.due(2 * INTERVAL_NS + 5).as_deref(), Some(table));
    }
}
