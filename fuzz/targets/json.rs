//! JSON is read as another reader reads it, but for the ranges of spec/formats.md 3.1; what is written is read back.
//!
//! Input: the document.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use temblor_value::json::{self, JsonErrorKind, Scratch};
use temblor_value::{ObjectMap, Value};

/// What the other reader makes of the document, whatever its depth.
fn reference(data: &[u8]) -> Option<serde_json::Value> {
    let mut reader = serde_json::Deserializer::from_slice(data);
    reader.disable_recursion_limit();
    let value = serde_json::Value::deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(value)
}

fn is_same(ours: &Value, theirs: &serde_json::Value) -> bool {
    match (ours, theirs) {
        (Value::Null, serde_json::Value::Null) => true,
        (Value::Bool(ours), serde_json::Value::Bool(theirs)) => ours == theirs,
        // The other reader takes `-0` for a float.
        (Value::I64(0), serde_json::Value::Number(theirs)) => theirs.as_f64() == Some(0.0),
        (Value::I64(ours), serde_json::Value::Number(theirs)) => theirs.as_i64() == Some(*ours),
        (Value::U64(ours), serde_json::Value::Number(theirs)) => theirs.as_u64() == Some(*ours),
        (Value::F64(ours), serde_json::Value::Number(theirs)) => {
            // `-0.0` is read as 0.0.
            let bits = |float: f64| if float == 0.0 { 0 } else { float.to_bits() };
            theirs.is_f64() && theirs.as_f64().is_some_and(|theirs| bits(theirs) == bits(*ours))
        }
        (Value::Str(ours), serde_json::Value::String(theirs)) => ours.as_str() == theirs,
        (Value::Array(ours), serde_json::Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| is_same(ours, theirs))
        }
        (Value::Object(ours), serde_json::Value::Object(theirs)) => is_same_object(ours, theirs),
        _ => false,
    }
}

/// Order counts: keys stay where they were first met.
fn is_same_object(ours: &ObjectMap, theirs: &serde_json::Map<String, serde_json::Value>) -> bool {
    ours.len() == theirs.len()
        && ours
            .iter()
            .zip(theirs)
            .all(|((our_key, ours), (their_key, theirs))| our_key.as_str() == their_key && is_same(ours, theirs))
}

fuzz_target!(|data: &[u8]| {
    let mut scratch = Scratch::default();
    let ours = json::decode(Bytes::copy_from_slice(data), &mut scratch);
    assert_eq!(
        ours.is_ok(),
        json::check(data).is_ok(),
        "check and decode differ"
    );
    let theirs = reference(data);
    let value = match (ours, theirs) {
        (Ok(ours), Some(theirs)) => {
            assert!(is_same(&ours.value, &theirs), "{:?} is not {theirs:?}", ours.value);
            ours.value
        }
        (Ok(ours), None) => panic!("only we accept: {:?}", ours.value),
        (Err(error), Some(_)) => {
            let may_differ = matches!(error.kind, JsonErrorKind::IntegerOverflow | JsonErrorKind::TooDeep);
            assert!(may_differ, "only we refuse: {error}");
            return;
        }
        (Err(error), None) => {
            assert!(error.position <= data.len());
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let text = json::to_string(&value);
    let again = json::from_str(&text).unwrap();
    assert_eq!(again, value);
    assert_eq!(json::to_string(&again), text);
    assert_eq!(json::from_str(&json::to_string_sorted(&value)).unwrap(), value);
    assert_eq!(json::from_str(&json::to_string_pretty(&value)).unwrap(), value);
    assert_eq!(value.compare(&value).is_some(), again.compare(&value).is_some());
});
