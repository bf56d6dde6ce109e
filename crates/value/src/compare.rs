//! Equality and order of the language (spec/script.md 2.4 and 2.5).
//!
//! Invariant: containers are walked with a list of what is open, not by recursion.

use std::cmp::Ordering;

use smallvec::SmallVec;

use crate::{Iter, ObjectMap, Value};

/// Pairs of containers that are open during a comparison; deeper ones go to the heap.
type Open<'a> = SmallVec<[Pair<'a>; 6]>;

enum Pair<'a> {
    Arrays(std::slice::Iter<'a, Value>, std::slice::Iter<'a, Value>),
    Objects(Iter<'a>, &'a ObjectMap, usize),
}

impl PartialEq for Value {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Array(_), Self::Array(_)) | (Self::Object(_), Self::Object(_)) => equal_containers(self, other),
            _ => equal_scalars(self, other),
        }
    }
}

impl PartialEq for ObjectMap {
    fn eq(&self, other: &Self) -> bool {
        let mut open = Open::new();
        open_objects(&mut open, self, other) && equal_open(open)
    }
}

/// Whether two values are equal that are not both arrays or both records.
#[inline]
fn equal_scalars(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::Str(text), Value::Bytes(bytes)) | (Value::Bytes(bytes), Value::Str(text)) => text.as_bytes() == &**bytes,
        (Value::I64(a), Value::I64(b)) => a == b,
        (Value::U64(a), Value::U64(b)) => a == b,
        (Value::F64(a), b) | (b, Value::F64(a)) => b.as_f64().is_some_and(|b| (a - b).abs() < f64::EPSILON),
        _ => false,
    }
}

fn equal_containers(a: &Value, b: &Value) -> bool {
    let mut open = Open::new();
    equal_so_far(&mut open, a, b) && equal_open(open)
}

/// Compares two values, leaving their elements to be compared later.
fn equal_so_far<'a>(open: &mut Open<'a>, a: &'a Value, b: &'a Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            if a.len() != b.len() {
                return false;
            }
            open.push(Pair::Arrays(a.iter(), b.iter()));
            true
        }
        (Value::Object(a), Value::Object(b)) => open_objects(open, a, b),
        _ => equal_scalars(a, b),
    }
}

fn open_objects<'a>(open: &mut Open<'a>, a: &'a ObjectMap, b: &'a ObjectMap) -> bool {
    if a.len() != b.len() {
        return false;
    }
    open.push(Pair::Objects(a.iter(), b, 0));
    true
}

fn equal_open(mut open: Open<'_>) -> bool {
    while let Some(pair) = open.last_mut() {
        let next = match pair {
            Pair::Arrays(a, b) => a.next().zip(b.next()),
            Pair::Objects(a, b, place) => match a.next() {
                None => None,
                Some((key, value)) => {
                    // Records of one source mostly have their keys in the same order.
                    let same_place = b.get_index(*place).filter(|(other, _)| *other == key).map(|(_, value)| value);
                    *place += 1;
                    match same_place.or_else(|| b.get(key)) {
                        Some(other) => Some((value, other)),
                        None => return false,
                    }
                }
            },
        };
        match next {
            None => {
                open.pop();
            }
            Some((a, b)) => {
                if !equal_so_far(&mut open, a, b) {
                    return false;
                }
            }
        }
    }
    true
}

impl Value {
    /// Order of two values for `<` and its kin (spec/script.md 2.5).
    ///
    /// `None` where the kinds have no order (see [`is_ordered_with`](Self::is_ordered_with)), and if one side is not-a-number, which
    /// is neither below, nor equal to, nor above anything.
    #[inline]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::I64(a), Self::I64(b)) => Some(a.cmp(b)),
            (Self::U64(a), Self::U64(b)) => Some(a.cmp(b)),
            (Self::I64(_), Self::U64(_)) => Some(Ordering::Less), // `U64` is above `i64::MAX`
            (Self::U64(_), Self::I64(_)) => Some(Ordering::Greater),
            (Self::F64(a), b) => a.partial_cmp(&b.as_f64()?),
            (a, Self::F64(b)) => a.as_f64()?.partial_cmp(b),
            _ => Some(self.sortable_bytes()?.cmp(other.sortable_bytes()?)),
        }
    }

    /// Whether `<` and its kin are defined for the two values: both numbers, or both strings or binaries.
    pub fn is_ordered_with(&self, other: &Self) -> bool {
        (self.is_number() && other.is_number()) || (self.sortable_bytes().is_some() && other.sortable_bytes().is_some())
    }

    /// Whether it is an integer or a float.
    #[inline]
    pub fn is_number(&self) -> bool {
        matches!(self, Self::I64(_) | Self::U64(_) | Self::F64(_))
    }

    fn sortable_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Str(text) => Some(text.as_bytes()),
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
