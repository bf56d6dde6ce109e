//! The value of the event language.
//!
//! Must not know: events, JSON text beyond calling for it. Invariants: 24 bytes; an integer that fits `i64` is held as `I64`, so that
//! equal integers have equal form.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::{Blob, Elements, Key, Kind, List, ObjectMap, Str, json};

/// Shared elements of an array; to be changed through [`Arc::make_mut`] or [`Value::array_mut`].
pub type Array = Arc<List>;

/// Shared entries of a record; to be changed through [`Arc::make_mut`] or [`Value::object_mut`].
pub type Object = Arc<ObjectMap>;

/// A value of the language (spec/script.md 2.1).
///
/// `==` is the equality of the language (2.4): tolerant for floats, ignoring the order of records, and never true for not-a-number.
/// Arrays and records are shared on clone and copied, one level, on the first change.
#[derive(Clone, Default)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Every integer that fits.
    I64(i64),
    /// Integers above `i64::MAX` only; `Value::from(u64)` sees to that.
    U64(u64),
    /// A double; infinities and not-a-number may come up in computations.
    F64(f64),
    /// Text.
    Str(Str),
    /// Bytes.
    Bytes(Blob),
    /// Elements.
    Array(Array),
    /// Keys with values.
    Object(Object),
}

const _: () = assert!(size_of::<Value>() == 24);
const _: () = assert!(size_of::<Option<Value>>() == 24);

impl Value {
    /// An empty record.
    pub fn object() -> Self {
        Self::Object(Object::default())
    }

    /// An empty array.
    pub fn array() -> Self {
        Self::Array(Array::default())
    }

    /// Its type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Boolean,
            Self::I64(_) | Self::U64(_) => Kind::Integer,
            Self::F64(_) => Kind::Float,
            Self::Str(_) => Kind::String,
            Self::Bytes(_) => Kind::Bytes,
            Self::Array(_) => Kind::Array,
            Self::Object(_) => Kind::Record,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is an array or a record.
    #[inline]
    pub fn is_container(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Object(_))
    }

    /// The truth value of a boolean.
    #[inline]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// An integer in the signed range.
    #[inline]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::I64(number) => Some(*number),
            _ => None,
        }
    }

    /// An integer in the unsigned range.
    #[inline]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::I64(number) => u64::try_from(*number).ok(),
            Self::U64(number) => Some(*number),
            _ => None,
        }
    }

    /// Any number as a double, rounded to the nearest.
    #[inline]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::I64(number) => Some(*number as f64),
            Self::U64(number) => Some(*number as f64),
            Self::F64(number) => Some(*number),
            _ => None,
        }
    }

    /// The text of a string.
    #[inline]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of a binary.
    #[inline]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The elements of an array.
    #[inline]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(list) => Some(list),
            _ => None,
        }
    }

    /// The entries of a record.
    #[inline]
    pub fn as_object(&self) -> Option<&ObjectMap> {
        match self {
            Self::Object(map) => Some(map),
            _ => None,
        }
    }

    /// The elements of an array, to be changed; copied first if they are shared.
    pub fn array_mut(&mut self) -> Option<&mut Elements> {
        match self {
            Self::Array(list) => Some(&mut **Arc::make_mut(list)),
            _ => None,
        }
    }

    /// The entries of a record, to be changed; copied first if they are shared.
    #[inline]
    pub fn object_mut(&mut self) -> Option<&mut ObjectMap> {
        match self {
            Self::Object(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    /// The value under a key of a record; `None` for other values.
    #[inline]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_object().and_then(|map| map.get(key))
    }

    /// The value under a prepared key of a record; `None` for other values.
    #[inline]
    pub fn get_key(&self, key: &Key) -> Option<&Self> {
        self.as_object().and_then(|map| map.get_key(key))
    }

    /// Sets a key of a record and returns its former value. No effect on other values.
    pub fn insert(&mut self, key: impl Into<Str>, value: impl Into<Self>) -> Option<Self> {
        self.object_mut().and_then(|map| map.insert(key, value))
    }

    /// Whether arrays and records are nested at most `levels` deep; a scalar has none, `[]` has one.
    pub fn depth_at_most(&self, levels: usize) -> bool {
        let mut open = Vec::new();
        let mut next = Some((self, levels));
        while let Some((value, levels)) = next {
            if value.is_container() {
                let Some(inner) = levels.checked_sub(1) else {
                    return false;
                };
                match value {
                    Self::Array(list) => {
                        open.extend(list.iter().filter(|child| child.is_container()).map(|child| (child, inner)));
                    }
                    Self::Object(map) => {
                        open.extend(map.values().filter(|child| child.is_container()).map(|child| (child, inner)));
                    }
                    _ => {}
                }
            }
            next = open.pop();
        }
        true
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&json::to_string(self))
    }
}

/// The text form of the language: compact JSON (spec/script.md 2.6), strings in quotes.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&json::to_string(self))
    }
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Null
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::I64(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::I64(i64::from(number))
    }
}

impl From<u8> for Value {
    fn from(number: u8) -> Self {
        Self::I64(i64::from(number))
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::I64(i64::from(number))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::I64(i64::from(number))
    }
}

impl From<u64> for Value {
    #[inline]
    fn from(number: u64) -> Self {
        match i64::try_from(number) {
            Ok(number) => Self::I64(number),
            Err(_) => Self::U64(number),
        }
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::from(number as u64)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::F64(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Str(Str::from(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Str(Str::from(text))
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Self::Str(text)
    }
}

impl From<&Str> for Value {
    fn from(text: &Str) -> Self {
        Self::Str(text.clone())
    }
}

impl From<Blob> for Value {
    fn from(bytes: Blob) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(Blob::from(bytes))
    }
}

impl From<Vec<Self>> for Value {
    fn from(elements: Vec<Self>) -> Self {
        Self::Array(Arc::new(List::from(elements)))
    }
}

impl From<[Self; 1]> for Value {
    fn from(element: [Self; 1]) -> Self {
        Self::Array(Arc::new(List::from(element)))
    }
}

impl From<ObjectMap> for Value {
    fn from(entries: ObjectMap) -> Self {
        Self::Object(Arc::new(entries))
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(elements: I) -> Self {
        Self::from(elements.into_iter().collect::<Vec<_>>())
    }
}

impl FromIterator<(Str, Self)> for Value {
    fn from_iter<I: IntoIterator<Item = (Str, Self)>>(entries: I) -> Self {
        Self::from(entries.into_iter().collect::<ObjectMap>())
    }
}

#[cfg(test)]
mod tests;
