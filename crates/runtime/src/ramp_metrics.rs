//! Counters of sources and sinks, and the events that report them (spec/operators-and-flow.md C.2, spec/proxy.md 6.3).

use std::sync::atomic::{AtomicU64, Ordering};

use temblor_event::{Event, EventId, Payload, Uid};
use temblor_metrics::{Collect, Counter, Family, Kind, Page, Sharded, Tally};
use temblor_value::{Str, Value};

const NS_PER_S: u64 = 1_000_000_000;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RampPort {
    /// Events a sink received.
    In,
    /// Events a source sent on `out`, or a sink delivered.
    Out,
    /// Events a source sent on `err`, or a sink failed to deliver.
    Error,
}

const PORTS: [(RampPort, &str); 3] = [(RampPort::In, "in"), (RampPort::Out, "out"), (RampPort::Error, "error")];

const RAMP_EVENTS: Family = Family {
    name: "temblor_ramp_events_total",
    kind: Kind::Counter,
    help: "Events of onramps and offramps",
};
const REPLIES_IGNORED: Family = Family {
    name: "temblor_http_replies_ignored_total",
    kind: Kind::Counter,
    help: "Events that reached an onramp and answered nothing",
};

/// Why a reply answers nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ignored {
    /// The request had its reply already.
    Duplicate,
    /// It carries no request of that onramp.
    Unknown,
    /// The request waits no more.
    Late,
}

const CAUSES: [(Ignored, &str); 3] = [
    (Ignored::Duplicate, "duplicate"),
    (Ignored::Unknown, "unknown"),
    (Ignored::Late, "late"),
];

/// Counters of one instance.
#[derive(Debug)]
pub(crate) struct RampMetrics {
    ramp: Str,
    /// The artefact's id.
    id: Str,
    /// It is an onramp that takes replies.
    takes_replies: bool,
    /// Between reports as events; `None`: none.
    interval_ns: Option<u64>,
    last_ns: AtomicU64,
    counts: Sharded<[Tally; 3]>,
    ignored: [Counter; CAUSES.len()],
}

impl RampMetrics {
    /// Counters of the instance that was first linked as `url`.
    pub(crate) fn new(url: &str, id: Str, interval_s: Option<u64>) -> Self {
        Self {
            ramp: Str::new(url),
            id,
            takes_replies: false,
            interval_ns: interval_s.map(|interval_s| interval_s.saturating_mul(NS_PER_S)),
            last_ns: AtomicU64::new(0),
            counts: Sharded::default(),
            ignored: Default::default(),
        }
    }

    /// The same of an onramp that takes replies.
    #[must_use]
    pub(crate) fn with_replies(self) -> Self {
        Self {
            takes_replies: true,
            ..self
        }
    }

    /// The artefact's id.
    pub(crate) fn id(&self) -> &Str {
        &self.id
    }

    /// Counts a reply that answers nothing.
    pub(crate) fn ignore(&self, cause: Ignored) {
        self.ignored[cause as usize].one();
    }

    /// Counts an event; to be called after [`RampMetrics::report_if_due`].
    pub(crate) fn count(&self, port: RampPort) {
        self.counts.mine()[port as usize].one();
    }

    /// Three events with the totals if the interval has passed since the last report. Of several workers one reports.
    pub(crate) fn report_if_due(&self, at_ns: u64) -> Option<[Event; 3]> {
        let interval_ns = self.interval_ns?;
        let last_ns = self.last_ns.load(Ordering::Relaxed);
        let is_due = at_ns >= last_ns.saturating_add(interval_ns);
        let is_mine = is_due
            && self
                .last_ns
                .compare_exchange(last_ns, at_ns, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        is_mine.then(|| PORTS.map(|(port, name)| self.event(port, name, at_ns)))
    }

    fn total(&self, port: RampPort) -> u64 {
        self.counts.sum(|counts| counts[port as usize].get())
    }

    fn event(&self, port: RampPort, name: &'static str, at_ns: u64) -> Event {
        let mut tags = Value::object();
        tags.insert(Str::from_static("ramp"), self.ramp.clone());
        tags.insert(Str::from_static("port"), Str::from_static(name));
        let mut fields = Value::object();
        fields.insert(Str::from_static("count"), self.total(port));
        let mut record = Value::object();
        record.insert(Str::from_static("measurement"), Str::from_static("ramp_events"));
        record.insert(Str::from_static("tags"), tags);
        record.insert(Str::from_static("fields"), fields);
        record.insert(Str::from_static("timestamp"), at_ns);
        Event::new(EventId::new(Uid(0), 0), Payload::new(record, Value::object()), at_ns)
    }
}

impl Collect for RampMetrics {
    fn collect(&self, page: &mut Page) {
        for (port, name) in PORTS {
            page.counter(&RAMP_EVENTS, &[("ramp", &self.ramp), ("port", name)], self.total(port));
        }
        if !self.takes_replies {
            return;
        }
        for ((_, cause), count) in CAUSES.iter().zip(&self.ignored) {
            page.counter(&REPLIES_IGNORED, &[("onramp", &self.id), ("cause", cause)], count.get());
        }
    }
}

#[cfg(test)]
mod tests {
    use temblor_value::json;

    use super::*;

    fn texts(events: &[Event]) -> Vec<String> {
        events
            .iter()
            .map(|event| {
                let mut text = Vec::new();
                json::encode(event.value(), &mut text);
                String::from_utf8(text).unwrap()
            })
            .collect()
    }

    #[test]
    fn the_first_event_reports_zeros_and_later_ones_totals() {
        let metrics = RampMetrics::new("tremor://localhost/onramp/a/01/out", Str::from_static("a"), Some(10));
        let at = 1_893_456_000_000_000_000;
        let first = metrics.report_if_due(at).unwrap();
        assert_eq!(
            texts(&first)[0],
            r#"{"measurement":"ramp_events","tags":{"ramp":"tremor://localhost/onramp/a/01/out","port":"in"},"fields":{"count":0},"timestamp":1893456000000000000}"#
        );
        metrics.count(RampPort::Out);
        metrics.count(RampPort::Out);
        metrics.count(RampPort::Error);
        assert!(metrics.report_if_due(at + 10 * NS_PER_S - 1).is_none());
        let second = texts(&metrics.report_if_due(at + 10 * NS_PER_S).unwrap());
        let counts: Vec<bool> = [(0, "in", 0), (1, "out", 2), (2, "error", 1)]
            .iter()
            .map(|(place, port, count)| second[*place].contains(&format!(r#""port":"{port}"}},"fields":{{"count":{count}}}"#)))
            .collect();
        assert_eq!(counts, [true, true, true], "{second:?}");
        assert!(metrics.report_if_due(at + 11 * NS_PER_S).is_none());
    }
}
