//! Elements of an array.
//!
//! A vector and nothing more, but that dropping it does not recurse without bound (`release.rs`), and that a single element, as the values of
//! fields of messages have it, lies in the list itself.

use std::ops::{Deref, DerefMut};

use smallvec::SmallVec;

use crate::Value;
use crate::release::{Container, release};

/// The elements of an array value; derefs to a vector.
#[derive(Clone, Default)]
pub struct List(Elements);

/// What a list consists of.
pub type Elements = SmallVec<[Value; 1]>;

impl List {
    /// Takes the elements out.
    pub fn into_vec(mut self) -> Vec<Value> {
        std::mem::take(&mut self.0).into_vec()
    }
}

impl Deref for List {
    type Target = Elements;

    #[inline]
    fn deref(&self) -> &Elements {
        &self.0
    }
}

impl DerefMut for List {
    #[inline]
    fn deref_mut(&mut self) -> &mut Elements {
        &mut self.0
    }
}

impl From<Vec<Value>> for List {
    fn from(values: Vec<Value>) -> Self {
        Self(Elements::from_vec(values))
    }
}

impl From<[Value; 1]> for List {
    fn from(value: [Value; 1]) -> Self {
        Self(Elements::from_buf(value))
    }
}

impl Container for List {
    fn clear(&mut self) {
        self.0.clear();
    }

    fn take_values(&mut self, into: &mut Vec<Value>) {
        into.extend(self.0.drain(..));
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
