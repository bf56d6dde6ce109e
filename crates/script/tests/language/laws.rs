//! Laws of sections 5.7 and 5.8 that hold for all records: what patch and merge do is derived from their definitions, not from examples.

use proptest::prelude::*;
use temblor_value::Str;

use super::*;

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        "[xy]{0,2}".prop_map(Value::from),
        Just(Value::from(vec![Value::from(1), Value::Null])),
    ];
    scalar.prop_recursive(3, 24, 4, record_of)
}

fn record_of(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec((key(), values), 0..4)
        .prop_map(|entries| entries.into_iter().map(|(key, value)| (Str::from(key), value)).collect())
}

fn any_record() -> impl Strategy<Value = Value> {
    record_of(any_value())
}

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(KEYS.as_slice())
}

/// Operations as texts.
fn op() -> impl Strategy<Value = String> {
    prop_oneof![
        (key(), any_value()).prop_map(|(key, value)| format!("insert \"{key}\" => {value}")),
        (key(), any_value()).prop_map(|(key, value)| format!("update \"{key}\" => {value}")),
        (key(), any_value()).prop_map(|(key, value)| format!("upsert \"{key}\" => {value}")),
        (key(), any_value()).prop_map(|(key, value)| format!("merge \"{key}\" => {value}")),
        any_record().prop_map(|value| format!("merge => {value}")),
        key().prop_map(|key| format!("erase \"{key}\"")),
        (key(), key()).prop_map(|(from, to)| format!("move \"{from}\" => \"{to}\"")),
        (key(), key()).prop_map(|(from, to)| format!("copy \"{from}\" => \"{to}\"")),
    ]
}

fn ops() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(op(), 1..5)
}

/// Result or message of a patch as a copy.
fn patch(target: &Value, ops: &str) -> Result<Value, String> {
    result(&run(
        &format!("let x = patch event of {ops} end; x"),
        &json::to_string(target),
    ))
}

fn merge(target: &Value, value: &Value) -> Value {
    let run = run(&format!("let x = merge event of {value} end; x"), &json::to_string(target));
    assert_eq!(run.event, *target, "the target itself is not touched");
    result(&run).unwrap()
}

fn result(run: &Run) -> Result<Value, String> {
    match &run.ended {
        Ok(_) => Ok(value(run)),
        Err(trap) => Err(trap.message()),
    }
}

fn keys(record: &Value) -> Vec<&str> {
    record.as_object().unwrap().keys().map(Str::as_str).collect()
}

fn has_nulls(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().any(has_nulls),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn merging_decides_key_by_key(target in any_record(), value in any_record()) {
        let merged = merge(&target, &value);
        for key in KEYS {
            let expected = match (target.get(key), value.get(key)) {
                (_, Some(Value::Null)) => None,
                (Some(held @ Value::Object(_)), Some(new @ Value::Object(_))) => Some(merge(held, new)),
                (held, new) => new.or(held).cloned(),
            };
            prop_assert_eq!(merged.get(key), expected.as_ref(), "{} in {} of {}", key, target, value);
        }
    }

    #[test]
    fn merging_keeps_the_order_and_appends(target in any_record(), value in any_record()) {
        let kept = keys(&target).into_iter().filter(|key| value.get(key) != Some(&Value::Null));
        let added = keys(&value).into_iter().filter(|key| target.get(key).is_none() && value.get(key) != Some(&Value::Null));
        let expected: Vec<_> = kept.chain(added).collect();
        let merged = merge(&target, &value);
        prop_assert_eq!(keys(&merged), expected);
    }

    #[test]
    fn merging_nothing_changes_nothing_and_merging_twice_changes_nothing_more(target in any_record(), value in any_record()) {
        prop_assert_eq!(&merge(&target, &Value::object()), &target);
        if !has_nulls(&value) {
            let once = merge(&target, &value);
            prop_assert_eq!(merge(&once, &value), once);
        }
    }

    #[test]
    fn a_patch_is_its_operations_one_after_the_other(target in any_record(), ops in ops()) {
        let single = ops.iter().try_fold(target.clone(), |whole, op| patch(&whole, op));
        prop_assert_eq!(patch(&target, &ops.join(", ")), single, "{} of {:?}", target, ops);
    }

    #[test]
    fn a_patch_in_place_is_the_patch_of_a_copy(target in any_record(), ops in ops()) {
        let ops = ops.join(", ");
        let in_place = run(&format!("let event = patch event of {ops} end; event"), &json::to_string(&target));
        let copy = patch(&target, &ops);
        let left = copy.as_ref().unwrap_or(&target);
        prop_assert_eq!(&in_place.event, left, "a failing patch changes nothing");
        prop_assert_eq!(result(&in_place), copy, "{} of {}", target, ops);
    }

    #[test]
    fn what_one_operation_does_another_takes_back(target in any_record(), key in key(), other in key(), value in any_value()) {
        let is_there = target.get(key).is_some();
        let inserted = patch(&target, &format!("insert \"{key}\" => {value}"));
        let updated = patch(&target, &format!("update \"{key}\" => {value}"));
        let upserted = patch(&target, &format!("upsert \"{key}\" => {value}")).unwrap();
        prop_assert_eq!((inserted.is_ok(), updated.is_ok()), (!is_there, is_there));
        prop_assert_eq!(upserted.get(key), Some(&value));
        prop_assert_eq!(inserted.or(updated), Ok(upserted.clone()));
        let erased = patch(&upserted, &format!("erase \"{key}\"")).unwrap();
        prop_assert_eq!(&erased, &patch(&target, &format!("erase \"{key}\"")).unwrap());
        let moved = patch(&target, &format!("move \"{key}\" => \"{other}\""));
        prop_assert_eq!(moved.is_ok(), target.get(other).is_none());
        if let Ok(moved) = moved {
            prop_assert_eq!(patch(&moved, &format!("move \"{other}\" => \"{key}\"")), Ok(target.clone()));
            let copied = patch(&target, &format!("copy \"{key}\" => \"{other}\"")).unwrap();
            prop_assert_eq!(copied.get(other), target.get(key));
            prop_assert_eq!(patch(&copied, &format!("erase \"{other}\"")), Ok(target));
        }
    }

    #[test]
    fn merging_by_patch_is_merging(target in any_record(), key in key(), value in any_record()) {
        prop_assert_eq!(patch(&target, &format!("merge => {value}")), Ok(merge(&target, &value)));
        let within = patch(&target, &format!("merge \"{key}\" => {value}"));
        let expected = match target.get(key) {
            Some(held @ Value::Object(_)) => Some(merge(held, &value)),
            None => Some(merge(&Value::object(), &value)),
            Some(_) => None,
        };
        prop_assert_eq!(within.ok().and_then(|whole| whole.get(key).cloned()), expected);
    }
}
