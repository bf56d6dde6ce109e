//! Merging of records (spec/script.md 5.8).

use temblor_value::{ObjectMap, Value};

/// Merges `value` into `target`: null removes, records merge, everything else replaces.
pub(crate) fn merge_into(target: &mut ObjectMap, value: &ObjectMap) {
    for (key, value) in value {
        if matches!(value, Value::Null) {
            target.remove(key);
            continue;
        }
        if let Some(value) = value.as_object()
            && let Some(inner) = target.get_mut(key).and_then(Value::object_mut)
        {
            merge_into(inner, value);
            continue;
        }
        target.insert(key.clone(), value.clone());
    }
}
