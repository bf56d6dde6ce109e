//! Graphs: spec/query.md 7, spec/operators-and-flow.md C.4, spec/proxy.md 3.2.

use temblor_event::{Uid, UidSource};
use temblor_pipeline::op::Sharing;
use temblor_pipeline::op::wal::NoFolders;
use temblor_pipeline::{InstanceCx, Query};
use temblor_syntax::ast::Dialect;

use crate::bench::{Bench, env};

fn query(text: &str) -> Query {
    Query::compile("test.trickle", text, &env(Dialect::Modern)).expect("the query compiles")
}

#[test]
fn inputs_are_found_by_both_names() {
    let bench =
        Bench::new("create stream s; select event from in into s; select 1 from in/side into out; select 2 from s into out;");
    assert!(bench.graph.input("in").is_some());
    assert!(bench.graph.input("s").is_some());
    assert_eq!(bench.graph.input("side"), bench.graph.input("in/side"));
    assert!(bench.graph.input("side").is_some());
    assert!(bench.graph.input("out").is_none());
}

#[test]
fn outputs_leave_by_their_port() {
    let mut bench = Bench::new(
        "select 1 from in into out/in; select 2 from in into out/out; select 3 from in/in into out/q; select 4 from in into err;",
    );
    assert_eq!(bench.send("0", 0), ["out 1", "out 2", "q 3", "err 4"]);
    let names: Vec<&str> = bench.graph.outputs().iter().map(temblor_value::Str::as_str).collect();
    assert_eq!(names, ["out", "err", "metrics", "out", "q"]);
}

#[test]
fn outputs_never_forward() {
    let mut bench = Bench::new("select event from in into out; select 1 from out/any into err;");
    assert_eq!(bench.send("0", 0), ["out 0"]);
}

#[test]
fn nodes_get_uids_in_order() {
    let query = query(
        "define generic::counter operator c; create operator c; select event from in into c; select event from c into out;",
    );
    let uids = UidSource::default();
    let cx = InstanceCx {
        url: String::new(),
        uids: &uids,
        logs: &NoFolders,
    };
    let (graph, _) = query.instantiate(&cx).expect("an instance");
    assert_eq!(graph.sharing().collect::<Vec<_>>(), [("c", Sharing::Atomic)]);
    let (_, _) = query.instantiate(&cx).expect("another instance");
    // Four built-in nodes, the counter and two selects, twice.
    assert_eq!(uids.next(temblor_event::UidKind::Node), Uid((1 << 47) + 15));
}

#[test]
fn dot_shows_the_graph_as_written() {
    let dot = query("select event from in into out;").dot().expect("a graph");
    let wanted = r#"digraph {
    0 [ label = "in" shape = "rarrow"]
    1 [ label = "out" shape = "larrow"]
    2 [ label = "err" shape = "larrow"]
    3 [ label = "metrics" shape = "larrow"]
    4 [ label = "select event from in into out" shape = "box"]
    0 -> 4 [ label = "" ]
    4 -> 1 [ label = "" ]
}
"#;
    assert_eq!(dot, wanted);
    let text =
        "define script s\nscript\n  \"x\"\nend;\ncreate script s;\nselect 1 from in into s/p;\nselect 1 from s/q into out;";
    let dot = query(text).dot().expect("a graph");
    assert!(
        dot.contains(r#"label = "define script s\nscript\n  \"x\"\nend" shape = "note"]"#),
        "{dot}"
    );
    assert!(dot.contains(r#"5 -> 4 [ label = "p" ]"#), "{dot}");
    assert!(dot.contains(r#"4 -> 6 [ label = "q " ]"#), "{dot}");
}

#[test]
fn a_pyramid_of_streams_does_not_explode() {
    let mut text = String::from("select event from in into s0; create stream s0;\n");
    for level in 0..40 {
        let next = level + 1;
        text += &format!(
            "create stream s{next}; select event from s{level} into s{next}; select event from s{level} into s{next};\n"
        );
    }
    assert!(query(&text).check().is_ok());
    let bench = Bench::new(&text);
    assert!(bench.graph.input("s40").is_some());
}

#[test]
fn what_is_done_to_bodies_is_known_before_the_first_event() {
    let untouched = Bench::new("select event from in where $a == 1 into out;");
    let body = untouched.graph.body_use(untouched.graph.input("in").expect("in"));
    assert_eq!((body.reader, body.copier), (None, None));
    assert_eq!(
        body.outputs.iter().map(|(_, untouched)| *untouched).collect::<Vec<_>>(),
        [true]
    );

    let read = Bench::new("select event from in where event.a == 1 into out;");
    let body = read.graph.body_use(read.graph.input("in").expect("in"));
    assert_eq!(body.reader.as_deref(), Some("select_0"));

    let script = "define script s script let $x = 1; event end; create script s; select event from in into s; select event from s into out;";
    let script = Bench::new(script);
    let body = script.graph.body_use(script.graph.input("in").expect("in"));
    assert_eq!(body.reader, None);

    let replaced = Bench::new("select 1 from in into out;");
    let body = replaced.graph.body_use(replaced.graph.input("in").expect("in"));
    assert!(body.reader.is_some());
    assert_eq!(
        body.outputs.iter().map(|(_, untouched)| *untouched).collect::<Vec<_>>(),
        [false]
    );

    let copied = Bench::new("select event from in into out; select event from in into out/b;");
    let body = copied.graph.body_use(copied.graph.input("in").expect("in"));
    assert_eq!(body.copier.as_deref(), Some("in"));
}

#[test]
fn directives_are_read() {
    let query = query(
        "#!config id = \"first\"\n#!config id = \"orders\"\n#!config metrics_interval_s = 2 + 3\nselect event from in into out;",
    );
    assert_eq!(query.config_id(), Some("orders"));
    assert_eq!(query.metrics_interval_s(), Some(5));
    assert!(query.warnings().is_none());
}
