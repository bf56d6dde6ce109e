//! Reading JSON text (spec/formats.md 3.1).
//!
//! The parser writes its tape from a padded copy of the text, in which it resolves escapes; the text itself stays as it is, so an event
//! can keep its original bytes without a further copy, and long strings become slices of it. Containers that are open while the tape
//! is read wait in a list, so that no recursion is needed.
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
    open: Vec<Open>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            buffers: Buffers::with_max_depth(1024, MAX_DEPTH),
            tape: Vec::new(),
            open: Vec::new(),
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
    let decoded = scratch.parse(input.len(), |tape, copy, open| {
        Builder::new(&mut input, copy).build(tape, open)
    });
    decoded.ok_or_else(|| explain(&input))
}

/// Tells whether `input` is one document that [`decode`] would read, without building it.
///
/// # Errors
/// Those of [`decode`].
pub fn check(input: &[u8]) -> Result<(), JsonError> {
    first_error(input)
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

    /// Parses the copy, `len` bytes without its padding, and hands the tape, the address that its strings count from and an empty list
    /// to `read`. `None` if the text is no document.
    #[inline]
    fn parse<T>(&mut self, len: usize, read: impl FnOnce(&[Node<'_>], usize, &mut Vec<Open>) -> T) -> Option<T> {
        let copy = self.text.as_ptr().addr();
        let mut tape = Tape(std::mem::take(&mut self.tape));
        let parsed = simd_json::fill_tape_padded(&mut self.text, len, &mut self.buffers, &mut tape);
        let result = parsed.is_ok().then(|| read(&tape.0, copy, &mut self.open));
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

/// A container that is being filled, with the number of its elements that are still to come.
enum Open {
    Array { items: Vec<Value>, left: usize },
    Object { map: ObjectMap, left: usize, place: usize },
}

impl Open {
    fn array(len: usize) -> Self {
        Self::Array {
            items: Vec::with_capacity(len),
            left: len,
        }
    }

    fn object(len: usize) -> Self {
        Self::Object {
            map: ObjectMap::with_capacity(len),
            left: len,
            place: 0,
        }
    }

    /// Takes the container that was opened last.
    fn put(&mut self, value: Value) {
        match self {
            Self::Array { items, .. } => items.push(value),
            Self::Object { map, place, .. } => {
                if let Some(slot) = map.value_at(*place) {
                    *slot = value;
                }
            }
        }
    }

    fn close(self) -> Value {
        match self {
            Self::Array { items, .. } => Value::from(items),
            Self::Object { map, .. } => Value::from(map),
        }
    }
}

/// One pass from tape to value.
///
/// Every value is made where it stays: a move soon after would wait for memory.
struct Builder<'a> {
    /// The input; empty once it is shared.
    input: &'a mut Bytes,
    /// Address of the copy of the input that the strings of the tape point into.
    copy: usize,
    /// The input as strings share it; made for the first that does.
    shared: Option<Arc<Bytes>>,
    has_duplicate_keys: bool,
}

impl<'a> Builder<'a> {
    fn new(input: &'a mut Bytes, copy: usize) -> Self {
        Self {
            input,
            copy,
            shared: None,
            has_duplicate_keys: false,
        }
    }

    /// The value of a tape; `open` is an empty list.
    fn build(mut self, tape: &[Node<'_>], open: &mut Vec<Open>) -> Decoded {
        let mut nodes = tape.iter();
        let value = match nodes.next() {
            None => Value::Null,
            Some(Node::String(text)) => Value::Str(self.string(text)),
            Some(Node::Static(scalar)) => from_scalar(*scalar),
            Some(Node::Array { len, .. }) => self.container(Open::array(*len), nodes, open),
            Some(Node::Object { len, .. }) => self.container(Open::object(*len), nodes, open),
        };
        Decoded {
            value,
            has_duplicate_keys: self.has_duplicate_keys,
        }
    }

    fn container(&mut self, mut current: Open, mut nodes: std::slice::Iter<'_, Node<'_>>, open: &mut Vec<Open>) -> Value {
        loop {
            let inner = match &mut current {
                Open::Array { items, left } => self.fill_array(items, left, &mut nodes),
                Open::Object { map, left, place } => self.fill_object(map, left, place, &mut nodes),
            };
            if let Some(inner) = inner {
                open.push(std::mem::replace(&mut current, inner));
                continue;
            }
            let value = current.close();
            match open.pop() {
                None => return value,
                Some(outer) => current = outer,
            }
            current.put(value);
        }
    }

    /// Reads elements up to the end or to a container, which is given back to be read first.
    #[inline]
    fn fill_array(
        &mut self,
        items: &mut Vec<Value>,
        left: &mut usize,
        nodes: &mut std::slice::Iter<'_, Node<'_>>,
    ) -> Option<Open> {
        while *left > 0 {
            *left -= 1;
            match nodes.next()? {
                Node::String(text) => items.push(Value::Str(self.string(text))),
                Node::Static(scalar) => items.push(from_scalar(*scalar)),
                Node::Array { len, .. } => return Some(Open::array(*len)),
                Node::Object { len, .. } => return Some(Open::object(*len)),
            }
        }
        None
    }

    /// Reads entries as [`fill_array`](Self::fill_array) does; `place` is that of the entry whose value is a container.
    #[inline]
    fn fill_object(
        &mut self,
        map: &mut ObjectMap,
        left: &mut usize,
        place: &mut usize,
        nodes: &mut std::slice::Iter<'_, Node<'_>>,
    ) -> Option<Open> {
        while *left > 0 {
            *left -= 1;
            let Node::String(key) = nodes.next()? else {
                return None;
            };
            let (at, is_new) = map.place(self.string(key));
            self.has_duplicate_keys |= !is_new;
            let slot = map.value_at(at)?;
            match nodes.next()? {
                Node::String(text) => *slot = Value::Str(self.string(text)),
                Node::Static(scalar) => *slot = from_scalar(*scalar),
                Node::Array { len, .. } => {
                    *place = at;
                    return Some(Open::array(*len));
                }
                Node::Object { len, .. } => {
                    *place = at;
                    return Some(Open::object(*len));
                }
            }
        }
        None
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
}

#[inline]
fn from_scalar(scalar: StaticNode) -> Value {
    match scalar {
        StaticNode::Null => Value::Null,
        StaticNode::Bool(truth) => Value::Bool(truth),
        StaticNode::I64(number) => Value::I64(number),
        StaticNode::U64(number) => Value::from(number),
        // Adding zero makes zero of negative zero and changes nothing else.
        StaticNode::F64(number) => Value::F64(number + 0.0),
    }
}
