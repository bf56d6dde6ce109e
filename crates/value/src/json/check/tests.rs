use proptest::prelude::*;

use super::*;

/// What the reader says, whose word is final.
fn is_document(text: &str) -> bool {
    read(text, &mut Nothing).is_ok()
}

/// The text within white space, so that each of its bytes comes to lie at every place of a block, and at the border of two.
fn shifted(text: &str) -> impl Iterator<Item = String> {
    (0..64).map(move |blanks| format!("{}{text}{}", " ".repeat(blanks), "\n".repeat(70)))
}

#[test]
fn usual_documents_are_sure() {
    let long = "x".repeat(200);
    let documents = [
        r#"{"id":1,"name":"item-1","tags":["a","b"],"ok":true}"#.to_owned(),
        r#"{ "id" : 1 , "list" : [ ] , "none" : { } , "deep" : [ [ { "a" : [ 1 , -2.5e3 , null ] } ] ] }"#.to_owned(),
        "{\r\n\t\"a\": [\r\n\t\t1,\r\n\t\tfalse\r\n\t],\r\n\t\"b\": {}\r\n}".to_owned(),
        r#"{"a":"\"\\\/\b\u0041\ud83d\ude80","b":"é\\","c\"":"\\\\"}"#.to_owned(),
        "[0,-0,-1,10,123456789012345678,18446744073709551615,0.5,1e9]".to_owned(),
        r#"["",":",",","{","}","[","]","a:b","{\"a\":1}"]"#.to_owned(),
        format!(r#"{{"{long}":"{long}","b":["{long}","{long}"]}}"#),
        "[".repeat(64) + &"]".repeat(64),
    ];
    for document in &documents {
        for text in shifted(document) {
            assert!(is_surely_document(&text), "{text}");
        }
    }
}

#[test]
fn what_is_no_document_is_never_sure() {
    let wrong = [
        "[1 2]",
        r#"["a" "b"]"#,
        r#"["a":1]"#,
        r#"{"a"}"#,
        r#"{"a",1}"#,
        r#"{"a":1,2}"#,
        r#"{"a":1,"b"}"#,
        r#"{"a":1,"b","c":1}"#,
        r#"{"a":1:2}"#,
        "{1:2}",
        "{[]:1}",
        r#"{"a":}"#,
        r#"{"a":,"b":1}"#,
        "{,}",
        "[,1]",
        "[1,]",
        "[1,,2]",
        "[:]",
        "[1}",
        r#"{"a":1]"#,
        "[[1]",
        "[1]]",
        "[1],[2]",
        "[1]x",
        r#"[{"a":1,[2]}]"#,
        r#"[[],"a":1]"#,
        r#"[{},"a":1,{}]"#,
        r#"{"a":{"b":1},[]}"#,
        r#"{"a":{"b":1},"c"}"#,
        "[01]",
        "[-01]",
        "[-]",
        "[--1]",
        "[1-1]",
        "[1.]",
        "[.5]",
        "[1e]",
        "[18446744073709551616]",
        "[1e999]",
        "[tru]",
        "[truee]",
        "[true false]",
        "[true1]",
        r#"[null"a"]"#,
        r#"["a"1]"#,
        r#"[1"a"]"#,
        r#"["\x"]"#,
        r#"["\ud800"]"#,
        r"[\n]",
        r"[1\]",
        "[\"a\u{1}\"]",
        "[\"a\nb\"]",
        "[\u{1}]",
        "[é]",
        r#"["a]"#,
        r#"["a\"]"#,
        r#""a""#,
        "1",
        "",
    ];
    for text in wrong.iter().copied().flat_map(shifted) {
        assert!(!is_surely_document(&text), "{text}");
    }
    let too_deep = "[".repeat(65) + &"]".repeat(65);
    assert!(!is_surely_document(&too_deep) && check(too_deep.as_bytes()).is_ok());
}

proptest! {
    #[test]
    fn whoever_is_sure_is_right(
        before in "[ \n]{0,70}",
        text in "[\\[{](\"[a\\\\]{0,3}\"|true|-?[0-9]{1,20}|[\\[\\]{}:,\" \t\\\\u0-9.eE+\\-n]){0,40}[\\]}]",
        after in "[ \n]{60,70}",
    ) {
        let text = format!("{before}{text}{after}");
        prop_assert!(!is_surely_document(&text) || is_document(&text), "{}", text);
    }

    #[test]
    fn changed_documents_are_never_sure_where_they_are_none(
        numbers in prop::collection::vec((any::<i64>(), "[a-z\\\\\"\u{e9} ]{0,20}", any::<bool>()), 1..12),
        at: prop::sample::Index,
        byte in prop::sample::select(b"[]{}:,\" \\a0-\x01".as_slice()),
        how in 0..4,
    ) {
        let items: Vec<_> = numbers
            .into_iter()
            .map(|(id, name, ok)| serde_json::json!({"id": id, "name": name, "tags": [ok, null, 0.5], "none": {}, "list": []}))
            .collect();
        let document = serde_json::to_string(&items).unwrap();
        prop_assert!(is_surely_document(&document), "{}", document);
        let mut text = document.into_bytes();
        let at = at.index(text.len());
        match how {
            0 => text[at] = byte,
            1 => text.truncate(at),
            2 => { text.remove(at); }
            _ => text.insert(at, byte),
        }
        let Ok(text) = String::from_utf8(text) else { return Ok(()) };
        prop_assert!(!is_surely_document(&text) || is_document(&text), "{}", text);
    }
}
