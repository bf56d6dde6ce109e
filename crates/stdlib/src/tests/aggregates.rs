//! Aggregates: results, empty windows, merging, what survives an init (spec/stdlib.md 8).

use temblor_script::func::Aggregate;

use super::*;

fn aggregate(path: &str) -> Box<dyn Aggregate> {
    let (module, name) = path.split_once("::").expect("a path");
    (registry().aggregate(module, name).expect("an aggregate").create)()
}

/// A state of `path` that took in events, each given as the JSON array of its arguments.
fn state(path: &str, events: &[&str]) -> Box<dyn Aggregate> {
    let mut state = aggregate(path);
    for event in events {
        state.accumulate(&args(event)).expect("an event that is taken in");
    }
    state
}

fn emitted(state: &dyn Aggregate) -> String {
    json::to_string(&state.emit().expect("a value"))
}

/// Checks a result over one window, and over two windows merged into a third at every place.
fn check(path: &str, events: &[&str], expected: &str) {
    assert_eq!(emitted(state(path, events).as_ref()), expected, "{path}");
    for place in 0..=events.len() {
        let mut coarse = aggregate(path);
        coarse.merge(state(path, &events[..place]).as_ref()).expect("a merge");
        coarse.merge(state(path, &events[place..]).as_ref()).expect("a merge");
        assert_eq!(emitted(coarse.as_ref()), expected, "{path}, merged at {place}");
    }
}

#[test]
fn simple_statistics() {
    let events = ["[1]", "[2]", "[6.0]"];
    check("stats::sum", &events, "9.0");
    check("stats::mean", &events, "3.0");
    check("stats::min", &events, "1.0");
    check("stats::max", &events, "6.0");
    check("stats::var", &events, "7.0");
    check("stats::stdev", &events, "2.6457513110645907");
    check("stats::count", &["[]", "[]"], "2");
    check("stats::max", &["[-3]", "[-2]"], "-2.0");
    check("stats::min", &["[3]", "[2]"], "2.0");
}

#[test]
fn empty_windows() {
    let rows = [
        ("stats::count", "0"),
        ("stats::sum", "0.0"),
        ("stats::mean", "null"),
        ("stats::min", "0.0"),
        ("stats::max", "0.0"),
        ("stats::var", "0.0"),
        ("stats::stdev", "0.0"),
        ("win::first", "null"),
        ("win::last", "null"),
        ("win::collect_flattened", "[]"),
        ("win::collect_nested", "[]"),
        (
            "stats::hdr",
            "{\"count\":0,\"min\":0,\"max\":0,\"mean\":0.0,\"stdev\":0.0,\"var\":0.0,\"percentiles\":{\"0.5\":0,\"0.9\":0,\"0.95\":0,\
             \"0.99\":0,\"0.999\":0,\"0.9999\":0,\"0.99999\":0}}",
        ),
        (
            "stats::dds",
            "{\"count\":0,\"sum\":0.0,\"min\":0.0,\"max\":0.0,\"mean\":0.0,\"percentiles\":{\"0.5\":0.0,\"0.9\":0.0,\"0.95\":0.0,\
             \"0.99\":0.0,\"0.999\":0.0,\"0.9999\":0.0,\"0.99999\":0.0}}",
        ),
    ];
    for (path, expected) in rows {
        assert_eq!(emitted(aggregate(path).as_ref()), expected, "{path}");
    }
    for path in ["stats::var", "stats::stdev"] {
        check(path, &["[5]"], "0.0");
    }
}

#[test]
fn values_that_are_no_numbers_are_refused_and_change_nothing() {
    for path in [
        "stats::sum",
        "stats::mean",
        "stats::min",
        "stats::max",
        "stats::var",
        "stats::stdev",
    ] {
        let mut refused = state(path, &["[1]", "[3]"]);
        for argument in ["[null]", "[\"1\"]", "[true]", "[[1]]"] {
            assert_eq!(
                refused.accumulate(&args(argument)),
                Err(FnError::BadType),
                "{path}({argument})"
            );
        }
        assert_eq!(
            emitted(refused.as_ref()),
            emitted(state(path, &["[1]", "[3]"]).as_ref()),
            "{path}"
        );
    }
}

#[test]
fn an_init_empties_the_state() {
    let rows = [
        ("stats::count", "[]", "0"),
        ("stats::min", "[1]", "0.0"),
        ("stats::mean", "[1]", "null"),
        ("win::first", "[1]", "null"),
        ("win::collect_nested", "[1]", "[]"),
    ];
    for (path, event, expected) in rows {
        let mut state = state(path, &[event]);
        state.reset();
        assert_eq!(emitted(state.as_ref()), expected, "{path}");
    }
}

#[test]
fn first_and_last() {
    check("win::first", &["[null]", "[2]"], "null");
    check("win::first", &["[1]", "[2]"], "1");
    check("win::last", &["[1]", "[2]"], "2");
    check("win::last", &["[1]", "[null]"], "null");
}

#[test]
fn collecting() {
    check("win::collect_flattened", &["[[1]]", "[2]", "[3]"], "[[1],2,3]");
    let (fine, other) = (
        state("win::collect_nested", &["[1]", "[2]"]),
        state("win::collect_nested", &["[3]", "[4]"]),
    );
    assert_eq!(emitted(fine.as_ref()), "[1,2]");
    let mut coarse = aggregate("win::collect_nested");
    coarse.merge(fine.as_ref()).expect("a merge");
    coarse.merge(other.as_ref()).expect("a merge");
    assert_eq!(emitted(coarse.as_ref()), "[[1,2],[3,4]]");
}

/// Checks a result for events that all give the same list of percentiles.
fn check_list(path: &str, list: &str, numbers: &[&str], expected: &str) {
    let events: Vec<String> = numbers.iter().map(|number| format!("[{number},{list}]")).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    check(path, &events, expected);
}

#[test]
fn histogram() {
    check(
        "stats::hdr",
        &["[10]", "[20]", "[30.9]", "[400]", "[-1]", "[\"x\"]", "[null]"],
        "{\"count\":4,\"min\":10,\"max\":401,\"mean\":115.25,\"stdev\":165.1293053942879,\"var\":27267.687500000004,\"percentiles\":\
         {\"0.5\":20,\"0.9\":401,\"0.95\":401,\"0.99\":401,\"0.999\":401,\"0.9999\":401,\"0.99999\":401}}",
    );
    check_list(
        "stats::hdr",
        "[\"0.5\",\"1.0\"]",
        &["255", "257", "1001", "54321"],
        "{\"count\":4,\"min\":255,\"max\":54527,\"mean\":13978.5,\"stdev\":23339.351046033822,\"var\":544725307.2500001,\
         \"percentiles\":{\"0.5\":257,\"1.0\":54527}}",
    );
}

#[test]
fn histograms_of_small_numbers_are_exact() {
    check(
        "stats::hdr",
        &["[10]", "[20]", "[30]", "[40]"],
        "{\"count\":4,\"min\":10,\"max\":40,\"mean\":25.0,\"stdev\":11.180339887498949,\"var\":125.00000000000001,\"percentiles\":\
         {\"0.5\":20,\"0.9\":40,\"0.95\":40,\"0.99\":40,\"0.999\":40,\"0.9999\":40,\"0.99999\":40}}",
    );
    check_list(
        "stats::hdr",
        "[\"0.0\",\"0.25\",\"0.50\",\"1.0\"]",
        &["1", "2", "3", "4", "100"],
        "{\"count\":5,\"min\":1,\"max\":100,\"mean\":22.0,\"stdev\":39.01281840626232,\"var\":1522.0,\
         \"percentiles\":{\"0.0\":1,\"0.25\":2,\"0.50\":3,\"1.0\":100}}",
    );
    check_list(
        "stats::hdr",
        "[\"0.5\",\"1.0\"]",
        &["0", "0", "8"],
        "{\"count\":3,\"min\":0,\"max\":8,\"mean\":2.6666666666666665,\"stdev\":3.7712361663282534,\"var\":14.222222222222221,\
         \"percentiles\":{\"0.5\":0,\"1.0\":8}}",
    );
}

#[test]
fn the_histogram_has_no_upper_bound() {
    let state = state(
        "stats::hdr",
        &["[0,[\"0.0\",\"0\",\"1.0\",\"7\",\"nan\"]]", "[18446744073709551615]"],
    );
    let result = state.emit().expect("a value");
    assert_eq!(result.get("max"), Some(&Value::from(u64::MAX)));
    assert_eq!(
        json::to_string(result.get("percentiles").expect("percentiles")),
        "{\"0.0\":0,\"0\":0,\"1.0\":18446744073709551615,\"7\":18446744073709551615,\"nan\":0}"
    );
}

#[test]
fn sketch() {
    check_list(
        "stats::dds",
        "[\"0.5\",\"1.0\"]",
        &["10", "20", "30", "400", "-1", "\"x\""],
        "{\"count\":4,\"sum\":460.0,\"min\":10.0,\"max\":400.0,\"mean\":115.0,\"percentiles\":{\"0.5\":19.9,\"1.0\":400.0}}",
    );
    check_list(
        "stats::dds",
        "[\"0.0\",\"0.25\",\"0.50\",\"0.9\",\"1.0\"]",
        &["1.5", "2", "3", "4", "100"],
        "{\"count\":5,\"sum\":110.5,\"min\":1.5,\"max\":100.0,\"mean\":22.1,\
         \"percentiles\":{\"0.0\":1.5,\"0.25\":2.0,\"0.50\":3.0,\"0.9\":4.1,\"1.0\":100.0}}",
    );
    // A bucket holds its upper bound: 1 is in bucket 0, whose estimate is below 1.
    check_list(
        "stats::dds",
        "[\"0.5\"]",
        &["0.5", "1", "2"],
        "{\"count\":3,\"sum\":3.5,\"min\":0.5,\"max\":2.0,\"mean\":1.1666666666666667,\"percentiles\":{\"0.5\":1.0}}",
    );
    check_list(
        "stats::dds",
        "[\"0.0\",\"0.5\"]",
        &["0", "7.75"],
        "{\"count\":2,\"sum\":7.75,\"min\":0.0,\"max\":7.75,\"mean\":3.875,\"percentiles\":{\"0.0\":0.0,\"0.5\":0.0}}",
    );
    let mut outside = aggregate("stats::dds");
    outside.accumulate(&args("[1,[\"1.5\"]]")).expect("an event that is taken in");
    assert!(matches!(outside.emit(), Err(FnError::Runtime(_))));
}

#[test]
fn estimates_of_the_sketch_are_accurate() {
    let mut state = aggregate("stats::dds");
    let shares = ["0.1", "0.25", "0.5", "0.75", "0.9", "0.99"];
    let list = Value::from(shares.map(Value::from).to_vec());
    for number in 1..=10_000 {
        state
            .accumulate(&[Value::from(number), list.clone()])
            .expect("an event that is taken in");
    }
    let result = state.emit().expect("a value");
    for share in shares {
        let estimate = result
            .get("percentiles")
            .and_then(|all| all.get(share))
            .and_then(Value::as_f64)
            .expect("a float");
        let exact = share.parse::<f64>().expect("a float") * 9999.0 + 1.0;
        assert!(
            (estimate - exact.floor()).abs() <= exact * 0.01 + 0.1,
            "{share}: {estimate} for {exact}"
        );
    }
}

#[test]
fn lists_of_percentiles() {
    for (path, last) in [("stats::hdr", "5"), ("stats::dds", "5.0")] {
        let mut state = aggregate(path);
        assert!(
            matches!(state.accumulate(&args("[1,[\"half\"]]")), Err(FnError::Runtime(_))),
            "{path}"
        );
        state
            .accumulate(&args("[5,[\"1\",0.5,null]]"))
            .expect("an event that is taken in");
        state.accumulate(&args("[4,[\"0.7\"]]")).expect("an event that is taken in");
        let expected = format!("{{\"1\":{last}}}");
        let list =
            |state: &dyn Aggregate| json::to_string(state.emit().expect("a value").get("percentiles").expect("percentiles"));
        assert_eq!(list(state.as_ref()), expected, "{path}");
        let count = state.emit().expect("a value").get("count").cloned();
        assert_eq!(count, Some(Value::from(2)), "{path}: an event that failed is not taken in");

        let mut coarse = aggregate(path);
        coarse.merge(state.as_ref()).expect("a merge");
        assert_eq!(list(coarse.as_ref()), expected, "{path}: the list is taken over");

        state.reset();
        state.accumulate(&args("[5,[\"0.2\"]]")).expect("an event that is taken in");
        assert_eq!(list(state.as_ref()), expected, "{path}: the list survives an init");
    }
}

#[test]
fn different_aggregates_do_not_merge() {
    assert!(matches!(
        aggregate("stats::sum").merge(aggregate("stats::mean").as_ref()),
        Err(FnError::Runtime(_))
    ));
}
