//! Dropping trees of values without running out of stack.
//!
//! The natural drop recurses once per level, which is the fastest way for the shallow trees that events are. A counter of the thread
//! notices unusual depth; from there on the values are moved to a list and dropped from it.

use std::cell::Cell;
use std::sync::Arc;

use crate::Value;

/// Levels that are dropped by recursion.
const RECURSIVE_LEVELS: u32 = 128;

thread_local! {
    static LEVEL: Cell<u32> = const { Cell::new(0) };
}

/// What holds values and is dropped with care.
pub(crate) trait Container {
    /// Drops all values.
    fn clear(&mut self);
    /// Moves all values to `into`.
    fn take_values(&mut self, into: &mut Vec<Value>);
}

/// Empties a container that holds containers. To be called by its `drop`.
#[inline(never)]
pub(crate) fn release(container: &mut impl Container) {
    let level = LEVEL.get();
    if level < RECURSIVE_LEVELS {
        LEVEL.set(level + 1);
        container.clear();
        LEVEL.set(level);
        return;
    }
    let mut values = Vec::new();
    container.take_values(&mut values);
    while let Some(value) = values.pop() {
        match value {
            Value::Array(array) => {
                if let Some(mut list) = Arc::into_inner(array) {
                    list.take_values(&mut values);
                }
            }
            Value::Object(object) => {
                if let Some(mut map) = Arc::into_inner(object) {
                    map.take_values(&mut values);
                }
            }
            _ => {}
        }
    }
}
