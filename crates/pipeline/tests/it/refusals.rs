//! What refuses a query and what is remarked: spec/query.md 11 and 12, spec/dialects.md 4.

use temblor_pipeline::Query;
use temblor_syntax::ast::Dialect;

use crate::bench::{env, refusal};

fn refused(query: &str, markers: &[&str]) {
    let text = refusal(query);
    let lower = text.to_lowercase();
    for marker in markers {
        assert!(lower.contains(&marker.to_lowercase()), "{query}\n{text}\nlacks {marker}");
    }
}

#[test]
fn graph_errors_have_their_markers() {
    refused("select event from nope into out;", &["nope", "not defined"]);
    refused("select event from s into out; create stream s;", &["`s`", "not defined"]);
    refused("select event from in into nope;", &["nope", "not defined"]);
    refused("define script out script 1 end; create script out;", &["out", "reserved"]);
    refused(
        "define script s script 1 end; create stream s; create script s;",
        &["`s`", "already in use"],
    );
    refused("create operator o;", &["operator not found"]);
    refused("create script o;", &["script not found"]);
    refused("define a::b operator o; create operator o;", &["unknown operator", "a::b"]);
    refused("select 1 from in[w] into out;", &["unknown window", "w"]);
    refused(
        "define sliding window w with size = 1 end; select 1 from in into out;",
        &["sliding"],
    );
    refused(
        "define tumbling window w with size = 1, interval = 1 end; select 1 from in into out;",
        &["only one of", "dialect"],
    );
    refused(
        "define tumbling window w with size = 1.0 end; select 1 from in into out;",
        &["is required"],
    );
    refused("select event from in into in;", &["cycle", "digraph", "rarrow"]);
    refused(
        "create stream a; create stream b; select event from a into b; select event from b into a;",
        &["cycle"],
    );
}

#[test]
fn errors_stand_where_they_are_made() {
    let text = refusal("create stream s;\nselect event from in into nope;");
    assert!(text.starts_with("Error in test.trickle:2:27 [Q004]\n"), "{text}");
}

#[test]
fn configurations_are_checked() {
    refused(
        "define generic::batch operator mine; create operator o from mine;",
        &["operator config for mine is missing"],
    );
    refused(
        "define generic::batch operator o with timeout = 1 end; create operator o;",
        &["`count`"],
    );
    refused(
        "define generic::batch operator o with count = -1 end; create operator o;",
        &["`count`"],
    );
    refused(
        "define grouper::bucket operator mine with a = 1 end; create operator o from mine;",
        &["mine has a config but can't be configured"],
    );
    refused(
        "define grouper::bucket operator mine; create operator o from mine with a = 1 end;",
        &["can't be configured"],
    );
    refused(
        "define qos::backpressure operator o with steps = [1] end; create operator o;",
        &["`timeout`"],
    );
    refused(
        "define qos::backpressure operator o with timeout = 1, steps = [1.5] end; create operator o;",
        &["`steps`"],
    );
    refused(
        "define qos::percentile operator o with timeout = \"1\" end; create operator o;",
        &["`timeout`"],
    );
    refused(
        "define qos::roundrobin operator rr with outputs = [] end; create operator rr;",
        &["config for rr is missing"],
    );
    refused(
        "define qos::roundrobin operator rr with outputs = [1] end; create operator rr;",
        &["`outputs`"],
    );
    refused(
        "define qos::wal operator o with read_count = 1 end; create operator o;",
        &["at least one of"],
    );
    refused(
        "define qos::wal operator o with max_elements = 1 end; create operator o;",
        &["`read_count`"],
    );
    refused(
        "define qos::wal operator o with read_count = 1, max_bytes = 1, sync = \"often\" end; create operator o;",
        &["`sync`"],
    );
    refused(
        "define debug::history operator o with op = \"o\" end; create operator o;",
        &["`name`"],
    );
}

#[test]
fn definitions_that_nothing_uses_are_not_checked() {
    let query = Query::compile(
        "q",
        "define a::b operator o; define tumbling window w with nothing = 1 end;",
        &env(Dialect::Modern),
    );
    assert!(query.is_ok_and(|query| query.check().is_ok()));
}

fn warnings(dialect: Dialect, query: &str) -> String {
    let query = Query::compile("q", query, &env(dialect)).expect("the query compiles");
    query.warnings().map(ToString::to_string).unwrap_or_default()
}

#[test]
fn warnings_are_collected() {
    let unbounded = "define tumbling window w with interval = 1, emit_empty_windows = true end; select 1 from in[w] into out;";
    assert!(warnings(Dialect::Modern, unbounded).contains("emits empty windows"));
    let bounded = unbounded.replace("emit_empty", "max_groups = 7, emit_empty");
    assert_eq!(warnings(Dialect::Modern, &bounded), "");
    let old = warnings(
        Dialect::V09,
        "define tumbling window w with size = 1, interval = 1, emit_empty_windows = false end; select event from in[w] into out;",
    );
    assert!(old.contains("interval") && old.contains("only one of"), "{old}");
    assert!(old.contains("emit_empty_windows") && old.contains("aggr::win::last"), "{old}");
    let old_name = "create operator o; define generic::backpressure operator o with timeout = 1 end; select 1 from in into out;";
    assert!(warnings(Dialect::Modern, old_name).contains("deprecated"));
    assert!(warnings(Dialect::Modern, "select match event of case 1 => 2 end from in into out;").contains("default"));
}
