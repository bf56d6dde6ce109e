//! Reading JSON text into values (spec/formats.md 3.1).
//!
//! Elements and entries of open containers lie on two stacks until their container is closed; then they move, all at once, into memory
//! of their exact number. Long strings become slices of the input.
//!
//! Invariants: the stacks are reused from call to call and empty between them, but those of unusually large documents are given back.

use std::sync::Arc;

use bytes::Bytes;

use crate::{ObjectMap, Str, Value};

use super::check::error_of_bytes;
use super::error::JsonError;
use super::reader::{Build, Container, Text, read};

/// Length of a document, in bytes, after which the buffers are given back.
const KEEP_BUFFERS_BELOW: usize = 1 << 20;

/// Buffers for reading, reused from document to document; one per worker.
#[derive(Default)]
pub struct Scratch {
    /// Elements of the open arrays.
    values: Vec<Value>,
    /// Entries of the open objects that have no map.
    entries: Vec<(Str, Value)>,
    outer: Vec<Frame>,
    unescaped: String,
}

/// A document that was read.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// The value.
    pub value: Value,
    /// Some object had a key twice, of which the last value was taken. Such a value is not what other readers of the same bytes may see.
    pub has_duplicate_keys: bool,
    /// Nothing in the text is written otherwise than [`encode`](super::encode()) writes it; so if no key is there twice, that gives the same text
    /// again. May be false for texts of which this is true.
    pub is_compact: bool,
}

/// Reads one document. Strings longer than 22 bytes share `input`, which is not changed.
///
/// # Errors
/// If `input` is anything but one JSON document within surrounding white space, or a number is out of range.
pub fn decode(input: Bytes, scratch: &mut Scratch) -> Result<Decoded, JsonError> {
    let Ok(text) = simdutf8::basic::from_utf8(&input) else {
        return Err(error_of_bytes(&input));
    };
    let mut builder = Builder {
        input: &input,
        shared: None,
        scratch,
        current: Frame::DOCUMENT,
        has_duplicate_keys: false,
    };
    let result = read(text, &mut builder);
    let has_duplicate_keys = builder.has_duplicate_keys;
    let value = scratch.values.pop().unwrap_or_default();
    if result.is_err() || input.len() >= KEEP_BUFFERS_BELOW {
        *scratch = Scratch::default();
    }
    result.map(|is_compact| Decoded {
        value,
        has_duplicate_keys,
        is_compact,
    })
}

/// Reads one document with buffers of its own; for configuration and tests rather than for events.
///
/// # Errors
/// Those of [`decode`].
pub fn from_str(text: &str) -> Result<Value, JsonError> {
    let decoded = decode(Bytes::copy_from_slice(text.as_bytes()), &mut Scratch::default())?;
    Ok(decoded.value)
}

/// A container that is being filled.
struct Frame {
    container: Container,
    /// Where its elements or entries begin on their stack.
    start: usize,
    /// The entry whose value comes next: its place on the stack, or in `map`.
    place: usize,
    /// A bit for every fingerprint of a key so far.
    seen: u64,
    /// The entries, once they are too many to look through.
    map: Option<Box<ObjectMap>>,
}

impl Frame {
    /// Around everything: one element.
    const DOCUMENT: Self = Self::new(Container::Array, 0);

    const fn new(container: Container, start: usize) -> Self {
        Self {
            container,
            start,
            place: 0,
            seen: 0,
            map: None,
        }
    }
}

/// An entry, before its key and its value are put in.
const EMPTY: (Str, Value) = (Str::EMPTY, Value::Null);

/// Puts values together.
///
/// Values are made where they stay: making them elsewhere and moving them at once would wait for memory.
struct Builder<'a> {
    input: &'a Bytes,
    /// The input as strings share it; made for the first that does.
    shared: Option<Arc<Bytes>>,
    scratch: &'a mut Scratch,
    current: Frame,
    has_duplicate_keys: bool,
}

impl Builder<'_> {
    /// Where the next value goes; it is null.
    #[expect(
        clippy::inline_always,
        reason = "the value is written to the place itself only where both are known"
    )]
    #[inline(always)]
    fn slot(&mut self) -> Option<&mut Value> {
        match self.current.container {
            Container::Array => {
                self.scratch.values.push(EMPTY.1);
                self.scratch.values.last_mut()
            }
            Container::Object => match &mut self.current.map {
                None => self.scratch.entries.get_mut(self.current.place).map(|entry| &mut entry.1),
                Some(map) => map.value_at(self.current.place),
            },
        }
    }

    #[expect(clippy::inline_always, reason = "see `slot`")]
    #[inline(always)]
    fn put(&mut self, value: Value) {
        if let Some(slot) = self.slot() {
            // Null needs no drop, and asking whether it does costs more than the rest.
            std::mem::forget(std::mem::replace(slot, value));
        }
    }

    /// A text that is too long to be held inline.
    #[inline(never)]
    fn long(&mut self, start: usize, text: &str) -> Str {
        let input = self.input;
        Str::shared(self.shared.get_or_insert_with(|| Arc::new(input.clone())), start, text)
    }

    #[inline(never)]
    fn unescape(&mut self, text: &str) -> Str {
        self.scratch.unescaped.clear();
        unescape(text, &mut self.scratch.unescaped);
        Str::new(&self.scratch.unescaped)
    }

    /// Whether a key is certainly not there yet and may go to the stack; notes it.
    #[inline]
    fn is_new(&mut self, key: &str) -> bool {
        let bit = fingerprint(key);
        let is_new = self.current.seen & bit == 0;
        self.current.seen |= bit;
        is_new && self.current.map.is_none() && self.scratch.entries.len() - self.current.start < ObjectMap::INDEX_ABOVE
    }

    /// Adds an entry whose value follows. If the key is there already, its value goes.
    #[inline(never)]
    fn enter(&mut self, key: Str) {
        let start = self.current.start;
        let entries = &mut self.scratch.entries;
        if self.current.map.is_none() {
            let own = entries.get_mut(start..).unwrap_or_default();
            if let Some(at) = own.iter().position(|(name, _)| *name == key) {
                if let Some((_, value)) = own.get_mut(at) {
                    *value = Value::Null;
                }
                self.current.place = start + at;
                self.has_duplicate_keys = true;
                return;
            }
            if own.len() < ObjectMap::INDEX_ABOVE {
                self.current.place = entries.len();
                entries.push((key, Value::Null));
                return;
            }
        }
        let map = self
            .current
            .map
            .get_or_insert_with(|| Box::new(ObjectMap::from_unique(entries.split_off(start))));
        let (place, is_new) = map.place(key);
        if let Some(value) = map.value_at(place) {
            *value = Value::Null;
        }
        self.current.place = place;
        self.has_duplicate_keys |= !is_new;
    }
}

impl Build for Builder<'_> {
    #[inline]
    fn literal(&mut self, truth: Option<bool>) {
        self.put(truth.map_or(Value::Null, Value::Bool));
    }

    #[inline]
    fn integer(&mut self, number: i64) {
        self.put(Value::I64(number));
    }

    fn large_integer(&mut self, number: u64) {
        self.put(Value::from(number));
    }

    fn float(&mut self, digits: &str) -> bool {
        let Some(number) = digits.parse().ok().filter(|number: &f64| number.is_finite()) else {
            return false;
        };
        // Adding zero makes zero of negative zero and changes nothing else.
        self.put(Value::F64(number + 0.0));
        true
    }

    #[inline]
    fn string(&mut self, text: Text<'_>) {
        match text {
            Text::Plain(part) if part.len() <= Str::INLINE => {
                if let Some(slot) = self.slot() {
                    std::mem::forget(std::mem::replace(slot, Value::Str(Str::EMPTY)));
                    if let Value::Str(slot) = slot {
                        slot.set_short(part.as_str(), part.window());
                    }
                }
            }
            Text::Plain(part) => {
                let text = self.long(part.start, part.as_str());
                self.put(Value::Str(text));
            }
            Text::Escaped(text) => {
                let text = self.unescape(text);
                self.put(Value::Str(text));
            }
        }
    }

    #[inline]
    fn key(&mut self, text: Text<'_>) {
        let key = match text {
            Text::Plain(part) if part.len() <= Str::INLINE => {
                let text = part.as_str();
                if self.is_new(text) {
                    self.current.place = self.scratch.entries.len();
                    self.scratch.entries.push(EMPTY);
                    if let Some((key, _)) = self.scratch.entries.last_mut() {
                        key.set_short(text, part.window());
                    }
                    return;
                }
                Str::new(text)
            }
            Text::Plain(part) => self.long(part.start, part.as_str()),
            Text::Escaped(text) => self.unescape(text),
        };
        self.is_new(&key);
        self.enter(key);
    }

    #[inline]
    fn open(&mut self, container: Container) {
        let start = match container {
            Container::Array => self.scratch.values.len(),
            Container::Object => self.scratch.entries.len(),
        };
        let outer = std::mem::replace(&mut self.current, Frame::new(container, start));
        self.scratch.outer.push(outer);
    }

    #[inline]
    fn close(&mut self) {
        let outer = self.scratch.outer.pop().unwrap_or(Frame::DOCUMENT);
        let inner = std::mem::replace(&mut self.current, outer);
        match (inner.container, inner.map) {
            (Container::Array, _) => {
                let elements = Value::from(self.scratch.values.split_off(inner.start));
                self.put(elements);
            }
            (Container::Object, None) => {
                let entries = self.scratch.entries.split_off(inner.start);
                self.put(Value::from(ObjectMap::from_unique(entries)));
            }
            (Container::Object, Some(map)) => self.put(Value::from(*map)),
        }
    }
}

/// One of 64 bits, the same for equal keys and seldom the same for two keys of one object.
#[inline]
fn fingerprint(key: &str) -> u64 {
    let bytes = key.as_bytes();
    let (first, last) = (bytes.first(), bytes.last());
    let of = |byte: Option<&u8>| byte.map_or(0, |byte| usize::from(*byte));
    1 << ((key.len() + 7 * of(first) + 31 * of(last)) % 64)
}

/// Appends what a string with valid escapes means.
fn unescape(mut text: &str, out: &mut String) {
    while let Some((plain, escape)) = text.split_once('\\') {
        out.push_str(plain);
        let mut rest = escape.chars();
        let character = match rest.next() {
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let (character, length) = code_point(escape);
                out.push(character);
                text = escape.get(length..).unwrap_or_default();
                continue;
            }
            Some(itself) => itself,
            None => return,
        };
        out.push(character);
        text = rest.as_str();
    }
    out.push_str(text);
}

/// The character that `u`, four digits and perhaps the second half of a pair stand for, and their length in bytes.
fn code_point(escape: &str) -> (char, usize) {
    let unit = |from: usize| {
        let digits = escape.get(from..from + 4)?;
        u32::from_str_radix(digits, 16).ok()
    };
    let (first, second) = (unit(1).unwrap_or_default(), unit(7));
    let (code, length) = match (first, second) {
        (0xd800..0xdc00, Some(second)) => (0x1_0000 + ((first - 0xd800) << 10) + (second & 0x3ff), 11),
        _ => (first, 5),
    };
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), length)
}
