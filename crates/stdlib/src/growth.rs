//! Results that grow under the limits of spec/script.md 14: sizes are checked before memory is taken.

use temblor_script::func::{CallCx, FnError};
use temblor_script::limits::Limits;
use temblor_value::{Str, Value};

use crate::args::failure;

/// A text in the making, never longer than `value_bytes`.
pub(crate) struct Text<'l> {
    bytes: Vec<u8>,
    limits: &'l Limits,
}

impl<'l> Text<'l> {
    /// An empty text.
    pub(crate) fn new(limits: &'l Limits) -> Self {
        Self {
            bytes: Vec::new(),
            limits,
        }
    }

    /// Appends `text`.
    pub(crate) fn push_str(&mut self, text: &str) -> Result<(), FnError> {
        self.expect(text.len())?;
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Appends one character.
    pub(crate) fn push(&mut self, character: char) -> Result<(), FnError> {
        self.push_str(character.encode_utf8(&mut [0; 4]))
    }

    /// Lets `write` append at least `least` bytes; the size is checked before and after.
    pub(crate) fn write_with(&mut self, least: usize, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), FnError> {
        self.expect(least)?;
        write(&mut self.bytes);
        self.expect(0)
    }

    /// Whether `more` bytes may be added.
    pub(crate) fn expect(&self, more: usize) -> Result<(), FnError> {
        Ok(self.limits.check_bytes(self.bytes.len().saturating_add(more))?)
    }

    /// The finished text.
    pub(crate) fn finish(self) -> Result<Str, FnError> {
        match String::from_utf8(self.bytes) {
            Ok(text) => Ok(Str::from(text)),
            Err(_) => Err(failure("the result is not valid UTF-8")),
        }
    }
}

/// Appends `value` to a growing array, counting it as a step.
pub(crate) fn push(cx: &mut CallCx<'_>, array: &mut Vec<Value>, value: Value) -> Result<(), FnError> {
    cx.limits.check_elements(array.len() + 1)?;
    cx.charge(1)?;
    array.push(value);
    Ok(())
}

/// An empty array with room for `elements`, whose number is checked first.
pub(crate) fn array(cx: &mut CallCx<'_>, elements: usize) -> Result<Vec<Value>, FnError> {
    cx.check_elements(elements)?;
    let mut array = Vec::new();
    array.try_reserve_exact(elements).map_err(|_| failure("out of memory"))?;
    Ok(array)
}
