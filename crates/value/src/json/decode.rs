//! Reading JSON text (spec/formats.md 3.1).
//!
//! The parser writes its tape from a padded copy of the text, in which it resolves escapes; the text itself stays as it is, so an event
//! can keep its original bytes without a further copy, and long strings become slices of it. The tape is in document order and is
//! read backwards: then the elements of a container are complete when the container is met, and no recursion is needed.
//!
//! Invariant: buffers are reused from call to call, but those of unusually large documents are given back.

use std::sync::Arc;

use bytes::Bytes;
use simd_json::{Buffers, INPUT_PADDING, Node, StaticNode, Tape};

use crate::{ObjectMap, Str, Value};

use super::error::{JsonError, JsonErrorKind};
use super::locate::first_error;

/// Levels of arrays and objects that are read; a document with more is an error.
pub const MAX_DEPTH: usize = 1024;

/// Length of a document, in bytes, after which the buffers are given back.
const KEEP_BUFFERS_BELOW: usize = 1 << 20;

/// Parser buffers, reused from document to document; one per worker.
pub struct Scratch {
    text: Vec<u8>,
    buffers: Buffers,
    tape: Vec<Node<'static>>,
    values: Vec<Value>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            buffers: Buffers::with_max_depth(1024, MAX_DEPTH),
            tape: Vec::new(),
            values: Vec::new(),
        }
    }
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The value.
    pub value: Value,
    /// Some object had a key twice, of which the last value was taken. Such a value is not what other readers of the same bytes may see.
    pub has_duplicate_keys: bool,
}

/// Reads one document. Strings longer than 22 bytes share `input`, which is not changed.
///
/// # Errors
/// If `input` is anything but one JSON document within surrounding white space, or a number is out of range.
pub fn decode(mut input: Bytes, scratch: &mut Scratch) -> Result<Decoded, JsonError> {
    scratch.load(&input);
    let decoded = scratch.parse(input.len(), |tape, copy, values| {
        Builder::new(&mut input, copy, values).build(tape)
    });
    decoded.ok_or_else(|| explain(&input))
}

/// Tells whether `input` is one document that [`decode`] would read, without building it.
///
/// # Errors
/// Those of [`decode`].
pub fn check(input: &[u8], scratch: &mut Scratch) -> Result<(), JsonError> {
    scratch.load(input);
    scratch.parse(input.len(), |_, _, _| ()).ok_or_else(|| explain(input))
}

/// Reads one document with buffers of its own; for configuration and tests rather than for events.
///
/// # Errors
/// Those of [`decode`].
pub fn from_str(text: &str) -> Result<Value, JsonError> {
    let decoded = decode(Bytes::copy_from_slice(text.as_bytes()), &mut Scratch::default())?;
    Ok(decoded.value)
}

impl Scratch {
    /// Makes the padded copy that the parser works on.
    #[inline]
    fn load(&mut self, input: &[u8]) {
        self.text.clear();
        self.text.reserve(input.len() + INPUT_PADDING);
        self.text.extend_from_slice(input);
        self.text.extend_from_slice(&[b' '; INPUT_PADDING]);
    }

    /// Parses the copy, `len` bytes without its padding, and hands the tape, the address that its strings count from and a list for
    /// values to `read`. `None` if the text is no document.
    #[inline]
    fn parse<T>(&mut self, len: usize, read: impl FnOnce(&[Node<'_>], usize, &mut Vec<Value>) -> T) -> Option<T> {
        let copy = self.text.as_ptr().addr();
        let mut tape = Tape(std::mem::take(&mut self.tape));
        let parsed = simd_json::fill_tape_padded(&mut self.text, len, &mut self.buffers, &mut tape);
        let result = parsed.is_ok().then(|| read(&tape.0, copy, &mut self.values));
        self.values.clear();
        self.tape = tape.reset().0;
        if len >= KEEP_BUFFERS_BELOW {
            *self = Self::default();
        }
        result
    }
}

#[cold]
#[inline(never)]
fn explain(input: &[u8]) -> JsonError {
    // The parser tells no reliable place. A text that it refuses and the slow reader does not can only be one that is too large for it.
    first_error(input).err().unwrap_or(JsonError {
        kind: JsonErrorKind::TooLarge,
        position: 0,
        character: None,
    })
}

/// One pass from tape to value.
struct Builder<'a> {
    /// The input; empty once it is shared.
    input: &'a mut Bytes,
    /// Address of the copy of the input that the strings of the tape point into.
    copy: usize,
    /// The input as strings share it; made for the first that does.
    shared: Option<Arc<Bytes>>,
    /// Values that are complete and belong to no container yet, the first of them last.
    values: &'a mut Vec<Value>,
    has_duplicate_keys: bool,
}

impl<'a> Builder<'a> {
    fn new(input: &'a mut Bytes, copy: usize, values: &'a mut Vec<Value>) -> Self {
        Self {
            input,
            copy,
            shared: None,
            values,
            has_duplicate_keys: false,
        }
    }

    #[inline]
    fn build(mut self, tape: &[Node<'_>]) -> Decoded {
        for node in tape.iter().rev() {
            let value = match node {
                Node::String(text) => Value::Str(self.string(text)),
                Node::Static(StaticNode::Null) => Value::Null,
                Node::Static(StaticNode::Bool(truth)) => Value::Bool(*truth),
                Node::Static(StaticNode::I64(number)) => Value::I64(*number),
                Node::Static(StaticNode::U64(number)) => Value::from(*number),
                // Adding zero makes zero of negative zero and changes nothing else.
                Node::Static(StaticNode::F64(number)) => Value::F64(*number + 0.0),
                Node::Array { len, .. } => self.array(*len),
                Node::Object { len, .. } => self.object(*len),
            };
            self.values.push(value);
        }
        Decoded {
            value: self.values.pop().unwrap_or_default(),
            has_duplicate_keys: self.has_duplicate_keys,
        }
    }

    #[inline]
    fn string(&mut self, text: &str) -> Str {
        if let Some(short) = Str::inline(text) {
            return short;
        }
        // What the parser did not have to unescape lies in the input at the same place as in the copy.
        let start = text.as_ptr().addr().wrapping_sub(self.copy);
        let input = &mut *self.input;
        Str::shared(
            self.shared.get_or_insert_with(|| Arc::new(std::mem::take(input))),
            start,
            text,
        )
    }

    fn array(&mut self, len: usize) -> Value {
        let first = self.values.len().saturating_sub(len);
        Value::from(self.values.drain(first..).rev().collect::<Vec<_>>())
    }

    fn object(&mut self, len: usize) -> Value {
        let first = self.values.len().saturating_sub(2 * len);
        let mut map = ObjectMap::with_capacity(len);
        let mut parts = self.values.drain(first..).rev();
        while let (Some(Value::Str(key)), Some(value)) = (parts.next(), parts.next()) {
            self.has_duplicate_keys |= map.insert(key, value).is_some();
        }
        drop(parts);
        Value::from(map)
    }
}
