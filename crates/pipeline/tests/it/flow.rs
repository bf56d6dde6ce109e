//! How events move: spec/operators-and-flow.md A.3, A.4 and B.2, spec/query.md 7 and 8.

use temblor_event::Reason;
use temblor_pipeline::graph::{Mode, NoLinks};
use temblor_value::Value;

use crate::bench::{Bench, json, texts};

/// The request side of the load-balancing recipe.
const RECIPE: &str = r#"#!config dialect = "0.9"
define script request_handling
script
let host = match $request.headers of
case %{ present host } => $request.headers.host[0]
default => "UNDEFINED"
end;
let forwarded = "by=localhost:65535;host={host};proto=http";
let $request.headers["Forwarded"] = forwarded;
# the event is a record
let event = patch event of
insert "forwarded" => forwarded
end;
let $endpoint = patch $request.url of
erase "host",
erase "port"
end;
event;
end;
define qos::roundrobin operator rr
with
outputs = ["ws01", "ws02", "ws03"]
end;
create operator rr;
define qos::backpressure operator bp
with
timeout = 10000, # milliseconds
steps = [100, 500, 1000, 10000]
end;
create operator bp01 from bp;
create operator bp02 from bp;
create operator bp03 from bp;
create script request_handling;
select event from in into request_handling;
select event from request_handling into rr;
select event from rr/ws01 into bp01;
select event from rr/ws02 into bp02;
select event from rr/ws03 into bp03;
select event from bp01 into out/ws01;
select event from bp02 into out/ws02;
select event from bp03 into out/ws03;
select event from request_handling/err into err; # to its own port
"#;

#[test]
fn the_recipe_distributes_requests() {
    let mut bench = Bench::new(RECIPE);
    assert_eq!(bench.graph.mode(), Mode::Parallel);
    let mut ports = Vec::new();
    for at in 0..4 {
        let mut event = bench.event(r#"{"snot":"badger"}"#, at);
        event.payload.meta = json(
            r#"{"request":{"headers":{"host":["localhost:65535"]},"url":{"scheme":"http","host":"h","port":1,"path":"/anything"}}}"#,
        );
        let (port, event) = bench.run(event).remove(0);
        let forwarded = "by=localhost:65535;host=localhost:65535;proto=http";
        assert_eq!(
            event.value(),
            &json(&format!(r#"{{"snot":"badger","forwarded":"{forwarded}"}}"#))
        );
        assert_eq!(
            event.meta().get("endpoint"),
            Some(&json(r#"{"scheme":"http","path":"/anything"}"#))
        );
        let headers = event.meta().get("request").and_then(|request| request.get("headers"));
        assert_eq!(
            headers.and_then(|headers| headers.get("Forwarded")).and_then(Value::as_str),
            Some(forwarded)
        );
        ports.push(port);
    }
    assert_eq!(ports, ["ws01", "ws02", "ws03", "ws01"]);
    // A body that is no record cannot be patched.
    let mut event = bench.event("1", 0);
    event.payload.meta = json(r#"{"request":{"headers":{},"url":{}}}"#);
    let (port, event) = bench.run(event).remove(0);
    assert_eq!(port, "err");
    assert_eq!(event.value().get("event"), Some(&json("1")));
    assert!(
        event
            .value()
            .get("error")
            .and_then(Value::as_str)
            .is_some_and(|text| text.starts_with("Error: \n"))
    );
}

#[test]
fn of_two_branches_the_later_one_runs_first_and_leaves_last() {
    let mut bench = Bench::new(
        r#"define generic::counter operator c; create operator c;
           select { "branch": 1 } from in into c; select { "branch": 2 } from in into c; select event from c into out;"#,
    );
    let wanted = [
        r#"out {"count":2,"event":{"branch":1}}"#,
        r#"out {"count":1,"event":{"branch":2}}"#,
    ];
    assert_eq!(bench.send("0", 0), wanted);
}

#[test]
fn a_failing_select_ends_its_branch_only() {
    let mut bench = Bench::new("select event.a from in into out; select 1 from in into out; select event.b from in into out;");
    assert_eq!(bench.send(r#"{"b":2}"#, 0), ["out 1", "out 2"]);
    assert_eq!(bench.errors.len(), 1);
    assert!(bench.errors[0].message.contains("test.trickle:1:"), "{}", bench.errors[0]);
    assert_eq!(bench.end.as_ref().map(|end| end.reason), Some(Reason::SelectError));
}

#[test]
fn pass_throughs_keep_place_and_order() {
    let mut bench = Bench::new(
        "create stream a; create stream b; select event from in into a; select 0 from in into out; select event from a into b;
         select 1 from a into out; select 2 from b into out; select 3 from b into out; select event from a into out/side;",
    );
    assert_eq!(bench.send("9", 0), ["out 2", "out 3", "out 1", "side 9", "out 0"]);
    let event = bench.event("8", 0);
    assert_eq!(texts(&bench.run_at("b", event, &NoLinks)), ["out 2", "out 3"]);
}

#[test]
fn events_end_where_nothing_leads_on() {
    let ends = [
        ("select event from in where event == 1 into out;", Reason::Filtered, None),
        ("select event from in into out having false;", Reason::Filtered, None),
        (
            "select 1 from in group by event into out having false;",
            Reason::Filtered,
            None,
        ),
        (
            "create stream s; select event from in into s;",
            Reason::Unlinked,
            Some("s/out"),
        ),
        (
            "create stream s; select 1 from s into out; create stream t; select event from in into t;",
            Reason::Unlinked,
            Some("t/out"),
        ),
        (
            "define script s script drop end; create script s; select event from in into s;",
            Reason::Dropped,
            None,
        ),
        (
            "define script s script emit 1 => \"p\" end; create script s; select event from in into s;",
            Reason::Unlinked,
            Some("s/p"),
        ),
        (
            "define script s script emit 1 => \"err\" end; create script s; select event from in into s;",
            Reason::Unlinked,
            Some("s/err"),
        ),
        (
            "define grouper::bucket operator b; create operator b; select event from in into b; select event from b into out;",
            Reason::Unlinked,
            Some("b/err"),
        ),
    ];
    for (query, reason, detail) in ends {
        let mut bench = Bench::new(query);
        assert_eq!(bench.send("0", 0), [""; 0], "{query}");
        let end = bench.end.expect("an end");
        assert_eq!(end.reason, reason, "{query}");
        assert_eq!(end.detail.as_ref().map(temblor_value::Str::as_str), detail, "{query}");
    }
}

#[test]
fn script_errors_that_nobody_reads_are_the_end_of_their_event() {
    let mut bench = Bench::new(
        "define script s script event.missing end; create script s; select event from in into s; select event from s into out;",
    );
    assert_eq!(bench.send("{}", 0), [""; 0]);
    assert!(bench.errors.is_empty());
    let end = bench.end.expect("an end");
    assert_eq!(end.reason, Reason::ScriptError);
    assert!(end.detail.is_some_and(|text| text.contains("missing")));
}

#[test]
fn a_script_error_event_shows_what_the_script_left() {
    let mut bench = Bench::new(
        "define script s script let event.seen = true; let $stage = 1; event.missing end; create script s;
         select event from in into s; select event from s/err into err;",
    );
    let mut event = bench.event("{}", 5);
    event.transactional = true;
    let (port, event) = bench.run(event).remove(0);
    assert_eq!(port, "err");
    assert_eq!(event.value().get("event"), Some(&json(r#"{"seen":true}"#)));
    assert_eq!(event.meta(), &json(r#"{"stage":1}"#));
    assert!(event.transactional);
    let text = event.value().get("error").and_then(Value::as_str).unwrap_or_default();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("Error: "));
    assert!(lines.next().is_some_and(|line| line.starts_with("    1 | ")), "{text}");
    assert!(
        lines
            .next()
            .is_some_and(|line| line.contains('^') && line.contains("missing")),
        "{text}"
    );
}

#[test]
fn a_script_keeps_its_state_and_takes_parameters() {
    let mut bench = Bench::new(
        "define script s with step = 1, name = \"x\" script let state = match state of case null => args.step default => state + args.step end; [args, state] end;
         create script s; create script t from s with step = 10 end;
         select event from in into s; select event from in into t; select event from s into out; select event from t into out/t;",
    );
    assert_eq!(bench.graph.mode(), Mode::Serial);
    bench.send("0", 0);
    assert_eq!(
        bench.send("0", 0),
        [r#"out [{"step":1,"name":"x"},2]"#, r#"t [{"step":10,"name":"x"},20]"#]
    );
}

#[test]
fn the_fast_path_shows_having_the_event() {
    let mut bench = Bench::new("select event from in into out having $ok and event.a == 1;");
    let mut event = bench.event(r#"{"a":1}"#, 0);
    event.payload.meta = json(r#"{"ok":true}"#);
    event.is_batch = true;
    let (_, event) = bench.run(event).remove(0);
    assert!(event.is_batch);
}

#[test]
fn off_the_fast_path_having_sees_the_result_and_no_metadata() {
    for grouping in ["", "group by 1"] {
        let mut bench = Bench::new(&format!(
            "select {{ \"n\": $n }} from in {grouping} into out having event.n == 1 and absent $n;"
        ));
        let mut event = bench.event("0", 0);
        event.payload.meta = json(r#"{"n":1}"#);
        assert_eq!(texts(&bench.run(event)), [r#"out {"n":1}"#]);
    }
}

#[test]
fn selects_keep_what_is_not_the_value() {
    let mut bench = Bench::new("select 1 from in into out; select 2 from in group by event into out/grouped;");
    let mut event = bench.event("0", 5);
    event.payload.meta = json(r#"{"m":1}"#);
    event.is_batch = true;
    event.transactional = true;
    let id = event.id.clone();
    for (port, event) in bench.run(event) {
        assert_eq!(
            (event.meta(), event.ingest_ns, event.transactional),
            (&json(r#"{"m":1}"#), 5, true)
        );
        assert_eq!(event.id, id);
        assert_eq!(event.is_batch, port == "out");
    }
}

#[test]
fn groups_multiply() {
    let groups = [
        ("each([])", r#"[null,"[null]"]"#),
        ("set(each([]), event)", r#"[0,"[0]"]"#),
        ("set(event, each([]))", r#"[null,"[null]"]"#),
        ("set(event, set(1, event))", r#"[0,1,0,"[0,1,0]"]"#),
    ];
    for (dimension, group) in groups {
        let mut bench = Bench::new(&format!("select group from in group by {dimension} into out;"));
        assert_eq!(bench.send("0", 0), [format!("out {group}")], "{dimension}");
    }
    let mut bench = Bench::new("select group[2] from in group by set(each([1, 2]), each([\"a\", \"a\"])) into out;");
    assert_eq!(
        bench.send("0", 0),
        [
            r#"out "[1,\"a\"]""#,
            r#"out "[1,\"a\"]""#,
            r#"out "[2,\"a\"]""#,
            r#"out "[2,\"a\"]""#
        ]
    );
    let mut bench = Bench::new("select group from in into out;");
    assert_eq!(bench.send("0", 0), [r#"out [null,"[null]"]"#]);
}

#[test]
fn an_aggregate_without_window_fails_for_every_event() {
    let mut bench = Bench::new("select aggr::test::all(event) from in into out;");
    assert_eq!(bench.send("0", 0), [""; 0]);
    assert_eq!(bench.errors.len(), 1);
    assert!(!bench.errors[0].ends_run);
}
