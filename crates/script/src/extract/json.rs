//! `json`: strings that are one JSON document (spec/extractors.md 3.2).

use std::cell::RefCell;

use bytes::Bytes;
use temblor_value::{Value, json};

use super::{Extract, text};

thread_local! {
    /// Parser buffers, kept so that they need not be made for each event.
    static SCRATCH: RefCell<json::Scratch> = RefCell::default();
}

/// The extractor; its format is ignored.
pub(super) struct Json;

impl Extract for Json {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| json::check(text.as_bytes()).is_ok())
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        let input = Bytes::copy_from_slice(text(target)?.as_bytes());
        SCRATCH
            .with_borrow_mut(|scratch| json::decode(input, scratch))
            .ok()
            .map(|decoded| decoded.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extracted(text: &str) -> Option<Value> {
        Json.extract(&Value::from(text), 0)
    }

    #[test]
    fn any_document_matches() {
        assert_eq!(extracted("5"), Some(Value::from(5)));
        assert_eq!(extracted("null"), Some(Value::Null));
        assert_eq!(
            extracted(" [1,\"a\"]\n"),
            Some(Value::from(vec![Value::from(1), Value::from("a")]))
        );
        assert!(Json.accepts(&Value::from("{\"a\" : 1}")));
    }

    #[test]
    fn anything_else_does_not() {
        for text in ["", " ", "{", "{} x", "'a'", "01", "[1,]"] {
            assert_eq!(extracted(text), None, "{text}");
            assert!(!Json.accepts(&Value::from(text)), "{text}");
        }
        assert!(!Json.accepts(&Value::Null));
        assert_eq!(Json.extract(&Value::from(5), 0), None);
    }
}
