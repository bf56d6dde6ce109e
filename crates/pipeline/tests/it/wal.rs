//! The write-ahead log: spec/operators-and-flow.md B.9.

use temblor_event::{Event, Insight, InsightKind, Uid};

use crate::bench::{Bench, SOURCE, texts};

const SINK: Uid = Uid(1 << 52);

fn log(with: &str) -> Bench {
    Bench::new(&format!(
        "define qos::wal operator w with {with} end; create operator w; select event from in into w; select event from w into out;"
    ))
}

fn breaker(bench: &mut Bench, kind: InsightKind) {
    let insight = bench.feed_back(Insight::breaker(kind, SINK, 0));
    assert_eq!(insight.kind, InsightKind::None, "nothing of it reaches the sources");
}

fn send(bench: &mut Bench, value: &str) -> Vec<(String, Event)> {
    let mut event = bench.event(value, 5);
    event.transactional = true;
    bench.run(event)
}

#[test]
fn nothing_leaves_until_a_sink_is_open() {
    let mut bench = log("read_count = 10, max_elements = 100");
    assert!(send(&mut bench, "1").is_empty());
    assert_eq!(bench.tick(6), [""; 0]);
    breaker(&mut bench, InsightKind::Resume);
    assert_eq!(bench.tick(7), ["out 1"]);
    assert_eq!(texts(&send(&mut bench, "2")), ["out 2"]);
    breaker(&mut bench, InsightKind::Pause);
    assert!(send(&mut bench, "3").is_empty());
}

#[test]
fn sources_are_answered_when_the_event_is_stored() {
    let mut bench = log("read_count = 10, max_elements = 100");
    send(&mut bench, "1");
    let (_, insight) = bench.raised.remove(0);
    assert_eq!(insight.kind, InsightKind::Ack);
    assert_eq!(insight.id.and_then(|id| id.max_by_source(SOURCE)), Some((0, 0)));
    // Nobody asked for an answer to this one.
    bench.send("2", 0);
    assert!(bench.raised.is_empty());
}

#[test]
fn replayed_events_have_ids_of_the_log_and_want_answers() {
    let mut bench = log("read_count = 0, max_elements = 100");
    bench.send("1", 0);
    bench.send("2", 0);
    breaker(&mut bench, InsightKind::Resume);
    let events = bench.tick_events(9);
    assert_eq!(texts(&events), ["out 1"], "read_count + 1 at a time");
    let event = &events[0].1;
    assert!(event.transactional);
    assert_eq!(event.id.number(), 0);
    assert_ne!(event.id.source(), SOURCE);
    assert_eq!(event.id.max_by_source(SOURCE), Some((0, 0)));
    assert_eq!(bench.tick(10), ["out 2"]);
    assert_eq!(bench.tick(11), [""; 0]);
}

#[test]
fn failures_are_delivered_again_and_acknowledgements_are_not() {
    let mut bench = log("read_count = 10, max_elements = 100");
    breaker(&mut bench, InsightKind::Resume);
    let first = send(&mut bench, "1").remove(0).1;
    let second = send(&mut bench, "2").remove(0).1;
    send(&mut bench, "3");
    let ack = bench.feed_back(Insight::about(&first, InsightKind::Ack, SINK, 0));
    assert_eq!(ack.kind, InsightKind::None);
    bench.feed_back(Insight::about(&second, InsightKind::Fail, SINK, 0));
    assert_eq!(bench.tick(10), ["out 2", "out 3"]);
    bench.feed_back(Insight::about(&first, InsightKind::Fail, SINK, 0));
    assert_eq!(
        bench.tick(11),
        ["out 2", "out 3"],
        "what was confirmed and deleted does not come back"
    );
}

#[test]
fn insights_about_other_events_pass() {
    let mut bench = log("read_count = 10, max_elements = 100");
    let foreign = bench.event("1", 0);
    let insight = bench.feed_back(Insight::about(&foreign, InsightKind::Fail, SINK, 0));
    assert_eq!(insight.kind, InsightKind::Fail);
}

#[test]
fn at_a_limit_sources_are_paused_until_there_is_room() {
    for limit in ["max_elements = 2", "max_bytes = 9"] {
        let mut bench = log(&format!("read_count = 10, {limit}"));
        breaker(&mut bench, InsightKind::Resume);
        let kinds = |bench: &mut Bench| bench.raised.drain(..).map(|(_, insight)| insight.kind).collect::<Vec<_>>();
        bench.send("111", 0);
        assert_eq!(kinds(&mut bench), []);
        let second = bench.event("222", 0);
        let second = bench.run(second).remove(0).1;
        assert_eq!(kinds(&mut bench), [InsightKind::Pause], "{limit}");
        bench.send("333", 0);
        assert_eq!(
            kinds(&mut bench),
            [],
            "events are stored beyond the limit, and it is told once"
        );
        bench.feed_back(Insight::about(&second, InsightKind::Ack, SINK, 0));
        bench.tick(1);
        bench.tick(2);
        assert_eq!(kinds(&mut bench), [InsightKind::Resume], "{limit}");
    }
}
