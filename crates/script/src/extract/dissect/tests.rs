//! The tables of spec/extractors.md 3.7.

use temblor_value::json;

use super::*;

fn extracted(format: &str, text: &str) -> Option<String> {
    let extractor = Dissect::compile(format).unwrap();
    let target = Value::from(text);
    let extracted = extractor.extract(&target, 0);
    assert_eq!(extractor.accepts(&target), extracted.is_some(), "{format} on {text}");
    extracted.map(|value| json::to_string(&value))
}

#[track_caller]
fn check(format: &str, text: &str, record: Option<&str>) {
    assert_eq!(extracted(format, text).as_deref(), record, "{format} on {text}");
}

#[test]
fn fields_and_delimiters() {
    check(
        "%{verb} %{path} %{proto}",
        "GET /x HTTP/1.1",
        Some(r#"{"verb":"GET","path":"/x","proto":"HTTP/1.1"}"#),
    );
    check("%{verb} %{path} %{proto}", "GET /x", None);
    check("%{a},%{b},%{c}", ",,", Some(r#"{"a":"","b":"","c":""}"#));
    check("%{a} %{b}", "1 2 3", Some(r#"{"a":"1","b":"2 3"}"#));
    check("%{a} %{b}", "1 ", Some(r#"{"a":"1","b":""}"#));
    check("%{a} %{a}", "1 2", Some(r#"{"a":"2"}"#));
    check("%{ a }", "x", Some(r#"{" a ":"x"}"#));
    check("%{a}%", "55%", Some(r#"{"a":"55"}"#));
    check("%{a}%", "55", None);
    check("abc", "abc", Some("{}"));
    check("abc", "abcd", None);
    check("", "", Some("{}"));
    check("", "x", None);
}

#[test]
fn matching_never_goes_back() {
    check("%{a}-%{b}!", "x!-y!", Some(r#"{"a":"x!","b":"y"}"#));
    check("%{a}-%{b}!", "x-y!!", None);
    check("<%{a}>", "<x>y", None);
    check("<%{a}>", "x>", None);
}

#[test]
fn types() {
    check(
        "%{n:int} %{f:float} %{s:string}",
        "-3 2 x",
        Some(r#"{"n":-3,"f":2.0,"s":"x"}"#),
    );
    check("%{n:int}", "+7", Some(r#"{"n":7}"#));
    check("%{n:int}", " 7", None);
    check("%{n:int}", "9223372036854775808", None);
    check("%{f:float}", "1e3", Some(r#"{"f":1000.0}"#));
    check("%{f:float}", "one", None);
}

#[test]
fn skipped_and_remembered() {
    check("%{?date} %{} %{host}", "today noon web7", Some(r#"{"host":"web7"}"#));
    check(
        "%{?k}=%{&k};%{?l}=%{&l}",
        "color=red;size=9",
        Some(r#"{"color":"red","size":"9"}"#),
    );
    check("%{?k}=%{&k}", "=red", None);
    check("%{?k}=%{&k:int}", "n=5", Some(r#"{"n":5}"#));
    check("%{?k}=%{&k:int}", "n=x", None);
    check("%{a}=%{&k}", "n=5", None);
    check("%{?k}=%{&k},%{&k}", "n=5,6", None);
    check("%{&k}=%{?k}", "5=n", None);
    check("%{?k}=%{?k}=%{&k}", "a=b=1", Some(r#"{"b":"1"}"#));
}

#[test]
fn appending() {
    check("%{+n} %{+n} %{+n}", "a b c d", Some(r#"{"n":"a b c d"}"#));
    check("%{d}-%{+d}-%{+d}", "2031-04-05", Some(r#"{"d":"2031 04 05"}"#));
    check("%{+d}-%{+d}", "07-04", Some(r#"{"d":"07 04"}"#));
    check("%{+n}%{_(-)}%{+n}", "a---b", Some(r#"{"n":"a-b"}"#));
    check("%{+n:int}", "5", Some(r#"{"n:int":"5"}"#));
    check("%{n:int} %{+n}", "5 x", Some("{}"));
}

#[test]
fn padding() {
    check("%{l}%{_}%{t}", "WARN      disk full", Some(r#"{"l":"WARN","t":"disk full"}"#));
    check("%{l}%{_}%{t}", "WARN", None);
    check("%{t}%{_(=)}%{b}", "head=====body", Some(r#"{"t":"head","b":"body"}"#));
    check("%{t}%{_(ab)}%{b}", "1ababac", Some(r#"{"t":"1","b":"ac"}"#));
    check("%{_}%{a}", "    x", Some(r#"{"a":"x"}"#));
    check("%{_}%{a}", "x", Some(r#"{"a":"x"}"#));
    check("%{a}%{_}", "x", Some(r#"{"a":"x"}"#));
    check("%{a}%{_}", "x   ", Some(r#"{"a":"x"}"#));
    check("%{a}%{_}", "x  y", None);
    check("%{a}%{_}|%{b}", "x|y", Some(r#"{"a":"x","b":"y"}"#));
    check("%{a}%{_}|%{b}", "x   |y", Some(r#"{"a":"x","b":"y"}"#));
    check("%{a}%{_}|%{b}", "x   y", None);
}

#[test]
fn escapes_in_delimiters() {
    check(r"%{a}\t%{b}\\%{c}", "1\t2\\3", Some(r#"{"a":"1","b":"2","c":"3"}"#));
    check(r"%{a}\n%{b}\r%{c}", "1\n2\r3", Some(r#"{"a":"1","b":"2","c":"3"}"#));
}

#[test]
fn bad_formats_are_refused() {
    for format in [
        "%{a}%{b}",
        "%{a}%{}",
        "%{a",
        "%{a %{b}",
        "%{a}%{_} %{b}",
        "%{a}%{_(ab)}abc%{b}",
        "%{_()}",
        "%{_x}",
        "%{_(x}",
        "%{n:date}",
        "%{n:}",
        "%{&n:date}",
        r"a\q%{b}",
        r"%{b}\",
    ] {
        assert!(Dissect::compile(format).is_err(), "{format}");
    }
}
