//! Elements of an array.
//!
//! A vector and nothing more, but that dropping it does not recurse without bound (`release.rs`).

use std::ops::{Deref, DerefMut};

use crate::Value;
use crate::release::{Container, release};

/// The elements of an array value; derefs to a vector.
#[derive(Clone, Default)]
pub struct List(Vec<Value>);

impl List {
    /// Takes the elements out.
    pub fn into_vec(mut self) -> Vec<Value> {
        std::mem::take(&mut self.0)
    }
}

impl Deref for List {
    type Target = Vec<Value>;

    #[inline]
    fn deref(&self) -> &Vec<Value> {
        &self.0
    }
}

impl DerefMut for List {
    #[inline]
    fn deref_mut(&mut self) -> &mut Vec<Value> {
        &mut self.0
    }
}

impl From<Vec<Value>> for List {
    fn from(values: Vec<Value>) -> Self {
        Self(values)
    }
}

impl Container for List {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn take_values(&mut self, into: &mut Vec<Value>) {
        into.append(&mut self.0);
    }
}

impl Drop for List {
    #[inline]
    fn drop(&mut self) {
        if self.0.iter().any(Value::is_container) {
            release(self);
        }
    }
}
