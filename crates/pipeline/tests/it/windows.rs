//! Windows: spec/query.md 8.3, 8.4, 9 and 10, spec/dialects.md 7.

use temblor_event::{Mark, Uid};
use temblor_syntax::ast::Dialect;
use temblor_value::Value;

use crate::bench::{Bench, json};

const ALL: &str = "select aggr::test::all(event) from in[w] into out;";

fn windowed(definition: &str) -> Bench {
    Bench::new(&format!("define tumbling window w with {definition} end; {ALL}"))
}

#[test]
fn a_count_window_holds_the_event_that_fills_it() {
    let mut bench = windowed("size = 2");
    assert_eq!(bench.send("1", 0), [""; 0]);
    assert_eq!(bench.send("2", 0), ["out [1,2]"]);
    assert_eq!(bench.send("3", 0), [""; 0]);
    assert_eq!(bench.tick(u64::MAX), [""; 0]);
    assert_eq!(bench.send("4", 0), ["out [3,4]"]);
}

#[test]
fn in_dialect_09_the_next_event_closes_a_count_window() {
    let mut bench = Bench::in_dialect(
        "define tumbling window w with size = 2 end; select { \"all\": aggr::test::all(event), \"by\": event } from in[w] into out;",
        Dialect::V09,
    );
    assert_eq!(bench.send("1", 0), [""; 0]);
    assert_eq!(bench.send("2", 0), [""; 0]);
    assert_eq!(bench.send("3", 0), [r#"out {"all":[1,2],"by":3}"#]);
    assert_eq!(bench.send("4", 0), [""; 0]);
    assert_eq!(bench.send("5", 0), [r#"out {"all":[3,4],"by":5}"#]);
}

#[test]
fn in_dialect_09_windows_behind_each_other_emit_late() {
    let mut bench = Bench::in_dialect(
        "define tumbling window trio with size = 3 end; define tumbling window pair with size = 2 end;
         select aggr::test::all(event) from in[trio, pair] into out;",
        Dialect::V09,
    );
    let sent: Vec<String> = "abcdefghijklmno"
        .chars()
        .flat_map(|letter| bench.send(&format!("\"{letter}\""), 0))
        .collect();
    let wanted = [
        r#"out ["a","b","c"]"#,
        r#"out ["d","e","f"]"#,
        r#"out ["g","h","i"]"#,
        r#"out ["a","b","c","d","e","f"]"#,
        r#"out ["j","k","l"]"#,
    ];
    assert_eq!(sent, wanted);
}

#[test]
fn in_dialect_09_the_clock_closes_nothing_and_interval_wins() {
    let mut bench = Bench::in_dialect(
        &format!("define tumbling window w with size = 1, interval = 10, emit_empty_windows = true end; {ALL}"),
        Dialect::V09,
    );
    assert_eq!(bench.send("1", 100), [""; 0]);
    assert_eq!(bench.tick(1000), [""; 0]);
    assert_eq!(bench.send("2", 110), ["out [1]"]);
}

#[test]
fn a_time_window_is_closed_by_the_first_event_behind_it() {
    let mut bench = windowed("interval = 10");
    assert_eq!(bench.send("1", 5), [""; 0]);
    assert_eq!(bench.send("2", 14), [""; 0]);
    assert_eq!(bench.send("3", 15), ["out [1,2]"]);
    // The next one begins with the event that closed the last one.
    assert_eq!(bench.send("4", 24), [""; 0]);
    assert_eq!(bench.send("5", 25), ["out [3,4]"]);
}

#[test]
fn a_tick_closes_a_time_window_once() {
    let mut bench = windowed("interval = 10");
    bench.send("1", 5);
    assert_eq!(bench.tick(14), [""; 0]);
    assert_eq!(bench.tick(15), ["out [1]"]);
    assert_eq!(bench.tick(25), [""; 0]);
    // The event that closes the empty window is the content of the next.
    assert_eq!(bench.send("2", 40), ["out []"]);
    assert_eq!(bench.tick(50), ["out [2]"]);
}

#[test]
fn empty_windows_are_emitted_for_every_group_there_is() {
    let mut bench = Bench::new(
        "define tumbling window w with interval = 10, emit_empty_windows = true, max_groups = 9 end;
         select { \"g\": group[0], \"all\": aggr::test::all(event) } from in[w] group by event into out;",
    );
    assert_eq!(bench.tick(5), [""; 0]);
    bench.send("\"a\"", 5);
    bench.send("\"b\"", 6);
    assert_eq!(
        bench.tick(16),
        [r#"out {"g":"a","all":["a"]}"#, r#"out {"g":"b","all":["b"]}"#]
    );
    assert_eq!(bench.tick(26), [r#"out {"g":"a","all":[]}"#, r#"out {"g":"b","all":[]}"#]);
}

#[test]
fn a_window_script_gives_the_weight_or_the_time() {
    let mut bench = windowed("size = 3 script event.w");
    assert_eq!(bench.send(r#"{"w":2}"#, 0), [""; 0]);
    assert_eq!(bench.send(r#"{"w":0}"#, 0), [""; 0]);
    assert_eq!(bench.send(r#"{"w":5}"#, 0), [r#"out [{"w":2},{"w":0},{"w":5}]"#]);
    // 2 + 0 + 5 - 3 = 4 stays in the counter, so the next one is full with any event.
    assert_eq!(bench.send(r#"{"w":0}"#, 0), [r#"out [{"w":0}]"#]);

    let mut bench = windowed("interval = 10 script event.t");
    assert_eq!(bench.send(r#"{"t":5}"#, 1), [""; 0]);
    assert_eq!(bench.tick(1000), [""; 0]);
    assert_eq!(bench.send(r#"{"t":15}"#, 1), [r#"out [{"t":5}]"#]);
}

#[test]
fn a_window_script_without_an_unsigned_integer_ends_run() {
    let mut bench = windowed("size = 3 script event");
    assert_eq!(bench.send("-1", 0), [""; 0]);
    assert!(bench.errors[0].ends_run);
    assert!(bench.errors[0].message.contains("valid value"), "{}", bench.errors[0]);
    // A failing expression is an error of the event only.
    let mut bench = windowed("size = 3 script event.w");
    bench.send("{}", 0);
    assert!(!bench.errors[0].ends_run);
}

#[test]
fn groups_have_windows_of_their_own() {
    let mut bench = Bench::new(
        "define tumbling window w with size = 2 end;
         select { \"g\": group, \"all\": aggr::test::all(event.v) } from in[w] group by event.k into out;",
    );
    assert_eq!(bench.send(r#"{"k":1,"v":1}"#, 0), [""; 0]);
    assert_eq!(bench.send(r#"{"k":1.0,"v":2}"#, 0), [""; 0]);
    assert_eq!(bench.send(r#"{"k":1,"v":3}"#, 0), [r#"out {"g":[1,"[1]"],"all":[1,3]}"#]);
    assert_eq!(bench.send(r#"{"k":{"a":1,"b":2},"v":4}"#, 0), [""; 0]);
    assert_eq!(
        bench.send(r#"{"k":{"b":2,"a":1},"v":5}"#, 0),
        [r#"out {"g":[{"b":2,"a":1},"[{\"a\":1,\"b\":2}]"],"all":[4,5]}"#]
    );
}

#[test]
fn more_groups_than_allowed_are_an_error_that_ends_run() {
    let mut bench = Bench::new(
        "define tumbling window w with size = 2, max_groups = 1 end;
         select aggr::test::all(event) from in[w] group by event into out;",
    );
    bench.send("\"a\"", 0);
    assert_eq!(bench.send("\"b\"", 0), [""; 0]);
    let error = &bench.errors[0];
    assert!(
        error.ends_run && error.message.contains("groups reached") && error.message.contains("[\"b\"]"),
        "{error}"
    );
    assert_eq!(bench.send("\"a\"", 0), [r#"out ["a","a"]"#]);
}

#[test]
fn a_group_without_events_is_evicted_without_emission() {
    let mut bench = Bench::new(
        "define tumbling window w with size = 3, eviction_period = 100 end;
         select aggr::test::all(event) from in[w] group by event into out;",
    );
    bench.send("\"a\"", 1000);
    bench.send("\"b\"", 1050);
    // 1101 begins the second period: both groups are in the older generation now.
    bench.send("\"a\"", 1101);
    // A tick begins the third and drops b; it does not refresh a.
    assert_eq!(bench.tick(1202), [""; 0]);
    assert_eq!(bench.send("\"b\"", 1203), [""; 0]);
    assert_eq!(bench.send("\"a\"", 1204), [r#"out ["a","a","a"]"#]);
    assert_eq!(bench.send("\"b\"", 1205), [""; 0]);
    assert_eq!(bench.send("\"b\"", 1206), [r#"out ["b","b","b"]"#]);
}

#[test]
fn ticks_do_not_keep_groups() {
    let mut bench = Bench::new(
        "define tumbling window w with interval = 10, eviction_period = 100 end;
         define tumbling window v with size = 9, eviction_period = 100 end;
         select aggr::test::all(event) from in[w, v] group by event into out;",
    );
    bench.send("\"a\"", 1000);
    for at in (1100..1400).step_by(100) {
        bench.tick(at + 1);
    }
    // The group would have been in its window since 1000.
    assert_eq!(bench.send("\"a\"", 1500), [""; 0]);
}

#[test]
fn a_false_having_resets_the_window_all_the_same() {
    let mut bench = Bench::new(
        "define tumbling window w with size = 2 end;
         select { \"all\": aggr::test::all(event.v) } from in[w] into out having event.all[0] > 2;",
    );
    for value in 1..=2 {
        assert_eq!(bench.send(&format!(r#"{{"v":{value}}}"#), 0), [""; 0]);
    }
    bench.send(r#"{"v":3}"#, 0);
    assert_eq!(bench.send(r#"{"v":4}"#, 0), [r#"out {"all":[3,4]}"#]);
}

#[test]
fn coarser_windows_take_over_what_finer_ones_emitted() {
    let mut bench = Bench::new(
        "define tumbling window two with size = 2 end; define tumbling window pairs with size = 2 end;
         select [window, aggr::test::all(event)] from in[two, pairs] into out;",
    );
    let sent: Vec<String> = (1..=4).flat_map(|value| bench.send(&value.to_string(), 0)).collect();
    assert_eq!(
        sent,
        [r#"out ["two",[1,2]]"#, r#"out ["two",[3,4]]"#, r#"out ["pairs",[1,2,3,4]]"#]
    );
}

#[test]
fn a_time_window_behind_a_count_window_opens_with_its_first_emission() {
    let mut bench = Bench::new(
        "define tumbling window two with size = 2 end; define tumbling window ten with interval = 10 end;
         select [window, aggr::test::all(event)] from in[two, ten] into out;",
    );
    bench.send("1", 0);
    assert_eq!(bench.send("2", 5), [r#"out ["two",[1,2]]"#]);
    bench.send("3", 14);
    assert_eq!(bench.send("4", 15), [r#"out ["two",[3,4]]"#, r#"out ["ten",[1,2]]"#]);
    assert_eq!(bench.tick(500), [""; 0]);
}

#[test]
fn a_tick_feeds_the_windows_behind_the_one_it_closes() {
    let mut bench = Bench::new(
        "define tumbling window ten with interval = 10 end; define tumbling window long with interval = 25 end;
         select [window, aggr::test::all(event)] from in[ten, long] into out;",
    );
    bench.send("1", 0);
    assert_eq!(bench.tick(10), [r#"out ["ten",[1]]"#]);
    bench.send("2", 12);
    // `long` was opened by the emission at 10 and ends at 35: by the emission of `ten` at 40, which is not part of it.
    assert_eq!(bench.tick(22), [r#"out ["ten",[2]]"#]);
    bench.send("3", 30);
    assert_eq!(bench.tick(40), [r#"out ["ten",[3]]"#, r#"out ["long",[1,2]]"#]);
}

#[test]
fn a_failing_aggregate_has_been_counted() {
    let mut bench = windowed("size = 2");
    bench.send("1", 0);
    assert_eq!(bench.send("\"refused\"", 0), [""; 0]);
    assert_eq!(bench.errors.len(), 1);
    // The window was full with the failing event; its content goes into the next emission.
    bench.send("2", 0);
    assert_eq!(bench.send("3", 0), ["out [1,2,3]"]);
}

#[test]
fn a_failing_target_keeps_what_the_window_holds() {
    let mut bench = Bench::new(
        "define tumbling window w with size = 2 end;
         select { \"first\": aggr::test::first(event) + 1, \"all\": aggr::test::all(event) } from in[w] into out;",
    );
    bench.send("\"a\"", 0);
    assert_eq!(bench.send("1", 0), [""; 0]);
    assert_eq!(bench.errors.len(), 1);
    assert!(!bench.errors[0].ends_run);
    bench.send("2", 0);
    assert_eq!(
        bench.send("3", 0),
        [""; 0],
        "the window still begins with what the target cannot take"
    );
}

#[test]
fn an_error_in_one_group_takes_the_results_of_the_others() {
    let mut bench = Bench::new(
        "define tumbling window w with size = 1 end;
         select { \"v\": aggr::test::first(event.v[group[0]]) } from in[w] group by each(event.k) into out;",
    );
    assert_eq!(bench.send(r#"{"k":["a","b"],"v":{"a":1}}"#, 0), [""; 0]);
    assert_eq!(bench.errors.len(), 1);
    assert_eq!(bench.send(r#"{"k":["b"],"v":{"b":2}}"#, 0), [r#"out {"v":2}"#]);
}

#[test]
fn results_have_the_ids_of_what_they_hold() {
    let mut bench = windowed("size = 2");
    let mut ids = Vec::new();
    for value in ["1", "2", "3", "4"] {
        let event = bench.event(value, 0);
        ids.extend(bench.run(event).into_iter().map(|(_, event)| event.id.clone()));
    }
    let node = ids[0].source();
    assert_eq!(ids[0].number(), 0);
    assert_eq!(ids[0].min_by_source(Uid(7)), Some((0, 0)));
    assert_eq!(ids[0].max_by_source(Uid(7)), Some((0, 1)));
    assert_eq!(ids[1].number(), 1);
    assert_eq!(ids[1].min_by_source(Uid(7)), Some((0, 2)));
    assert_eq!(ids[1].max_by_source(node), Some((0, 1)));
}

#[test]
fn coarser_results_track_all_that_was_merged_into_them() {
    let mut bench = Bench::new(
        "define tumbling window two with size = 2 end; define tumbling window pairs with size = 2 end;
         select aggr::test::all(event) from in[two, pairs] into out;",
    );
    let mut results = Vec::new();
    for value in 0..4 {
        let mut event = bench.event("0", 0);
        event.transactional = value == 0;
        results.extend(bench.run(event).into_iter().map(|(_, event)| event));
    }
    let [_, second, both] = results.as_slice() else {
        panic!("three results")
    };
    assert!(!second.transactional && both.transactional);
    assert_eq!(both.id.min_by_source(Uid(7)), Some((0, 0)));
    assert_eq!(both.id.max_by_source(Uid(7)), Some((0, 3)));
    // The ids of the finer results are among them: 0 and 2, the coarser window has 1.
    assert_eq!(both.id.number(), 1);
    assert_eq!(both.id.max_by_source(both.id.source()), Some((0, 2)));
}

#[test]
fn results_take_metadata_and_marks_of_the_event_that_triggers() {
    let mut bench = windowed("size = 2");
    let mut first = bench.event("1", 10);
    first.payload.meta = json(r#"{"from":1}"#);
    first.transactional = true;
    bench.run(first);
    let mut second = bench.event("2", 20);
    second.payload.meta = json(r#"{"from":2}"#);
    second.op_meta.set(Uid(99), Mark::Passed);
    second.is_batch = true;
    let (_, result) = bench.run(second).remove(0);
    assert_eq!(result.meta(), &json(r#"{"from":2}"#));
    assert_eq!(result.ingest_ns, 20);
    assert_eq!(result.op_meta.get(Uid(99)), Some(&Mark::Passed));
    assert!(result.transactional && !result.is_batch && result.origin.is_none());
    // The flag does not outlive the emission.
    let third = bench.event("3", 30);
    bench.run(third);
    let fourth = bench.event("4", 40);
    assert!(!bench.run(fourth)[0].1.transactional);
}

#[test]
fn results_of_ticks_have_empty_metadata() {
    let mut bench = Bench::new(
        "define tumbling window w with interval = 10 end;
         select { \"there\": present event.x, \"all\": aggr::test::all(event.x) } from in[w] into out;",
    );
    let mut event = bench.event(r#"{"x":1}"#, 0);
    event.payload.meta = json(r#"{"from":1}"#);
    bench.run(event);
    let (_, result) = bench.tick_events(10).remove(0);
    assert_eq!(result.meta(), &Value::object());
    assert_eq!(result.ingest_ns, 10);
    assert!(result.op_meta.is_empty());
    assert_eq!(result.value(), &json(r#"{"there":false,"all":[1]}"#));
}

#[test]
fn an_error_of_one_group_at_a_tick_spares_the_others() {
    let mut bench = Bench::new(
        "define tumbling window w with interval = 10 end;
         select { \"n\": aggr::test::first(event.n) + 1 } from in[w] group by event.k into out;",
    );
    bench.send(r#"{"k":"a","n":1}"#, 0);
    bench.send(r#"{"k":"b","n":"x"}"#, 0);
    bench.send(r#"{"k":"c","n":2}"#, 0);
    assert_eq!(bench.tick(10), [r#"out {"n":2}"#, r#"out {"n":3}"#]);
    assert_eq!(bench.errors.len(), 1);
}

#[test]
fn where_stands_before_everything() {
    let mut bench = Bench::new(
        "define tumbling window w with size = 2, max_groups = 1 end;
         select aggr::test::all(event) from in[w] where event != 0 group by event into out;",
    );
    bench.send("0", 0);
    assert!(bench.errors.is_empty());
    bench.send("1", 0);
    assert_eq!(bench.send("1", 0), ["out [1,1]"]);
}

#[test]
fn group_expressions_stand_for_their_group_in_the_target() {
    let mut bench = Bench::new(
        "define tumbling window w with size = 1 end;
         select { \"k\": event.k, \"t\": event.t } from in[w] group by set(event.k, each(event.t)) into out;",
    );
    assert_eq!(
        bench.send(r#"{"k":1,"t":["x","y"]}"#, 0),
        [r#"out {"k":1,"t":"x"}"#, r#"out {"k":1,"t":"y"}"#]
    );
}
