//! Operators: spec/operators-and-flow.md B, spec/proxy.md 4.2 and 4.3.

use temblor_event::{Attempt, Event, Insight, InsightKind, Mark, OpMeta, Outcome, Reason, Uid};
use temblor_syntax::ast::Dialect;
use temblor_value::{Value, json};

use crate::bench::{Bench, json};

const MS: u64 = 1_000_000;

/// A query with one operator between `in` and its output ports.
fn around(kind: &str, with: &str, ports: &[&str]) -> Bench {
    let with = if with.is_empty() {
        String::new()
    } else {
        format!("with {with} end")
    };
    let mut text = format!("define {kind} operator o {with}; create operator o; select event from in into o;");
    for port in ports {
        text += &format!("select event from o/{port} into out/{port};");
    }
    Bench::new(&text)
}

fn report(event: &Event, kind: InsightKind, at_ns: u64, time_ms: Option<u64>) -> Insight {
    Insight {
        time_ms,
        ..Insight::about(event, kind, Uid(1 << 52), at_ns)
    }
}

fn port_of(bench: &mut Bench, at_ns: u64) -> (String, Event) {
    let event = bench.event("0", at_ns);
    bench.run(event).remove(0)
}

#[test]
fn a_batch_leaves_when_it_is_full() {
    let mut bench = around("generic::batch", "count = 2", &["out"]);
    let mut first = bench.event(r#"{"v":1}"#, 10);
    first.payload.meta = json(r#"{"m":1}"#);
    first.transactional = true;
    assert!(bench.run(first).is_empty());
    let second = bench.event("2", 20);
    let (_, batch) = bench.run(second).remove(0);
    let wanted = r#"[{"data":{"value":{"v":1},"meta":{"m":1},"ingest_ns":10,"kind":null,"is_batch":false}},
                     {"data":{"value":2,"meta":{},"ingest_ns":20,"kind":null,"is_batch":false}}]"#;
    assert_eq!(batch.value(), &json(wanted));
    assert_eq!((batch.ingest_ns, batch.meta()), (10, &Value::object()));
    assert!(batch.is_batch && batch.transactional && batch.origin.is_none() && batch.op_meta.is_empty());
    assert_eq!(batch.id.min_by_source(Uid(7)), Some((0, 0)));
    assert_eq!(batch.id.max_by_source(Uid(7)), Some((0, 1)));
}

#[test]
fn a_batch_leaves_when_its_first_part_is_old() {
    let mut bench = around("generic::batch", "count = 9, timeout = 10", &["out"]);
    assert_eq!(bench.tick(1000 * MS), [""; 0]);
    bench.send("1", 2000 * MS);
    assert_eq!(bench.tick(2010 * MS), [""; 0]);
    assert_eq!(bench.send("2", 2010 * MS), [""; 0]);
    assert_eq!(bench.tick(2010 * MS + 1).len(), 1);
    assert_eq!(bench.tick(3000 * MS), [""; 0]);
    bench.send("3", 4000 * MS);
    assert_eq!(bench.send("4", 4011 * MS).len(), 1);
}

#[test]
fn in_dialect_09_parts_of_a_batch_have_the_old_shape() {
    let text = "define generic::batch operator o with count = 1 end; create operator o; select event from in into o; select event from o into out;";
    let mut bench = Bench::in_dialect(text, Dialect::V09);
    assert_eq!(
        bench.send("1", 5),
        [r#"out [{"data":{"value":1,"meta":{}},"ingest_ns":5,"kind":null,"is_batch":false}]"#]
    );
}

#[test]
fn a_counter_counts() {
    let mut bench = around("generic::counter", "ignored = true", &["out"]);
    assert_eq!(bench.send("7", 0), [r#"out {"count":1,"event":7}"#]);
    assert_eq!(bench.send("8", 0), [r#"out {"count":2,"event":8}"#]);
}

#[test]
fn a_bucket_limits_each_dimension() {
    let mut bench = around("grouper::bucket", "", &["out", "overflow", "err"]);
    let mut port = |meta: &str, at_ms: u64| {
        let mut event = bench.event("0", at_ms * MS);
        event.payload.meta = json(meta);
        bench.run(event).remove(0).0
    };
    let a = r#"{"class":"c","rate":2,"dimensions":["a"],"time_range":1000,"windows":10}"#;
    let b = r#"{"class":"c","rate":2,"dimensions":["b"]}"#;
    assert_eq!([port(a, 5000), port(a, 5050), port(a, 5060)], ["out", "out", "overflow"]);
    assert_eq!(port(b, 5060), "out");
    // The rate of a known dimension stays; a second later there is room again.
    assert_eq!(port(r#"{"class":"c","rate":0,"dimensions":["a"]}"#, 6200), "out");
    assert_eq!(port("{}", 7000), "err");
    assert_eq!(port(r#"{"class":1,"rate":2}"#, 7000), "err");
    assert_eq!(port(r#"{"class":"d","rate":-2}"#, 7000), "err");
    assert_eq!(port(r#"{"class":"d"}"#, 7000), "err");
    assert_eq!(port(r#"{"class":"d","rate":0}"#, 7000), "overflow");
    assert_eq!(port(r#"{"class":"e","rate":1,"windows":0,"cardinality":0}"#, 7000), "out");
}

#[test]
fn what_a_bucket_refuses_unread_says_when_to_come_back() {
    let mut bench = around("grouper::bucket", "", &["out"]);
    let mut event = bench.event("0", MS);
    event.payload.meta = json(r#"{"class":"c","rate":0,"time_range":1500}"#);
    bench.run(event);
    let end = bench.end.expect("an end");
    assert_eq!((end.reason, end.retry_after_s), (Reason::RateLimited, Some(2)));
}

#[test]
fn history_writes_down_who_passed() {
    let mut bench = around("debug::history", "op = \"here\", name = \"trail\"", &["out"]);
    let (_, event) = port_of(&mut bench, 0);
    assert_eq!(event.meta(), &json(r#"{"trail":["evt: here(7:0:0)"]}"#));
    let event = bench.run(event).remove(0).1;
    assert_eq!(event.meta(), &json(r#"{"trail":["evt: here(7:0:0)","evt: here(7:0:0)"]}"#));
    let mut other = bench.event("0", 0);
    other.payload.meta = json(r#"{"trail":1,"x":2}"#);
    assert_eq!(bench.run(other)[0].1.meta(), &json(r#"{"trail":["evt: here(7:0:1)"],"x":2}"#));
}

#[test]
fn backpressure_steps_up_for_what_fails_and_down_for_what_works() {
    let mut bench = around("qos::backpressure", "timeout = 100, steps = [50, 100]", &["out", "overflow"]);
    let (port, event) = port_of(&mut bench, 1000 * MS);
    assert_eq!(port, "out");
    assert!(event.transactional);
    // Too slow: 50 ms of back-off; nothing of it changes the insight.
    let seen = bench.feed_back(report(&event, InsightKind::Ack, 1001 * MS, Some(101)));
    assert_eq!(seen.kind, InsightKind::Ack);
    assert_eq!(port_of(&mut bench, 1050 * MS).0, "overflow");
    let (port, event) = port_of(&mut bench, 1051 * MS);
    assert_eq!(port, "out");
    assert_eq!(port_of(&mut bench, 1100 * MS).0, "overflow", "one event per period");
    bench.feed_back(report(&event, InsightKind::Fail, 1101 * MS, None));
    assert_eq!(port_of(&mut bench, 1200 * MS).0, "overflow", "the second step is 100 ms");
    let (_, event) = port_of(&mut bench, 1201 * MS);
    bench.feed_back(report(&event, InsightKind::Ack, 1202 * MS, Some(100)));
    assert_eq!(port_of(&mut bench, 1202 * MS).0, "out");
    assert_eq!(port_of(&mut bench, 5 * MS).0, "out", "times do not matter without back-off");
}

#[test]
fn backpressure_ignores_what_is_no_judgement_and_what_is_not_its_own() {
    let mut bench = around("qos::backpressure", "timeout = 100, steps = [50]", &["out", "overflow"]);
    let (_, event) = port_of(&mut bench, 1000 * MS);
    let cancelled = report(&event, InsightKind::Cancelled, 1001 * MS, None);
    let overload = Insight {
        attempt: Some(Attempt {
            outcome: Outcome::Overload,
            is_sent: false,
            status: None,
            elapsed_ms: 0.0,
        }),
        ..report(&event, InsightKind::Fail, 1001 * MS, None)
    };
    let foreign = Insight {
        op_meta: OpMeta::default(),
        ..report(&event, InsightKind::Fail, 1001 * MS, None)
    };
    for insight in [cancelled, overload, foreign] {
        bench.feed_back(insight);
        assert_eq!(port_of(&mut bench, 1002 * MS).0, "out");
    }
}

#[test]
fn one_burst_of_failures_counts_once() {
    let mut bench = around(
        "qos::backpressure",
        "timeout = 100, steps = [50, 100, 10000]",
        &["out", "overflow"],
    );
    let burst: Vec<Event> = (0..5).map(|at| port_of(&mut bench, (1000 + at) * MS).1).collect();
    for event in &burst {
        bench.feed_back(report(event, InsightKind::Fail, 1010 * MS, None));
    }
    assert_eq!(port_of(&mut bench, 1059 * MS).0, "overflow");
    assert_eq!(port_of(&mut bench, 1060 * MS).0, "out");
}

#[test]
fn a_circuit_breaker_pauses_and_resumes_what_lies_before() {
    let mut bench = around(
        "qos::backpressure",
        "timeout = 100, steps = [50], circuit_breaker = true",
        &["out"],
    );
    let (_, event) = port_of(&mut bench, 1000 * MS);
    assert_eq!(
        bench.feed_back(report(&event, InsightKind::Fail, 1001 * MS, None)).kind,
        InsightKind::Pause
    );
    assert_eq!(
        bench.feed_back(report(&event, InsightKind::Pause, 1002 * MS, None)).kind,
        InsightKind::None
    );
    bench.tick(1050 * MS);
    assert!(bench.raised.is_empty());
    bench.tick(1052 * MS);
    assert_eq!(bench.raised.remove(0).1.kind, InsightKind::Resume);
    assert_eq!(port_of(&mut bench, 1052 * MS).0, "out");
}

#[test]
fn overflow_of_backpressure_that_nobody_reads_says_when_to_come_back() {
    let mut bench = around("qos::backpressure", "timeout = 100, steps = [2500]", &["out"]);
    let (_, event) = port_of(&mut bench, 1000 * MS);
    bench.feed_back(report(&event, InsightKind::Fail, 1000 * MS, None));
    assert_eq!(bench.send("0", 1100 * MS), [""; 0]);
    let end = bench.end.expect("an end");
    assert_eq!((end.reason, end.retry_after_s), (Reason::Overflow, Some(3)));
}

#[test]
fn percentile_sheds_a_growing_share() {
    let mut bench = around(
        "qos::percentile",
        "timeout = 100, step_down = 0.5, step_up = 0.25",
        &["out", "overflow"],
    );
    // The last 65535th of the circle passes only while the share is whole.
    let (port, event) = port_of(&mut bench, 65_534);
    assert_eq!(port, "out");
    bench.feed_back(report(&event, InsightKind::Fail, 0, None));
    assert_eq!(port_of(&mut bench, 65_534).0, "overflow");
    assert_eq!(port_of(&mut bench, 65_535).0, "out");
    assert_eq!(port_of(&mut bench, 32_767).0, "out");
    assert_eq!(port_of(&mut bench, 32_768).0, "overflow");
    bench.feed_back(report(&event, InsightKind::Ack, 0, Some(5)));
    assert_eq!(port_of(&mut bench, 32_768).0, "out");
    for _ in 0..3 {
        bench.feed_back(report(&event, InsightKind::Ack, 0, Some(101)));
    }
    assert_eq!(port_of(&mut bench, 1).0, "overflow");
    assert_eq!(port_of(&mut bench, 65_535).0, "out", "nothing is below zero");
}

#[test]
fn a_round_robin_skips_closed_outputs_and_tells_when_all_are() {
    let mut bench = around("qos::roundrobin", "outputs = [\"a\", \"b\"]", &["a", "b", "overflow"]);
    let (first, to_a) = port_of(&mut bench, 0);
    let (second, to_b) = port_of(&mut bench, 0);
    assert_eq!([first.as_str(), second.as_str()], ["a", "b"]);
    assert!(!to_a.transactional);
    assert_eq!(
        bench.feed_back(report(&to_a, InsightKind::Pause, 0, None)).kind,
        InsightKind::None
    );
    assert_eq!([port_of(&mut bench, 0).0, port_of(&mut bench, 0).0], ["b", "b"]);
    assert_eq!(
        bench.feed_back(report(&to_b, InsightKind::Pause, 0, None)).kind,
        InsightKind::Pause
    );
    let (port, event) = port_of(&mut bench, 0);
    assert_eq!(port, "overflow");
    assert!(event.op_meta.is_empty());
    assert_eq!(
        bench.feed_back(report(&to_a, InsightKind::Resume, 0, None)).kind,
        InsightKind::Resume
    );
    assert_eq!(
        bench.feed_back(report(&to_b, InsightKind::Resume, 0, None)).kind,
        InsightKind::None
    );
    assert_eq!(
        bench.feed_back(report(&to_a, InsightKind::Ack, 0, None)).kind,
        InsightKind::Ack
    );
    assert_eq!(
        bench.feed_back(report(&to_a, InsightKind::Fail, 0, None)).kind,
        InsightKind::Fail
    );
    assert_eq!(port_of(&mut bench, 0).0, "a");
}

#[test]
fn a_circuit_breaker_behind_a_round_robin_opens_its_output_again() {
    let mut bench = Bench::new(
        "define qos::roundrobin operator rr with outputs = [\"a\", \"b\"] end; create operator rr;
         define qos::backpressure operator bp with timeout = 1, steps = [50], circuit_breaker = true end;
         create operator bp_a from bp; create operator bp_b from bp;
         select event from in into rr; select event from rr/a into bp_a; select event from rr/b into bp_b;
         select event from bp_a into out/a; select event from bp_b into out/b; select event from rr/overflow into out/overflow;",
    );
    let (port, event) = port_of(&mut bench, 1000 * MS);
    assert_eq!(port, "a");
    assert_eq!(
        bench.feed_back(report(&event, InsightKind::Fail, 1001 * MS, None)).kind,
        InsightKind::None
    );
    let ports: Vec<String> = (0..3).map(|_| port_of(&mut bench, 1010 * MS).0).collect();
    assert_eq!(ports, ["b", "b", "b"]);
    bench.tick(1051 * MS);
    for (node, insight) in std::mem::take(&mut bench.raised) {
        bench.feed_back_from(node, insight);
    }
    let ports: Vec<String> = (0..3).map(|_| port_of(&mut bench, 1052 * MS).0).collect();
    assert_eq!(ports, ["a", "b", "a"]);
}

#[test]
fn a_round_robin_says_once_that_it_is_open() {
    let mut bench = around("qos::roundrobin", "outputs = [\"a\"]", &["a"]);
    bench.tick(1);
    bench.tick(2);
    assert_eq!(bench.raised.len(), 1);
    assert_eq!(bench.raised[0].1.kind, InsightKind::Resume);
}

#[test]
fn a_round_robin_whose_outputs_are_all_closed_at_first_is_opened_by_the_first_of_them() {
    let mut bench = around("qos::roundrobin", "outputs = [\"a\"]", &["a"]);
    let (_, event) = port_of(&mut bench, 0);
    bench.feed_back(report(&event, InsightKind::Pause, 0, None));
    bench.tick(1);
    assert_eq!(
        bench.feed_back(report(&event, InsightKind::Resume, 2, None)).kind,
        InsightKind::Resume
    );
    bench.tick(3);
    assert!(bench.raised.is_empty(), "sources were told by the insight itself");
}

#[test]
fn what_lies_behind_two_outputs_belongs_to_neither() {
    let mut bench = Bench::new(
        "define qos::roundrobin operator rr with outputs = [\"a\", \"b\"] end; create operator rr;
         define qos::backpressure operator bp with timeout = 1 end; create operator bp;
         select event from in into rr; select event from rr/a into bp; select event from rr/b into bp; select event from bp into out;",
    );
    // Uids count in node order: four built-in nodes, `rr`, `bp`.
    let insight = Insight::breaker(InsightKind::Pause, Uid((1 << 47) + 6), 0);
    assert_eq!(bench.feed_back(insight).kind, InsightKind::None);
    assert_eq!(port_of(&mut bench, 0).0, "out");
    assert!(bench.end.is_none());
    let marks: Vec<Mark> = (0..2)
        .map(|_| port_of(&mut bench, 0).1.op_meta.iter().map(|(_, mark)| mark.clone()).next())
        .map(|mark| mark.expect("a mark"))
        .collect();
    assert_eq!(marks, [Mark::Output(1), Mark::Output(0)], "both are open");
}

#[test]
fn a_round_robin_sends_a_repeated_event_elsewhere() {
    let mut bench = around("qos::roundrobin", "outputs = [\"a\", \"b\", \"c\"]", &["a", "b", "c"]);
    let (port, event) = port_of(&mut bench, 0);
    assert_eq!(port, "a");
    port_of(&mut bench, 0);
    port_of(&mut bench, 0);
    // In turn it would be `a` again.
    let (port, event) = bench.run(event).remove(0);
    assert_eq!(port, "b");
    assert_eq!(
        event.op_meta.iter().map(|(_, mark)| mark.clone()).collect::<Vec<_>>(),
        [Mark::Output(1)]
    );
}

#[test]
fn overflow_of_a_round_robin_that_nobody_reads_is_no_upstream() {
    let mut bench = around("qos::roundrobin", "outputs = [\"a\"]", &["a"]);
    let (_, event) = port_of(&mut bench, 0);
    bench.feed_back(report(&event, InsightKind::Pause, 0, None));
    assert_eq!(bench.send("0", 0), [""; 0]);
    assert_eq!(bench.end.map(|end| end.reason), Some(Reason::NoUpstream));
}

#[test]
fn insights_of_a_node_reach_only_the_nodes_before_it() {
    let mut bench = Bench::new(
        "define qos::backpressure operator bp with timeout = 1, steps = [5], circuit_breaker = true end;
         create operator first from bp; create operator second from bp;
         select event from in into first; select event from first into second; select event from second into out;",
    );
    let (_, event) = port_of(&mut bench, 1000 * MS);
    // The last node turns the failure into a pause, which the first one swallows.
    assert_eq!(
        bench.feed_back(report(&event, InsightKind::Fail, 1000 * MS, None)).kind,
        InsightKind::Pause
    );
    bench.tick(1006 * MS);
    let raised: Vec<u16> = bench.raised.iter().map(|(node, _)| node.0).collect();
    assert_eq!(raised, [4, 5]);
}

#[test]
fn operators_pass_the_value_on_as_it_came() {
    for (kind, with) in [
        ("qos::backpressure", "timeout = 1"),
        ("qos::percentile", "timeout = 1"),
        ("qos::roundrobin", "outputs = [\"out\"]"),
        ("debug::history", "op = \"o\", name = \"n\""),
    ] {
        let mut bench = around(kind, with, &["out"]);
        let body = bench.graph.body_use(bench.graph.input("in").expect("in"));
        assert!(
            body.reader.is_none() && body.outputs.iter().all(|(_, untouched)| *untouched),
            "{kind}"
        );
        let (_, event) = port_of(&mut bench, 0);
        assert_eq!(json::to_string(event.value()), "0");
    }
}
