//! The rules of spec/extractors.md 3.8.

use temblor_value::json;

use super::*;

fn extracted_with(file: Option<&str>, format: &str, text: &str) -> Option<String> {
    let extractor = Grok::compile(format, file).unwrap();
    let target = Value::from(text);
    let extracted = extractor.extract(&target, 0);
    assert_eq!(extractor.accepts(&target), extracted.is_some(), "{format} on {text}");
    extracted.map(|value| json::to_string(&value))
}

#[track_caller]
fn check(format: &str, text: &str, record: Option<&str>) {
    assert_eq!(extracted_with(None, format, text).as_deref(), record, "{format} on {text}");
}

#[test]
fn references_with_keys_are_bound() {
    check(
        "^%{WORD:verb} %{NOTSPACE:path} %{NUMBER:ms}$",
        "GET /x/y 12.5",
        Some(r#"{"verb":"GET","path":"/x/y","ms":"12.5"}"#),
    );
    check("^%{WORD:verb} %{NOTSPACE:path} %{NUMBER:ms}$", "GET /x/y fast", None);
    check("%{WORD} %{INT:n}", "ab 7", Some(r#"{"n":"7"}"#));
    check("%{IPV4}", "at 10.0.0.1", Some("{}"));
    check("%{NUMBER:n:int}", "x 5", Some(r#"{"n:int":"5"}"#));
    check(
        "^%{WORD:[berth][name]} %{INT:n o} %{WORD:x^y}$",
        "quay 5 east",
        Some(r#"{"[berth][name]":"quay","n o":"5","x^y":"east"}"#),
    );
    check("^%{WORD:a} %{WORD:x-y}$", "quay %{WORD:x-y}", Some(r#"{"a":"quay"}"#));
}

#[test]
fn plain_named_groups_are_bound() {
    check(
        "(?<qty>[0-9]+)x %{WORD:what}",
        "3x bolt",
        Some(r#"{"qty":"3","what":"bolt"}"#),
    );
    check("(?<k>a)|(?<k>b)", "a", Some(r#"{"k":"a"}"#));
    check("(?<k>a)|(?<k>b)", "b", Some(r#"{"k":"b"}"#));
    check("(a)(?<k>b)", "ab", Some(r#"{"k":"b"}"#));
}

#[test]
fn groups_that_took_no_part_are_empty() {
    check("^%{WORD:w}(?: %{INT:n})?$", "ab", Some(r#"{"w":"ab","n":""}"#));
    check(
        "^%{SYSLOGPROG}: %{GREEDYDATA:text}",
        "cron: tick",
        Some(r#"{"program":"cron","pid":"","text":"tick"}"#),
    );
}

#[test]
fn the_last_of_equal_keys_keeps_it() {
    check("^%{WORD:w} %{WORD:w}$", "a b", Some(r#"{"name0":"a","w":"b"}"#));
    check("^%{INT:w} %{WORD} %{WORD:w}$", "1 a b", Some(r#"{"name0":"1","w":"b"}"#));
    check("^%{WORD:w} (?<w>.)$", "a b", Some(r#"{"name0":"a","w":"b"}"#));
}

#[test]
fn the_engine_is_that_of_ruby() {
    check("(?<=id=)(?<id>[0-9]+)", "x id=99", Some(r#"{"id":"99"}"#));
    check("(?<=id=)(?<id>[0-9]+)", "99", None);
    check("^b$", "a\nb\nc", Some("{}"));
    check(r"\Ab", "a\nb", None);
    check("a.b", "a\nb", None);
    check(r"(?<c>\w)\k<c>", "abbc", Some(r#"{"c":"b"}"#));
    check("(?>a+)ab", "aaab", None);
    check("^%{QS:q}$", "\"ä → ö\"", Some(r#"{"q":"\"ä → ö\""}"#));
}

#[test]
fn log_lines() {
    check(
        "%{TIMESTAMP_ISO8601:ts} %{LOGLEVEL:lvl} %{GREEDYDATA:msg}",
        "2031-05-06T07:08:09Z WARN disk almost full",
        Some(r#"{"ts":"2031-05-06T07:08:09Z","lvl":"WARN","msg":"disk almost full"}"#),
    );
    check(
        "^%{COMMONAPACHELOG}$",
        "10.2.3.4 - ann [06/May/2031:07:08:09 +0000] \"GET /p?q=1 HTTP/1.1\" 200 512",
        Some(concat!(
            r#"{"clientip":"10.2.3.4","ident":"-","auth":"ann","timestamp":"06/May/2031:07:08:09 +0000","verb":"GET","#,
            r#""request":"/p?q=1","httpversion":"1.1","rawrequest":"","response":"200","bytes":"512"}"#
        )),
    );
}

#[test]
fn every_built_in_pattern_compiles() {
    for (name, _) in ::grok::patterns() {
        assert!(Grok::compile(&format!("%{{{name}}}"), None).is_ok(), "{name}");
    }
}

#[test]
fn bad_texts_are_refused() {
    for format in ["", "%{WORD:w}(", "%{NOSUCHTHING:x}"] {
        assert!(Grok::compile(format, None).is_err(), "{format}");
    }
}

#[test]
fn a_file_adds_definitions_where_the_text_compiles_with_it() {
    let file = "SKU [A-Z]+-[0-9]+\nINT x+\n";
    assert_eq!(
        extracted_with(Some(file), "^%{SKU:s}$", "AB-7").as_deref(),
        Some(r#"{"s":"AB-7"}"#)
    );
    assert_eq!(
        extracted_with(Some(file), "^%{INT:n}$", "xx").as_deref(),
        Some(r#"{"n":"xx"}"#)
    );
    for unusable in ["INT (", "nonsense", "INT %{NOSUCHTHING}"] {
        assert_eq!(
            extracted_with(Some(unusable), "^%{INT:n}$", "7").as_deref(),
            Some(r#"{"n":"7"}"#),
            "{unusable}"
        );
    }
}

#[test]
fn runaway_searches_are_given_up() {
    let extractor = Grok::compile("^(a|aa|a?)*$", None).unwrap();
    assert!(!extractor.accepts(&Value::from("a".repeat(60) + "b")));
}
