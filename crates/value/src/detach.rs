//! Releasing the input buffers that a stored value would keep alive.
//!
//! Rule: a value that outlives its event (state, windows, key-value stores, live taps) gives up every text that is less than a quarter
//! of the buffer it lies in, so that a short name does not keep a large body. Nothing is copied where nothing is given up.
//!
//! Invariant: levels beyond [`RECURSIVE_LEVELS`] are handled with a list, not by recursion.

use std::sync::Arc;

use crate::{ObjectMap, Value};

/// Levels that are visited by recursion. Below them, shared containers are copied without asking whether they need it.
const RECURSIVE_LEVELS: usize = 128;

impl Value {
    /// Copies texts that keep a much larger buffer alive out of it. To be called where a value is stored beyond its event.
    pub fn detach(&mut self) {
        detach(self, RECURSIVE_LEVELS);
    }
}

fn detach(value: &mut Value, levels: usize) {
    if levels == 0 {
        return detach_all(value);
    }
    match value {
        Value::Str(text) if text.pins_buffer() => *text = text.detached(),
        Value::Array(array) => match Arc::get_mut(array) {
            Some(list) => list.iter_mut().for_each(|element| detach(element, levels - 1)),
            None => replace(value, levels),
        },
        Value::Object(object) => match Arc::get_mut(object) {
            Some(map) => {
                for (key, value) in map.entries_mut() {
                    *key = key.detached();
                    detach(value, levels - 1);
                }
            }
            None => replace(value, levels),
        },
        _ => {}
    }
}

fn replace(value: &mut Value, levels: usize) {
    if let Some(changed) = detached(value, levels) {
        *value = changed;
    }
}

/// The detached form of a value that is shared, `None` if it is detached already.
fn detached(value: &Value, levels: usize) -> Option<Value> {
    if levels == 0 {
        let mut copy = value.clone();
        detach_all(&mut copy);
        return Some(copy);
    }
    match value {
        Value::Str(text) if text.pins_buffer() => Some(Value::Str(text.detached())),
        Value::Array(array) => {
            let mut copy: Option<Vec<Value>> = None;
            for (at, element) in array.iter().enumerate() {
                if let Some(changed) = detached(element, levels - 1)
                    && let Some(slot) = copy.get_or_insert_with(|| array.to_vec()).get_mut(at)
                {
                    *slot = changed;
                }
            }
            copy.map(Value::from)
        }
        Value::Object(object) => {
            // What values are made from may keep much more than they do.
            let mut copy = object.made();
            for (at, (key, value)) in object.iter().enumerate() {
                let changed = detached(value, levels - 1);
                if !key.pins_buffer() && changed.is_none() {
                    continue;
                }
                if let Some(entry) = copy.get_or_insert_with(|| ObjectMap::clone(object)).entries_mut().nth(at) {
                    entry.0 = key.detached();
                    if let Some(changed) = changed {
                        entry.1 = changed;
                    }
                }
            }
            copy.map(Value::from)
        }
        _ => None,
    }
}

/// Detaches without recursion; copies every shared container on its way.
fn detach_all(value: &mut Value) {
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Str(text) => *text = text.detached(),
            Value::Array(array) => open.extend(Arc::make_mut(array).iter_mut()),
            Value::Object(object) => {
                for (key, value) in Arc::make_mut(object).entries_mut() {
                    *key = key.detached();
                    open.push(value);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
