//! The numbers at one moment, and their text: Prometheus text 0.0.4 or `OpenMetrics` 1.0.
//!
//! Samples of one family stand together, whoever gave them, and samples with equal labels are one: what several gave is added up.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::Snapshot;

/// What a family's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// A present value.
    Gauge,
    /// A distribution.
    Histogram,
}

/// A family of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The name; that of a counter ends in `_total`, that of a duration in `_seconds`.
    pub name: &'static str,
    /// What its numbers are.
    pub kind: Kind,
    /// One line for people.
    pub help: &'static str,
}

/// The two texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus text 0.0.4.
    Text,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Format {
    /// The media type of an answer.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Page {
    families: BTreeMap<&'static str, (Family, BTreeMap<String, Sample>)>,
}

#[derive(Debug)]
enum Sample {
    Counter(u64),
    Gauge(f64),
    Histogram(Snapshot),
}

impl Page {
    /// A counter's number; added to what stands under the same labels.
    pub fn counter(&mut self, family: &Family, labels: &[(&str, &str)], number: u64) {
        match self.samples(family).entry(label_text(labels)).or_insert(Sample::Counter(0)) {
            Sample::Counter(present) => *present = present.wrapping_add(number),
            Sample::Gauge(_) | Sample::Histogram(_) => {}
        }
    }

    /// A gauge's value; added to what stands under the same labels.
    pub fn gauge(&mut self, family: &Family, labels: &[(&str, &str)], value: f64) {
        match self.samples(family).entry(label_text(labels)).or_insert(Sample::Gauge(0.0)) {
            Sample::Gauge(present) => *present += value,
            Sample::Counter(_) | Sample::Histogram(_) => {}
        }
    }

    /// A distribution; added to what stands under the same labels.
    pub fn histogram(&mut self, family: &Family, labels: &[(&str, &str)], snapshot: &Snapshot) {
        let samples = self.samples(family);
        let labels = label_text(labels);
        match samples.get_mut(&labels) {
            Some(Sample::Histogram(present)) => present.merge(snapshot),
            Some(Sample::Counter(_) | Sample::Gauge(_)) => {}
            None => {
                samples.insert(labels, Sample::Histogram(snapshot.clone()));
            }
        }
    }

    fn samples(&mut self, family: &Family) -> &mut BTreeMap<String, Sample> {
        &mut self
            .families
            .entry(family.name)
            .or_insert_with(|| (*family, BTreeMap::new()))
            .1
    }

    fn write_head(&self, out: &mut String, family: &Family, format: Format) {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let (name, kind) = match family.name.strip_suffix("_total") {
            // `OpenMetrics` names a counter's family without the suffix of its samples. Where a gauge has that name already, the counter keeps
            // its own and is of no kind.
            Some(stem) if format == Format::OpenMetrics && family.kind == Kind::Counter => {
                if self.families.contains_key(stem) {
                    (family.name, "unknown")
                } else {
                    (stem, kind)
                }
            }
            _ => (family.name, kind),
        };
        // Writing to a string cannot fail.
        let _ = write!(out, "# HELP {name} {}\n# TYPE {name} {kind}\n", family.help);
    }

    /// The text.
    pub fn render(&self, format: Format) -> String {
        let mut out = String::with_capacity(16 << 10);
        for (family, samples) in self.families.values() {
            self.write_head(&mut out, family, format);
            for (labels, sample) in samples {
                match sample {
                    Sample::Counter(number) => write_sample(&mut out, family.name, labels, *number),
                    Sample::Gauge(value) => write_sample(&mut out, family.name, labels, Number(*value)),
                    Sample::Histogram(snapshot) => write_histogram(&mut out, family.name, labels, snapshot, format),
                }
            }
        }
        if format == Format::OpenMetrics {
            out.push_str("# EOF\n");
        }
        out
    }
}

/// Labels as they stand in the text, without braces, in the order given.
fn label_text(labels: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (at, (name, value)) in labels.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push_str(name);
        out.push_str("=\"");
        for char in value.chars() {
            match char {
                '\\' => out.push_str("\\\\"),
                '"' => out.push_str("\\\""),
                '\n' => out.push_str("\\n"),
                char => out.push(char),
            }
        }
        out.push('"');
    }
    out
}

fn write_sample(out: &mut String, name: &str, labels: &str, value: impl std::fmt::Display) {
    let _ = if labels.is_empty() {
        writeln!(out, "{name} {value}")
    } else {
        writeln!(out, "{name}{{{labels}}} {value}")
    };
}

fn write_histogram(out: &mut String, name: &str, labels: &str, snapshot: &Snapshot, format: Format) {
    let comma = if labels.is_empty() { "" } else { "," };
    let mut total = 0;
    for (count, bound) in snapshot.counts.iter().zip(snapshot.buckets.seconds()) {
        total += count;
        let _ = match format {
            Format::Text => writeln!(out, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {total}"),
            // Its numbers of buckets have a point or an exponent.
            Format::OpenMetrics => writeln!(out, "{name}_bucket{{{labels}{comma}le=\"{bound:?}\"}} {total}"),
        };
    }
    let total = snapshot.count();
    let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {total}");
    write_sample(out, &format!("{name}_sum"), labels, Number(snapshot.sum_s));
    write_sample(out, &format!("{name}_count"), labels, total);
}

/// A float as both formats read it.
struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_nan() {
            f.write_str("NaN")
        } else if self.0.is_infinite() {
            f.write_str(if self.0 > 0.0 { "+Inf" } else { "-Inf" })
        } else {
            self.0.fmt(f)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Buckets, Histogram};

    const REQUESTS: Family = Family {
        name: "requests_total",
        kind: Kind::Counter,
        help: "Requests",
    };
    const SLOTS: Family = Family {
        name: "slots",
        kind: Kind::Gauge,
        help: "Slots",
    };
    const TIME: Family = Family {
        name: "time_seconds",
        kind: Kind::Histogram,
        help: "Time",
    };

    fn page() -> Page {
        let mut page = Page::default();
        let histogram = Histogram::new(&Buckets::new(vec![0.5, 2.0]).unwrap());
        for ms in [100, 500, 1500, 9000] {
            histogram.observe(Duration::from_millis(ms));
        }
        page.counter(&REQUESTS, &[("onramp", "b\\c"), ("code", "200")], 2);
        page.gauge(&SLOTS, &[], 1.5);
        page.histogram(&TIME, &[("onramp", "a\"\n")], &histogram.snapshot());
        page.counter(&REQUESTS, &[("onramp", "b\\c"), ("code", "200")], 3);
        page
    }

    #[test]
    fn the_text_of_prometheus() {
        let text = "# HELP requests_total Requests\n\
            # TYPE requests_total counter\n\
            requests_total{onramp=\"b\\\\c\",code=\"200\"} 5\n\
            # HELP slots Slots\n\
            # TYPE slots gauge\n\
            slots 1.5\n\
            # HELP time_seconds Time\n\
            # TYPE time_seconds histogram\n\
            time_seconds_bucket{onramp=\"a\\\"\\n\",le=\"0.5\"} 2\n\
            time_seconds_bucket{onramp=\"a\\\"\\n\",le=\"2\"} 3\n\
            time_seconds_bucket{onramp=\"a\\\"\\n\",le=\"+Inf\"} 4\n\
            time_seconds_sum{onramp=\"a\\\"\\n\"} 11.1\n\
            time_seconds_count{onramp=\"a\\\"\\n\"} 4\n";
        assert_eq!(page().render(Format::Text), text);
    }

    #[test]
    fn open_metrics_names_counters_without_suffix_and_ends() {
        let text = page().render(Format::OpenMetrics);
        assert!(
            text.starts_with("# HELP requests Requests\n# TYPE requests counter\nrequests_total{"),
            "{text}"
        );
        assert!(text.contains("le=\"2.0\"") && text.ends_with("\n# EOF\n"), "{text}");
    }

    #[test]
    fn open_metrics_knows_a_family_once() {
        let mut page = Page::default();
        page.counter(&REQUESTS, &[], 7);
        page.gauge(
            &Family {
                name: "requests",
                ..SLOTS
            },
            &[],
            1.0,
        );
        let text = page.render(Format::OpenMetrics);
        assert!(text.contains("# TYPE requests gauge\nrequests 1\n"), "{text}");
        assert!(text.contains("# TYPE requests_total unknown\nrequests_total 7\n"), "{text}");
        assert!(page.render(Format::Text).contains("# TYPE requests_total counter\n"));
    }

    #[test]
    fn distributions_with_equal_labels_are_one() {
        let mut page = Page::default();
        let histogram = Histogram::new(&Buckets::new(vec![1.0]).unwrap());
        histogram.observe(Duration::from_secs(2));
        page.histogram(&TIME, &[], &histogram.snapshot());
        page.histogram(&TIME, &[], &histogram.snapshot());
        let text = page.render(Format::Text);
        assert!(
            text.contains("time_seconds_bucket{le=\"1\"} 0\n") && text.contains("time_seconds_count 2\n"),
            "{text}"
        );
        assert!(text.contains("time_seconds_sum 4\n"), "{text}");
    }
}
