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
