use super::*;
use crate::testing::{batch, event, json_codec};

/// When the sinks of these tests are built: one second.
const START: u64 = NS_PER_S;

fn sink(warmup_secs: u64, stop_after_secs: u64) -> Blackhole {
    let after = |secs: u64| START + secs * NS_PER_S;
    Blackhole {
        uid: Uid(9),
        url: String::new(),
        encoder: Encoder::new(json_codec(), &[]),
        exit: Exit::default(),
        counts_from_ns: after(warmup_secs),
        ends_ns: (stop_after_secs > 0).then(|| after(warmup_secs + stop_after_secs)),
        measured: Mutex::new(Measured::new(2).unwrap()),
    }
}

fn taken_in_at(mut event: Event, ingest_ns: u64) -> Event {
    event.ingest_ns = ingest_ns;
    event
}

#[test]
fn events_before_the_warm_up_do_not_count() {
    let sink = sink(2, 0);
    assert_eq!(sink.take(&event("[1,2]"), 3 * NS_PER_S - 1), Ok(None));
    assert_eq!(
        sink.take(&taken_in_at(event("[1,2]"), 3 * NS_PER_S), 3 * NS_PER_S + 50),
        Ok(None)
    );
    let measured = sink.measured.lock();
    assert_eq!(
        (measured.latencies.len(), measured.latencies.max(), measured.bytes),
        (1, 50, 5)
    );
}

#[test]
fn every_value_of_a_batch_counts() {
    let sink = sink(0, 0);
    let list = r#"[{"data": {"value": 10, "meta": {}}}, {"data": {"value": 2, "meta": {}}}]"#;
    assert_eq!(sink.take(&batch(list), START), Ok(None));
    let measured = sink.measured.lock();
    assert_eq!((measured.latencies.len(), measured.bytes), (2, 3));
}

#[test]
fn the_first_event_after_the_end_prints_the_report() {
    let sink = sink(1, 2);
    let text = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    for at in 0..3 {
        let now = START + NS_PER_S + at;
        assert_eq!(sink.take(&taken_in_at(event(&text), now - 100), now), Ok(None));
    }
    assert_eq!(sink.take(&event("1"), START + 3 * NS_PER_S), Ok(None));
    let report = sink.take(&event("1"), START + 3 * NS_PER_S + 1).unwrap().unwrap();
    let lines: Vec<&str> = report.lines().collect();
    let words = |at: usize| lines[at].split_whitespace().collect::<Vec<_>>();
    assert_eq!(words(0), ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]);
    assert_eq!(words(2), ["100", "0.000000", "3", "1.00"]);
    assert!(report.contains("Total count    =            4"), "{report}");
    assert_eq!(lines.last(), Some(&"Throughput: 1.5 MB/s"));
    assert_eq!(sink.take(&event("1"), START + 3 * NS_PER_S + 2), Ok(None));
}

#[test]
fn a_measurement_that_is_cut_short_is_about_the_time_it_had() {
    let sink = sink(1, 8);
    let text = format!("\"{}\"", "x".repeat((1 << 20) - 2));
    assert_eq!(sink.take(&event(&text), START + NS_PER_S), Ok(None));
    let report = sink.end(START + 3 * NS_PER_S).unwrap();
    assert_eq!(report.lines().last(), Some("Throughput: 0.5 MB/s"));
    assert_eq!(sink.end(START + 3 * NS_PER_S), None);
}

#[test]
fn without_an_end_or_within_the_warm_up_there_is_no_report() {
    assert_eq!(sink(0, 0).end(START + NS_PER_S), None);
    assert_eq!(sink(2, 1).end(START + NS_PER_S), None);
}
