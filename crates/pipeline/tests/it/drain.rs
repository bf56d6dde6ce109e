//! What pipelines let go of when nothing more is to come (spec/runtime.md 3.3 and 8.6), and what they hold until then.

use temblor_event::{EventId, Insight, InsightKind, Reason, Uid};

use crate::bench::Bench;

const SINK: Uid = Uid(1 << 52);

#[test]
fn a_batch_leaves_as_it_is() {
    let mut bench = Bench::new(
        "define generic::batch operator b with count = 9 end; create operator b; select event from in into b; select event from b into out;",
    );
    assert_eq!(bench.drain(1), [""; 0]);
    assert_eq!(bench.send("1", 2), [""; 0]);
    assert_eq!(bench.send("2", 2), [""; 0]);
    assert_eq!(bench.tick(u64::MAX), [""; 0]);
    assert_eq!(bench.held(), 2);
    let left = bench.drain(3);
    assert!(
        left.len() == 1 && left[0].contains(r#""value":1"#) && left[0].contains(r#""value":2"#),
        "{left:?}"
    );
    assert_eq!((bench.held(), bench.drain(4)), (0, Vec::new()));
}

#[test]
fn windows_emit_what_they_hold_finer_ones_first() {
    let mut bench = Bench::new(
        "define tumbling window few with size = 2 end; define tumbling window many with size = 100 end;
         select { \"w\": window, \"all\": aggr::test::all(event) } from in[few, many] into out;",
    );
    assert_eq!(bench.drain(1), [""; 0]);
    for value in ["1", "2", "3"] {
        bench.send(value, 2);
    }
    assert_eq!(bench.held(), 2, "one in each window");
    assert_eq!(
        bench.drain(3),
        [r#"out {"w":"few","all":[3]}"#, r#"out {"w":"many","all":[1,2,3]}"#]
    );
    assert_eq!((bench.held(), bench.drain(4)), (0, Vec::new()));
    // What comes all the same begins anew.
    assert_eq!(bench.send("4", 5), [""; 0]);
    assert_eq!(bench.send("5", 5), [r#"out {"w":"few","all":[4,5]}"#]);
}

#[test]
fn every_group_emits_and_an_error_of_one_keeps_no_other() {
    let mut bench = Bench::new(
        "define tumbling window w with interval = 10000000000 end;
         select { \"all\": aggr::test::all(event), \"n\": 1 - group[0] } from in[w] group by event into out;",
    );
    for value in ["1", "\"text\"", "2"] {
        bench.send(value, 2);
    }
    assert_eq!(bench.held(), 3);
    assert_eq!(bench.drain(3).len(), 2);
    assert_eq!(bench.errors.len(), 1);
    assert_eq!(bench.held(), 0);
}

#[test]
fn a_group_that_a_full_finer_window_has_given_up_emits_from_the_coarser_one() {
    const SECOND: u64 = 1_000_000_000;
    let mut bench = Bench::new(
        "define tumbling window few with size = 1, eviction_period = 1000000000, max_groups = 1 end;
         define tumbling window many with size = 100 end;
         define generic::batch operator b with count = 9 end; create operator b;
         select event from in into b; select event from b into out/batch;
         select { \"w\": window, \"all\": aggr::test::all(event) } from in[few, many] group by event into out;",
    );
    bench.send("1", SECOND);
    for seconds in [3, 5, 7, 9] {
        bench.tick(seconds * SECOND);
    }
    bench.send("2", 10 * SECOND);
    let left = bench.drain(11 * SECOND);
    assert!(bench.errors.is_empty(), "{:?}", bench.errors);
    let has = |text: &str| left.iter().any(|event| event.contains(text));
    assert!(
        has(r#"{"w":"many","all":[1]}"#) && has(r#"{"w":"many","all":[2]}"#),
        "{left:?}"
    );
    assert!(has("batch"), "{left:?}");
    assert_eq!(bench.held(), 0);
}

#[test]
fn a_log_in_memory_is_held_until_it_is_delivered() {
    let mut bench = Bench::new(
        "define qos::wal operator w with read_count = 0, max_elements = 100 end; create operator w; \
         select event from in into w; select event from w into out;",
    );
    for value in ["1", "2", "3"] {
        assert_eq!(bench.send(value, 5), [""; 0]);
    }
    assert_eq!(bench.drain(6), [""; 0], "no sink is open");
    assert_eq!(bench.held(), 3);
    bench.feed_back(Insight::breaker(InsightKind::Resume, SINK, 0));
    assert_eq!(bench.drain(7), ["out 1", "out 2", "out 3"]);
    assert_eq!(bench.held(), 3, "nobody has said yet that it has them");
    let log = bench.graph.nodes().iter().find(|node| node.name == "w").unwrap().uid;
    for number in 0..3 {
        let mut ack = Insight::breaker(InsightKind::Ack, SINK, 8);
        ack.id = Some(EventId::new(log, number));
        bench.feed_back(ack);
    }
    bench.drain(9);
    assert_eq!(bench.held(), 0);
}

#[test]
fn a_long_log_leaves_by_and_by() {
    let mut bench = Bench::new(
        "define qos::wal operator w with read_count = 0, max_elements = 1000 end; create operator w; \
         select event from in into w; select event from w into out;",
    );
    for number in 0..300 {
        bench.send(&number.to_string(), 5);
    }
    bench.feed_back(Insight::breaker(InsightKind::Resume, SINK, 0));
    assert_eq!(
        [bench.drain(6).len(), bench.drain(7).len(), bench.drain(8).len()],
        [256, 44, 0]
    );
}

#[test]
fn what_comes_after_the_end_leads_to_nothing() {
    let mut bench = Bench::new(
        "define generic::batch operator b with count = 1 end; create operator b; select event from in into b; select event from b into out;",
    );
    assert_eq!(bench.send("1", 1).len(), 1);
    bench.end();
    assert_eq!(bench.send("2", 2), [""; 0]);
    assert_eq!(bench.end.as_ref().map(|end| end.reason), Some(Reason::NoReply));
    assert_eq!(bench.held(), 0);
}
