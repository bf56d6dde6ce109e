use super::*;

#[test]
fn dot_segments_are_resolved() {
    let cases = [
        ("/", "/"),
        ("/a/b", "/a/b"),
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/../..", "/"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/.%2e/b/", "/b/"),
        ("/a/...", "/a/..."),
        ("//a", "//a"),
        ("/a%2Fb", "/a%2Fb"),
    ];
    for (received, expected) in cases {
        assert_eq!(resolve_dots(received).as_str(), expected, "{received}");
    }
}

#[test]
fn first_header_takes_texts_and_arrays_of_any_case() {
    let mut record = Value::object();
    record.insert(
        Str::new("Content-Type"),
        Value::from(vec![Value::from(1_i64), Value::from("a/b")]),
    );
    record.insert(Str::new("x"), Value::from("y"));
    assert_eq!(first_header(&record, "content-type"), Some("a/b"));
    assert_eq!(first_header(&record, "x"), Some("y"));
    assert_eq!(first_header(&record, "z"), None);
}
