//! Text of values: 24 bytes, cheap to clone, no lifetimes.
//!
//! Must not know: values, JSON. The only file of the workspace with `unsafe`.
//!
//! Invariants:
//! - the bytes of every form are valid UTF-8, checked before a `Str` is made and immutable afterwards;
//! - text of at most [`INLINE`] bytes is always held inline, with zeros behind it, and longer text never is. So two texts of which
//!   one is inline are equal only if both are, and then byte by byte including the zeros.
#![allow(unsafe_code)]

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::str::Utf8Error;
use std::sync::Arc;

use bytes::Bytes;

use crate::key::hash_text;

/// Longest text, in bytes, that is held without an allocation.
const INLINE: usize = 22;

/// A shared part is copied out on detaching if its buffer is more than this many times as long (design of values: detach rule).
const PINNED_SHARE: usize = 4;

/// Immutable UTF-8 text.
///
/// Up to 22 bytes are held inline; longer text is a slice of a shared buffer, an own shared allocation, or static.
#[derive(Clone)]
pub struct Str(Repr);

#[derive(Clone)]
enum Repr {
    Inline { len: u8, bytes: [u8; INLINE] },
    Part { buffer: Arc<Bytes>, start: u32, len: u32 },
    Owned(Arc<str>),
    Static(&'static str),
}

/// The content of a text that is held inline, in words: what comparing with many others and hashing want.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    len: u8,
    head: u64,
    middle: u64,
    /// The last eight bytes, of which the middle has two as well.
    tail: u64,
}

impl Short {
    #[inline]
    fn new(len: u8, bytes: &[u8; INLINE]) -> Self {
        let word = |from: usize| {
            let chunk = bytes.get(from..).and_then(<[u8]>::first_chunk);
            chunk.map_or(0, |chunk| u64::from_le_bytes(*chunk))
        };
        Self {
            len,
            head: word(0),
            middle: word(8),
            tail: word(INLINE - 8),
        }
    }
}

const _: () = assert!(size_of::<Str>() == 24);
const _: () = assert!(size_of::<Option<Str>>() == 24);

impl Str {
    /// The empty text.
    pub const EMPTY: Self = Self::from_static("");

    /// Copies `text`.
    #[inline]
    pub fn new(text: &str) -> Self {
        match Self::inline(text) {
            Some(short) => short,
            None => Self(Repr::Owned(Arc::from(text))),
        }
    }

    /// Copies `bytes`; `None` if they are not UTF-8. Short ASCII, which is what fields of messages usually are, is checked while it is copied.
    #[inline]
    pub fn from_utf8(bytes: &[u8]) -> Option<Self> {
        const ASCII: u64 = 0x8080_8080_8080_8080;
        if bytes.len() <= INLINE {
            let words = words(bytes);
            if (words.0 | words.1 | words.2) & ASCII == 0 {
                return Some(Self::of_words(words, bytes.len()));
            }
        }
        std::str::from_utf8(bytes).ok().map(Self::new)
    }

    /// Static text; never allocates.
    pub const fn from_static(text: &'static str) -> Self {
        if text.len() > INLINE {
            Self(Repr::Static(text))
        } else {
            Self::copy_short(text)
        }
    }

    /// The text in `range` of `buffer`, shared with the buffer if it is longer than 22 bytes.
    ///
    /// A range that does not lie within the buffer gives the empty text.
    ///
    /// # Errors
    /// If the bytes are not UTF-8; positions count from the start of the range.
    pub fn from_buffer(buffer: &Arc<Bytes>, range: Range<usize>) -> Result<Self, Utf8Error> {
        let start = range.start;
        let bytes = buffer.get(range).unwrap_or_default();
        let text = match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => std::str::from_utf8(bytes)?, // the slower check knows the place of the error
        };
        Ok(Self::shared(buffer, start, text))
    }

    /// `text`, as a slice of `buffer` if it is long and the buffer holds the same bytes at `start`, otherwise as a copy.
    ///
    /// Comparing is what makes this sound without a second UTF-8 check.
    #[inline]
    pub(crate) fn shared(buffer: &Arc<Bytes>, start: usize, text: &str) -> Self {
        if let Some(short) = Self::inline(text) {
            return short;
        }
        let part = start.checked_add(text.len()).and_then(|end| buffer.get(start..end));
        let same = part.is_some_and(|part| std::ptr::eq(part, text.as_bytes()) || part == text.as_bytes());
        match (u32::try_from(start), u32::try_from(text.len())) {
            (Ok(start), Ok(len)) if same => Self(Repr::Part {
                buffer: Arc::clone(buffer),
                start,
                len,
            }),
            _ => Self(Repr::Owned(Arc::from(text))),
        }
    }

    /// The text as [`Short`], `None` if it is too long for that.
    #[inline]
    pub(crate) fn short(&self) -> Option<Short> {
        match &self.0 {
            Repr::Inline { len, bytes } => Some(Short::new(*len, bytes)),
            _ => None,
        }
    }

    /// Whether the text is `short`.
    #[inline]
    pub(crate) fn is_short(&self, short: Short) -> bool {
        matches!(&self.0, Repr::Inline { len, bytes } if *len == short.len && Short::new(*len, bytes) == short)
    }

    /// Longest text, in bytes, that is held inline.
    pub(crate) const INLINE: usize = INLINE;

    /// The text and the zeros behind it, with its length, if it is held inline.
    #[inline]
    pub(crate) fn inline_bytes(&self) -> Option<(&[u8; INLINE], usize)> {
        match &self.0 {
            Repr::Inline { len, bytes } => Some((bytes, usize::from(*len))),
            _ => None,
        }
    }

    /// Becomes `text`; `window` is the text with what follows it in memory, if that is so much. Short text that takes the place of short text
    /// goes from registers to where it stays, without a move in between, and with a window without a decision.
    #[expect(
        clippy::inline_always,
        reason = "the caller knows what is replaced and how long the text is"
    )]
    #[inline(always)]
    pub(crate) fn set_short(&mut self, text: &str, window: Option<&[u8; 24]>) {
        let (Repr::Inline { len, bytes }, Some(mask)) = (&mut self.0, MASKS.get(text.len())) else {
            *self = Self::new(text);
            return;
        };
        let (a, b, c) = match window {
            // At the same place, so as far as the text goes the window has its bytes.
            Some(window) if std::ptr::eq(window.as_ptr(), text.as_ptr()) => {
                let word = |from: usize| {
                    let word = window.get(from..).and_then(<[u8]>::first_chunk);
                    word.map_or(0, |word| u64::from_le_bytes(*word))
                };
                (word(0) & mask[0], word(8) & mask[1], word(16) & mask[2])
            }
            _ => words(text.as_bytes()),
        };
        let (first, rest) = bytes.split_at_mut(8);
        let (second, third) = rest.split_at_mut(8);
        first.copy_from_slice(&a.to_le_bytes());
        second.copy_from_slice(&b.to_le_bytes());
        third.copy_from_slice(c.to_le_bytes().split_at(INLINE - 16).0);
        *len = text.len() as u8;
    }

    /// `text` held inline, `None` if it is too long for that.
    #[inline]
    pub(crate) fn inline(text: &str) -> Option<Self> {
        (text.len() <= INLINE).then(|| Self::copy_short(text))
    }

    /// Holds a text of at most [`INLINE`] bytes inline.
    ///
    /// The bytes are put together in registers: a copy of unknown length would go through memory and stall the move that follows.
    #[inline]
    const fn copy_short(text: &str) -> Self {
        Self::of_words(words(text.as_bytes()), text.len())
    }

    /// A text of `len` bytes, at most [`INLINE`], from its words; they must be UTF-8.
    #[inline]
    const fn of_words((a, b, c): (u64, u64, u64), len: usize) -> Self {
        let ([a, b], c) = ([a.to_le_bytes(), b.to_le_bytes()], c.to_le_bytes());
        let mut bytes = [0; INLINE];
        let (first, rest) = bytes.split_at_mut(8);
        let (second, third) = rest.split_at_mut(8);
        first.copy_from_slice(&a);
        second.copy_from_slice(&b);
        third.copy_from_slice(c.split_at(INLINE - 16).0);
        Self(Repr::Inline { len: len as u8, bytes })
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        // SAFETY: every constructor takes its bytes from a `&str`, or from where one lies, or compares them with one, or has seen that they
        // are ASCII; buffers and inline bytes never change afterwards, and where a range did not fit (which no constructor allows) `bytes`
        // gives the empty slice, which is UTF-8.
        unsafe { std::str::from_utf8_unchecked(self.bytes()) }
    }

    #[inline]
    fn bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Part { buffer, start, len } => {
                let start = *start as usize;
                buffer.get(start..start + *len as usize).unwrap_or_default()
            }
            Repr::Owned(text) => text.as_bytes(),
            Repr::Static(text) => text.as_bytes(),
        }
    }

    /// The bytes in `range` as a text of their own; shares the buffer where this text is itself a slice of one.
    ///
    /// A range that is out of bounds or splits a character gives the empty text.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let from = range.start;
        let text = self.as_str().get(range).unwrap_or_default();
        match &self.0 {
            Repr::Part { buffer, start, .. } => Self::shared(buffer, *start as usize + from, text),
            Repr::Static(whole) if text.len() == whole.len() => self.clone(),
            Repr::Owned(whole) if text.len() == whole.len() => self.clone(),
            Repr::Inline { .. } | Repr::Owned(_) | Repr::Static(_) => Self::new(text),
        }
    }

    /// Out of line, so that comparing short texts stays small where it is inlined.
    #[inline(never)]
    fn is_same_long(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }

    /// A hash for tables whose keys are known beforehand, such as the cases of a script: equal texts have equal hashes within a process.
    ///
    /// Short texts take a few instructions, but whoever chooses the keys can make them collide. Records hash by [`Key`](crate::Key).
    #[inline]
    pub fn quick_hash(&self) -> u64 {
        /// Odd numbers without a pattern: multiplying spreads each bit over all bits above it.
        const SPREAD: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9];
        let Some(short) = self.short() else {
            return hash_text(self);
        };
        let mixed = short.head.wrapping_mul(SPREAD[0])
            ^ short.middle.wrapping_mul(SPREAD[1])
            ^ (short.tail ^ u64::from(short.len)).wrapping_mul(SPREAD[2]);
        let mixed = (mixed ^ mixed >> 32).wrapping_mul(SPREAD[0]);
        mixed ^ mixed >> 32
    }

    /// Whether the text keeps a buffer alive of which it is less than a quarter.
    pub(crate) fn pins_buffer(&self) -> bool {
        match &self.0 {
            Repr::Part { buffer, len, .. } => (*len as usize).saturating_mul(PINNED_SHARE) < buffer.len(),
            Repr::Inline { .. } | Repr::Owned(_) | Repr::Static(_) => false,
        }
    }

    /// The same text without the buffer it pins.
    #[must_use]
    pub(crate) fn detached(&self) -> Self {
        if self.pins_buffer() {
            Self::new(self.as_str())
        } else {
            self.clone()
        }
    }
}

/// For each length that is held inline the bits of three little-endian words that belong to the text.
const MASKS: [[u64; 3]; INLINE + 1] = {
    let mut masks = [[0; 3]; INLINE + 1];
    let mut len = 0;
    while len <= INLINE {
        let mut at = 0;
        while at < len {
            masks[len][at / 8] |= 0xff << (8 * (at % 8));
            at += 1;
        }
        len += 1;
    }
    masks
};

/// At most [`INLINE`] bytes as three little-endian words with zeros behind; loads may overlap, what they have in common is the same.
#[inline]
const fn words(bytes: &[u8]) -> (u64, u64, u64) {
    let len = bytes.len();
    if let Some(last) = bytes.last_chunk::<8>() {
        let last = u64::from_le_bytes(*last);
        return match (bytes.first_chunk::<16>(), bytes.first_chunk::<8>()) {
            (Some(first), _) => {
                let first = u128::from_le_bytes(*first);
                // In two steps, since the whole shift may be the width of the word.
                (first as u64, (first >> 64) as u64, (last >> (8 * (INLINE + 1 - len))) >> 8)
            }
            (None, Some(first)) => (u64::from_le_bytes(*first), (last >> (8 * (15 - len))) >> 8, 0),
            (None, None) => (0, 0, 0),
        };
    }
    let word = match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => u32::from_le_bytes(*first) as u64 | (u32::from_le_bytes(*last) as u64) << (8 * (len - 4)),
        _ => match *bytes {
            [a] => a as u64,
            [a, b] => u16::from_le_bytes([a, b]) as u64,
            [a, b, c] => u32::from_le_bytes([a, b, c, 0]) as u64,
            _ => 0,
        },
    };
    (word, 0, 0)
}

impl Default for Str {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Deref for Str {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<[u8]> for Str {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq for Str {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Inline { len: a_len, bytes: a }, Repr::Inline { len: b_len, bytes: b }) => a_len == b_len && a == b,
            (Repr::Inline { .. }, _) | (_, Repr::Inline { .. }) => false,
            _ => self.is_same_long(other),
        }
    }
}

impl Eq for Str {}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.bytes() == other.as_bytes()
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes().cmp(other.bytes())
    }
}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl From<&str> for Str {
    #[inline]
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        match Self::inline(&text) {
            Some(short) => short,
            None => Self(Repr::Owned(Arc::from(text))),
        }
    }
}

impl From<&String> for Str {
    fn from(text: &String) -> Self {
        Self::new(text)
    }
}

impl From<&Str> for Str {
    fn from(text: &Str) -> Self {
        text.clone()
    }
}

impl From<char> for Str {
    fn from(text: char) -> Self {
        Self::new(text.encode_utf8(&mut [0; 4]))
    }
}

impl From<Str> for String {
    fn from(text: Str) -> Self {
        text.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests;
