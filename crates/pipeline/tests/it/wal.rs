//! The write-ahead log: spec/operators-and-flow.md B.9.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use temblor_event::{Event, EventId, Insight, InsightKind, Uid};
use temblor_pipeline::op::memory_log::MemoryLog;
use temblor_pipeline::op::wal::{LogError, LogStore, LogStores, SyncPolicy};
use temblor_pipeline::port::NodeId;

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
    let third = send(&mut bench, "3").remove(0).1;
    let ack = bench.feed_back(Insight::about(&first, InsightKind::Ack, SINK, 0));
    assert_eq!(ack.kind, InsightKind::None);
    let fail = bench.feed_back(Insight::about(&second, InsightKind::Fail, SINK, 0));
    assert_eq!(fail.kind, InsightKind::None);
    assert_eq!(bench.tick(10), ["out 2"], "the third is still with the sink");
    bench.feed_back(Insight::about(&first, InsightKind::Fail, SINK, 0));
    assert_eq!(bench.tick(11), [""; 0], "what was confirmed and deleted does not come back");
    for event in [&second, &third] {
        bench.feed_back(Insight::about(event, InsightKind::Fail, SINK, 0));
    }
    assert_eq!(bench.tick(12), ["out 2", "out 3"]);
}

#[test]
fn failures_come_back_before_new_events_and_count_as_read() {
    let mut bench = log("read_count = 1, max_elements = 100");
    breaker(&mut bench, InsightKind::Resume);
    let first = send(&mut bench, "1").remove(0).1;
    breaker(&mut bench, InsightKind::Pause);
    send(&mut bench, "2");
    send(&mut bench, "3");
    bench.feed_back(Insight::about(&first, InsightKind::Fail, SINK, 0));
    assert_eq!(bench.tick(9), [""; 0]);
    breaker(&mut bench, InsightKind::Resume);
    assert_eq!(bench.tick(10), ["out 1", "out 2"]);
    assert_eq!(bench.tick(11), ["out 3"]);
}

/// Whether sources may go on after three events and `judge`, with a limit of two events.
fn has_room(query: &str, judge: impl FnOnce(&mut Bench, Vec<Event>)) -> bool {
    let mut bench = Bench::new(query);
    breaker(&mut bench, InsightKind::Resume);
    let mut events = Vec::new();
    for value in ["1", "2", "3"] {
        events.extend(send(&mut bench, value).into_iter().map(|(_, event)| event));
    }
    judge(&mut bench, events);
    bench.tick(20);
    let mut told = bench.raised.iter().map(|(_, insight)| insight.kind);
    let last = told.rfind(|kind| matches!(kind, InsightKind::Pause | InsightKind::Resume));
    last != Some(InsightKind::Pause)
}

fn limited(then: &str) -> String {
    format!(
        "define qos::wal operator w with read_count = 10, max_elements = 2 end; create operator w; select event from in into w; {then}"
    )
}

#[test]
fn an_overtaking_acknowledgement_does_not_cover_what_was_overtaken() {
    let plain = limited("select event from w into out;");
    let last_only = |bench: &mut Bench, events: Vec<Event>| {
        bench.feed_back(Insight::about(&events[2], InsightKind::Ack, SINK, 0));
    };
    assert!(!has_room(&plain, last_only));
    let backwards = |bench: &mut Bench, events: Vec<Event>| {
        for event in events.iter().rev() {
            bench.feed_back(Insight::about(event, InsightKind::Ack, SINK, 0));
        }
    };
    assert!(has_room(&plain, backwards));
}

#[test]
fn what_ends_inside_the_graph_is_settled() {
    for then in [
        "select event from w where event > 9 into out;",
        "define script s script drop end; create script s; select event from w into s; select event from s into out;",
        "select event.a from w into out;",
        "create stream nobody; select event from w into nobody;",
    ] {
        assert!(
            has_room(&limited(then), |_, events| assert!(events.is_empty(), "{then}")),
            "{then}"
        );
    }
}

#[test]
fn what_reached_a_sink_waits_for_its_judgement_though_other_copies_ended() {
    let query = limited("select event from w into out; select event from w where false into out;");
    assert!(!has_room(&query, |_, _| {}));
}

#[test]
fn a_batch_holds_and_settles_what_is_in_it() {
    let batch = "define generic::batch operator b with count = 3 end; create operator b; select event from w into b;";
    let to_out = limited(&format!("{batch} select event from b into out;"));
    assert!(!has_room(&to_out, |_, events| assert_eq!(events.len(), 1)));
    assert!(has_room(&to_out, |bench, events| {
        bench.feed_back(Insight::about(&events[0], InsightKind::Ack, SINK, 0));
    }));
    let dropped = limited(&format!("{batch} select event from b where false into out;"));
    assert!(has_room(&dropped, |_, _| {}));
    let held = limited(&batch.replace("count = 3", "count = 4"));
    assert!(!has_room(&held, |_, _| {}));
}

#[test]
fn a_window_holds_and_settles_what_is_in_it() {
    let window = |size, having| {
        limited(&format!(
            "define tumbling window t with size = {size} end; select aggr::test::all(event) from w[t] into out having {having};"
        ))
    };
    assert!(!has_room(&window(4, "true"), |_, _| {}));
    assert!(has_room(&window(3, "false"), |_, events| assert!(events.is_empty())));
    assert!(has_room(&window(3, "true"), |bench, events| {
        bench.feed_back(Insight::about(&events[0], InsightKind::Ack, SINK, 0));
    }));
}

#[test]
fn a_second_log_takes_over() {
    let second = "define qos::wal operator v with read_count = 1, max_elements = 100 end; create operator v; select event from w into v; select event from v into out;";
    let mut bench = Bench::new(&limited(second));
    // The second log keeps what sinks tell to itself; four nodes are built in, and it comes after a select.
    let second = NodeId(6);
    bench.feed_back_from(second, Insight::breaker(InsightKind::Resume, SINK, 0));
    for value in ["1", "2", "3"] {
        assert_eq!(send(&mut bench, value).len(), 0);
    }
    // It acknowledges what it stored, and that goes to the first.
    let raised = std::mem::take(&mut bench.raised);
    let taken: Vec<InsightKind> = raised
        .into_iter()
        .filter(|(node, _)| *node == second)
        .map(|(node, insight)| bench.feed_back_from(node, insight).kind)
        .collect();
    assert_eq!(taken, [InsightKind::None; 3]);
    bench.tick(20);
    let told: Vec<InsightKind> = bench.raised.iter().map(|(_, insight)| insight.kind).collect();
    assert_eq!(told, [InsightKind::Resume]);
}

/// A log in memory that counts how often it was asked to store, and may refuse.
struct Moody {
    log: MemoryLog,
    flushes: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
    taken: Vec<(u64, Event)>,
}

#[derive(Default)]
struct MoodyStores {
    flushes: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
}

impl LogStores for MoodyStores {
    fn open(&self, _dir: &str, _sync: SyncPolicy) -> Result<Box<dyn LogStore>, LogError> {
        Ok(Box::new(Moody {
            log: MemoryLog::new(false),
            flushes: Arc::clone(&self.flushes),
            fails: Arc::clone(&self.fails),
            taken: Vec::new(),
        }))
    }
}

impl LogStore for Moody {
    fn append(&mut self, number: u64, event: Event) -> Result<(), LogError> {
        self.taken.push((number, event));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), LogError> {
        self.flushes.fetch_add(1, Ordering::Relaxed);
        let taken = std::mem::take(&mut self.taken);
        if self.fails.load(Ordering::Relaxed) {
            return Err(LogError("no room".to_owned()));
        }
        taken
            .into_iter()
            .try_for_each(|(number, event)| self.log.append(number, event))
    }

    fn read(&mut self, count: usize, into: &mut Vec<(u64, Event)>) -> Result<(), LogError> {
        self.log.read(count, into)
    }

    fn read_again(&mut self, number: u64) -> Result<Option<Event>, LogError> {
        self.log.read_again(number)
    }

    fn delete_to(&mut self, number: u64) -> Result<(), LogError> {
        self.log.delete_to(number)
    }

    fn confirmed(&self) -> Option<u64> {
        self.log.confirmed()
    }

    fn confirm(&mut self, number: u64, now_ns: u64) -> Result<(), LogError> {
        self.log.confirm(number, now_ns)
    }

    fn tick(&mut self) -> Result<(), LogError> {
        self.log.tick()
    }

    fn next_number(&self) -> u64 {
        self.taken.last().map_or(self.log.next_number(), |(number, _)| number + 1)
    }

    fn count(&self) -> u64 {
        self.log.count()
    }

    fn bytes(&self) -> u64 {
        self.log.bytes()
    }

    fn is_lasting(&self) -> bool {
        self.log.is_lasting()
    }
}

fn moody(stores: &MoodyStores, read_count: u64) -> Bench {
    let query = format!(
        "define qos::wal operator w with read_count = {read_count}, max_elements = 9, dir = \"d\" end; create operator w; select event from in into w; select event from w into out;"
    );
    let mut bench = Bench::with_logs(&query, stores);
    breaker(&mut bench, InsightKind::Resume);
    bench
}

fn run_in_turn(bench: &mut Bench, values: &[&str]) {
    for value in values {
        let mut event = bench.event(value, 5);
        event.transactional = true;
        assert!(bench.run_in_turn(event).is_empty());
    }
}

/// What was told to sources since the last look.
fn answers(bench: &mut Bench) -> Vec<(InsightKind, Option<EventId>)> {
    bench
        .raised
        .drain(..)
        .map(|(_, insight)| (insight.kind, insight.id))
        .collect()
}

#[test]
fn events_of_a_turn_are_stored_together_and_acknowledged_after_that() {
    let stores = MoodyStores::default();
    let mut bench = moody(&stores, 0);
    run_in_turn(&mut bench, &["1", "2", "3"]);
    assert!(bench.raised.is_empty());
    let events = bench.end_turn();
    assert_eq!(texts(&events), ["out 1", "out 2", "out 3"], "a reading for each of them");
    assert_eq!(stores.flushes.load(Ordering::Relaxed), 1);
    let wanted = (0..3).map(|number| (InsightKind::Ack, Some(EventId::new(SOURCE, number))));
    assert_eq!(answers(&mut bench), wanted.collect::<Vec<_>>());
}

#[test]
fn a_tick_stores_what_another_turn_has_taken_in() {
    let stores = MoodyStores::default();
    let mut bench = moody(&stores, 0);
    run_in_turn(&mut bench, &["1", "2"]);
    assert_eq!(bench.tick(9), ["out 1"]);
    assert_eq!(bench.raised.len(), 2);
    assert_eq!(bench.tick(10), ["out 2"]);
}

#[test]
fn what_cannot_be_stored_fails_and_is_not_emitted() {
    let stores = MoodyStores::default();
    let mut bench = moody(&stores, 10);
    stores.fails.store(true, Ordering::Relaxed);
    run_in_turn(&mut bench, &["1", "2"]);
    let mut unasked = bench.event("3", 5);
    unasked.transactional = false;
    assert!(bench.run_in_turn(unasked).is_empty());
    assert!(bench.end_turn().is_empty());
    let wanted = (0..2).map(|number| (InsightKind::Fail, Some(EventId::new(SOURCE, number))));
    assert_eq!(answers(&mut bench), wanted.collect::<Vec<_>>());
    assert!(bench.errors[0].to_string().contains("no room"), "{:?}", bench.errors);
    stores.fails.store(false, Ordering::Relaxed);
    assert_eq!(texts(&send(&mut bench, "4")), ["out 4"]);
    assert_eq!(answers(&mut bench), [(InsightKind::Ack, Some(EventId::new(SOURCE, 3)))]);
}

#[test]
fn what_a_tick_cannot_store_fails() {
    let stores = MoodyStores::default();
    let mut bench = moody(&stores, 10);
    stores.fails.store(true, Ordering::Relaxed);
    run_in_turn(&mut bench, &["1"]);
    assert_eq!(bench.tick(9), [""; 0]);
    assert_eq!(answers(&mut bench), [(InsightKind::Fail, Some(EventId::new(SOURCE, 0)))]);
    stores.fails.store(false, Ordering::Relaxed);
    assert_eq!(bench.tick(10), [""; 0]);
    assert_eq!(answers(&mut bench), [], "it is told once");
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
        let mut events = Vec::new();
        let mut send = |bench: &mut Bench, value: &str| {
            let event = bench.event(value, 0);
            events.push(bench.run(event).remove(0).1);
            kinds(bench)
        };
        assert_eq!(send(&mut bench, "111"), []);
        assert_eq!(send(&mut bench, "222"), [InsightKind::Pause], "{limit}");
        assert_eq!(
            send(&mut bench, "333"),
            [],
            "events are stored beyond the limit, and it is told once"
        );
        for event in &events {
            assert_eq!(kinds(&mut bench), []);
            bench.feed_back(Insight::about(event, InsightKind::Ack, SINK, 0));
        }
        bench.tick(1);
        bench.tick(2);
        assert_eq!(kinds(&mut bench), [InsightKind::Resume], "{limit}");
    }
}
