//! Data and metadata of an event.
//!
//! Invariant: original bytes are dropped by the one function that writes data, so no node has to think of them (spec/proxy.md 3.1).

use bytes::Bytes;
use temblor_value::Value;

/// The bytes an event's data came from.
#[derive(Clone, Debug)]
pub struct Original {
    /// The chunk that the codec was given.
    pub bytes: Bytes,
    /// Name of the codec that decoded or checked it.
    pub codec: &'static str,
    /// There was no body at all; it leaves as none (spec/proxy.md 0.3, row 16).
    pub is_absent: bool,
}

/// Data of an event.
#[derive(Clone, Debug)]
pub enum Data {
    /// A value, with the bytes it came from as long as nobody replaced it.
    Value(Value, Option<Original>),
    /// A complete body that nothing on its way reads; checked, not decoded.
    Raw(Original),
}

/// Data and metadata.
#[derive(Clone, Debug)]
pub struct Payload {
    data: Data,
    /// Metadata (`$`), a record.
    pub meta: Value,
}

impl Payload {
    /// A value without original bytes.
    pub fn new(value: Value, meta: Value) -> Self {
        Self {
            data: Data::Value(value, None),
            meta,
        }
    }

    /// A decoded value that still has its bytes.
    pub fn with_original(value: Value, original: Original, meta: Value) -> Self {
        Self {
            data: Data::Value(value, Some(original)),
            meta,
        }
    }

    /// A body that nothing reads.
    pub fn raw(original: Original, meta: Value) -> Self {
        Self {
            data: Data::Raw(original),
            meta,
        }
    }

    /// The data.
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The value; null for a body that was not decoded, which link-time analysis keeps from being looked at.
    pub fn value(&self) -> &Value {
        match &self.data {
            Data::Value(value, _) => value,
            Data::Raw(_) => &Value::Null,
        }
    }

    /// The bytes the data came from, if nobody replaced it.
    pub fn original(&self) -> Option<&Original> {
        match &self.data {
            Data::Value(_, original) => original.as_ref(),
            Data::Raw(original) => Some(original),
        }
    }

    /// Replaces the data. The one way to write it: the original bytes go.
    pub fn replace(&mut self, value: Value) {
        self.data = Data::Value(value, None);
    }

    /// Lends value and metadata for a change; the closure returns whether it replaced the value, and then the original bytes go.
    pub fn edit<R>(&mut self, change: impl FnOnce(&mut Value, &mut Value) -> (R, bool)) -> R {
        let mut undecoded = Value::Null;
        let value = match &mut self.data {
            Data::Value(value, _) => value,
            Data::Raw(_) => &mut undecoded,
        };
        let (result, is_replaced) = change(value, &mut self.meta);
        if is_replaced {
            let value = std::mem::replace(value, Value::Null);
            self.replace(value);
        }
        result
    }
}
