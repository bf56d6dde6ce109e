//! Pipeline metrics: spec/operators-and-flow.md C.1.

use temblor_metrics::{Format, Page};
use temblor_value::Value;

use crate::bench::{Bench, json};

const S: u64 = 1_000_000_000;

fn counts(bench: &mut Bench, at_ns: u64) -> Vec<String> {
    let event = bench.event("{}", at_ns);
    let sent = bench.run(event);
    let metrics = sent.iter().filter(|(port, _)| port == "metrics").map(|(_, event)| {
        let tag = |key: &str| {
            event
                .value()
                .get("tags")
                .and_then(|tags| tags.get(key))
                .and_then(Value::as_str)
                .unwrap_or("-")
                .to_owned()
        };
        let count = event
            .value()
            .get("fields")
            .and_then(|fields| fields.get("count"))
            .and_then(Value::as_u64)
            .unwrap_or(0);
        format!("{} {} {} {count}", tag("node"), tag("direction"), tag("port"))
    });
    metrics.collect()
}

#[test]
fn a_script_between_pass_throughs_has_two_counters() {
    let mut bench = Bench::new(
        "#!config metrics_interval_s = 10\ndefine script s script event end; create script s;
         select event from in into s; select event from s into out;",
    );
    assert_eq!(counts(&mut bench, 100 * S), [""; 0]);
    assert_eq!(counts(&mut bench, 110 * S), [""; 0]);
    assert_eq!(counts(&mut bench, 110 * S + 1), ["out input in 2", "s output out 2"]);
    assert_eq!(counts(&mut bench, 111 * S), [""; 0]);
    // Time running backwards is not due.
    assert_eq!(counts(&mut bench, 5 * S), [""; 0]);
}

#[test]
fn every_counted_port_is_reported_in_node_order() {
    let mut bench = Bench::new(
        "#!config metrics_interval_s = 0\ndefine qos::roundrobin operator r with outputs = [\"a\", \"b\"] end; create operator r;
         select event from in into r; select 1 from in into out; select 2 from r/a into out; select event from r/b into out/q;",
    );
    counts(&mut bench, S);
    counts(&mut bench, 2 * S);
    let wanted = [
        "in output out 2",
        "out input in 3",
        "r input in 2",
        "r output a 1",
        "r output b 1",
        "select_1 input in 2",
        "select_1 output out 2",
        "select_2 input in 1",
        "select_2 output out 1",
        "out/q input in 1",
    ];
    assert_eq!(counts(&mut bench, 3 * S), wanted);
}

#[test]
fn reports_go_ahead_of_the_results() {
    let mut bench = Bench::new("#!config metrics_interval_s = 0\nselect 1 from in into out;");
    bench.send("0", S);
    let event = bench.event("0", 2 * S);
    let sent = bench.run(event);
    let ports: Vec<&str> = sent.iter().map(|(port, _)| port.as_str()).collect();
    assert_eq!(ports, ["metrics", "metrics", "out"]);
    let wanted = r#"{"measurement":"events","tags":{"pipeline":"tremor://localhost/pipeline/test/01","node":"out","direction":"input","port":"in"},"fields":{"count":1},"timestamp":2000000000}"#;
    let first = &sent[0].1;
    assert_eq!(first.value(), &json(wanted));
    assert_eq!((first.ingest_ns, first.id.to_string()), (2 * S, "0:0:0".to_owned()));
}

#[test]
fn ticks_count_as_inputs_only() {
    let mut bench = Bench::new(
        "#!config metrics_interval_s = 0\ndefine generic::batch operator b with count = 9, timeout = 1 end; create operator b;
         select event from in into b; select event from b into out;",
    );
    bench.send("0", S);
    bench.tick(2 * S);
    assert_eq!(counts(&mut bench, 3 * S), ["out input in 1"]);
}

#[test]
fn a_bucket_reports_its_classes() {
    let mut bench = Bench::new(
        "#!config metrics_interval_s = 0\ndefine grouper::bucket operator b; create operator b;
         define script s script let $class = \"c\"; let $rate = 1; event end; create script s;
         select event from in into s; select event from s into b; select event from b into out;",
    );
    bench.send("0", S);
    bench.send("0", S);
    bench.send("0", S + 1);
    let event = bench.event("0", 2 * S);
    let sent = bench.run(event);
    let of_bucket: Vec<&Value> = sent
        .iter()
        .map(|(_, event)| event.value())
        .filter(|value| value.get("measurement") == Some(&json("\"bucketing\"")))
        .collect();
    let wanted = r#"{"measurement":"bucketing","tags":{"pipeline":"tremor://localhost/pipeline/test/01","node":"b","class":"c","action":"overflow"},"fields":{"count":2},"timestamp":2000000000}"#;
    assert_eq!(of_bucket.len(), 2);
    assert_eq!(of_bucket[1], &json(wanted));
}

#[test]
fn without_the_directive_nothing_is_reported() {
    let mut bench = Bench::new("select 1 from in into out;");
    bench.send("0", S);
    assert_eq!(bench.send("0", 1000 * S), ["out 1"]);
}

#[test]
fn every_pipeline_counts_for_whoever_reads_and_reports_no_events_unasked() {
    let mut bench = Bench::new(
        "define qos::roundrobin operator r with outputs = [\"a\", \"b\"] end; create operator r;
         select event from in into r; select event from r/a into out; select event from r/b into out/q;",
    );
    for at in 1..=3 {
        let sent = bench.send("{}", at * S);
        assert!(sent.iter().all(|text| !text.starts_with("metrics")), "{sent:?}");
    }
    let mut page = Page::default();
    bench.graph.collect("route", "a\"", &mut page);
    let text = page.render(Format::Text);
    let line = |rest: &str| format!("temblor_node_events_total{{pipeline=\"route\",instance=\"a\\\"\",{rest}\n");
    for wanted in [
        line("node=\"r\",direction=\"output\",port=\"a\"} 2"),
        line("node=\"r\",direction=\"output\",port=\"b\"} 1"),
        line("node=\"out\",direction=\"input\",port=\"in\"} 2"),
        line("node=\"out/q\",direction=\"input\",port=\"in\"} 1"),
    ] {
        assert!(text.contains(&wanted), "{wanted}{text}");
    }
    assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), 4, "{text}");
}
