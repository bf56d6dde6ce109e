//! The grammar of JSON texts (RFC 8259), read in one pass.
//!
//! Must not know: values. What is read goes to a [`Build`], so that checking a text and decoding it are one grammar and cannot differ.
//! Invariants: no recursion (the kinds of the open containers are a list of bits); no number that is given on is out of range; nothing
//! is allocated here.

use super::error::{JsonError, JsonErrorKind};
use super::text::{is_plain_block, is_special, special_bytes};

/// Levels of arrays and objects that are read; a document with more is an error.
pub const MAX_DEPTH: usize = 1024;

/// Digits of an integer that cannot be out of range.
const SAFE_DIGITS: usize = 18;
/// Bytes of a string that are looked at together, once it has turned out to be long.
const BLOCK: usize = 32;

/// Takes what a text consists of, in its order. Every method is called only where the grammar allows it.
pub(super) trait Build {
    /// `null`, `true` or `false`.
    fn literal(&mut self, truth: Option<bool>);
    /// An integer.
    fn integer(&mut self, number: i64);
    /// An integer above [`i64::MAX`].
    fn large_integer(&mut self, number: u64);
    /// A number with fraction or exponent. False if it is out of range.
    fn float(&mut self, digits: &str) -> bool;
    /// A string.
    fn string(&mut self, text: Text<'_>);
    /// A key; its value follows.
    fn key(&mut self, text: Text<'_>);
    /// The begin of an array or an object.
    fn open(&mut self, container: Container);
    /// The end of the container that was opened last and is still open.
    fn close(&mut self);
}

/// Kinds of containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Array,
    Object,
}

/// A string between its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Text<'a> {
    /// It means what it says.
    Plain(&'a str),
    /// It has escapes, which are valid.
    Escaped(&'a str),
}

/// Reads a text to its end, or to its first error.
#[inline]
pub(super) fn read(text: &str, build: &mut impl Build) -> Result<(), JsonError> {
    Reader { text, at: 0 }.document(build)
}

/// Where the number or literal ends that begins at `start`; `None` if it is none.
#[inline]
pub(super) fn end_of_scalar(text: &str, start: usize, build: &mut impl Build) -> Option<usize> {
    let bytes = text.as_bytes();
    let end = match bytes.get(start)? {
        b't' => end_of_word(bytes, start, b"true")?,
        b'f' => end_of_word(bytes, start, b"false")?,
        b'n' => end_of_word(bytes, start, b"null")?,
        _ => {
            let mut reader = Reader { text, at: start };
            reader.number(build).ok()?;
            reader.at
        }
    };
    ends_number(bytes.get(end).copied()).then_some(end)
}

#[inline]
fn end_of_word<const N: usize>(bytes: &[u8], start: usize, word: &[u8; N]) -> Option<usize> {
    let end = start + N;
    (bytes.get(start..end)? == word).then_some(end)
}

/// Where the escape ends whose backslash is at `start`; `None` if it is none.
pub(super) fn end_of_escape(text: &str, start: usize) -> Option<usize> {
    let mut reader = Reader { text, at: start };
    reader.escape().ok()?;
    Some(reader.at)
}

/// Whether a byte is white space.
#[inline]
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// The containers that are open.
struct Levels {
    /// A bit for each: whether it is an object.
    bits: [u64; MAX_DEPTH / 64],
    depth: usize,
    /// The innermost one; without meaning while none is open.
    innermost: Container,
}

impl Levels {
    const NONE: Self = Self {
        bits: [0; MAX_DEPTH / 64],
        depth: 0,
        innermost: Container::Array,
    };

    /// False if there are too many.
    #[inline]
    fn open(&mut self, container: Container) -> bool {
        let Some(bits) = self.bits.get_mut(self.depth / 64) else {
            return false;
        };
        let bit = 1 << (self.depth % 64);
        *bits = match container {
            Container::Array => *bits & !bit,
            Container::Object => *bits | bit,
        };
        self.depth += 1;
        self.innermost = container;
        true
    }

    #[inline]
    fn close(&mut self) {
        self.depth -= 1;
        let around = self.depth.wrapping_sub(1);
        let bits = self.bits.get(around / 64).copied().unwrap_or_default();
        self.innermost = if bits >> (around % 64) & 1 == 0 {
            Container::Array
        } else {
            Container::Object
        };
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    #[inline]
    fn document(&mut self, build: &mut impl Build) -> Result<(), JsonError> {
        self.blanks();
        if self.peek().is_none() {
            return Err(self.error(JsonErrorKind::Empty));
        }
        let mut levels = Levels::NONE;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let text = self.string()?;
                    build.string(text);
                }
                Some(b'-' | b'0'..=b'9') => self.number(build)?,
                Some(b'{') => {
                    self.open(Container::Object, &mut levels, build)?;
                    if self.peek() != Some(b'}') {
                        self.key(build)?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.open(Container::Array, &mut levels, build)?;
                    if self.peek() != Some(b']') {
                        continue;
                    }
                }
                Some(b't') => self.literal("true", Some(true), build)?,
                Some(b'f') => self.literal("false", Some(false), build)?,
                Some(b'n') => self.literal("null", None, build)?,
                _ => return Err(self.unexpected()),
            }
            if self.after_value(&mut levels, build)? {
                return Ok(());
            }
        }
    }

    #[inline]
    fn open(&mut self, container: Container, levels: &mut Levels, build: &mut impl Build) -> Result<(), JsonError> {
        if !levels.open(container) {
            return Err(self.error(JsonErrorKind::TooDeep));
        }
        build.open(container);
        self.at += 1;
        self.blanks();
        Ok(())
    }

    /// Reads closing brackets up to the place of the next value; tells whether the document ended instead.
    #[inline]
    fn after_value(&mut self, levels: &mut Levels, build: &mut impl Build) -> Result<bool, JsonError> {
        loop {
            self.blanks();
            let next = self.peek();
            if levels.depth == 0 {
                return match next {
                    None => Ok(true),
                    Some(_) => Err(self.error(JsonErrorKind::TrailingText)),
                };
            }
            match (next, levels.innermost) {
                (Some(b','), Container::Array) => {
                    self.at += 1;
                    self.blanks();
                    return Ok(false);
                }
                (Some(b','), Container::Object) => {
                    self.at += 1;
                    self.blanks();
                    self.key(build)?;
                    return Ok(false);
                }
                (Some(b']'), Container::Array) | (Some(b'}'), Container::Object) => {
                    self.at += 1;
                    levels.close();
                    build.close();
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// Reads a key, its colon and the blanks before the value.
    #[inline]
    fn key(&mut self, build: &mut impl Build) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        let text = self.string()?;
        build.key(text);
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        self.blanks();
        Ok(())
    }

    #[inline]
    fn string(&mut self) -> Result<Text<'a>, JsonError> {
        self.at += 1;
        let start = self.at;
        self.plain_characters();
        if self.peek() != Some(b'"') {
            return self.escaped_string(start);
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        self.at += 1;
        Ok(Text::Plain(text))
    }

    /// Reads on in a string that began at `start` and has an escape, or an error, here.
    #[inline(never)]
    fn escaped_string(&mut self, start: usize) -> Result<Text<'a>, JsonError> {
        loop {
            match self.peek() {
                None => return Err(self.error(JsonErrorKind::UnexpectedEnd)),
                Some(b'"') => {
                    let text = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(Text::Escaped(text));
                }
                Some(b'\\') => self.escape()?,
                Some(0..0x20) => return Err(self.error(JsonErrorKind::ControlCharacter)),
                Some(_) => self.at += 1,
            }
            self.plain_characters();
        }
    }

    /// Passes over characters that need no look of their own: a word at a time, and a block at a time where there are many.
    #[inline]
    fn plain_characters(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        let long = at + BLOCK;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(word) = rest.first_chunk::<8>() else {
                self.at = at + rest.iter().position(|&byte| is_special(byte)).unwrap_or(rest.len());
                return;
            };
            let found = special_bytes(u64::from_le_bytes(*word));
            if found != 0 {
                self.at = at + (found.trailing_zeros() / 8) as usize;
                return;
            }
            at += 8;
            if at >= long {
                let rest = bytes.get(at..).unwrap_or_default();
                let blocks = rest.as_chunks::<BLOCK>().0;
                at += BLOCK * blocks.iter().take_while(|block| is_plain_block(block)).count();
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            None => Err(self.error(JsonErrorKind::UnexpectedEnd)),
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                let is_whole = match self.code_unit() {
                    Some(0xd800..0xdc00) => {
                        self.peek() == Some(b'\\') && {
                            self.at += 1;
                            matches!(self.code_unit(), Some(0xdc00..0xe000))
                        }
                    }
                    Some(0xdc00..0xe000) | None => false,
                    Some(_) => true,
                };
                if is_whole {
                    Ok(())
                } else {
                    Err(self.error_at(start, JsonErrorKind::InvalidEscape))
                }
            }
            Some(_) => Err(self.error(JsonErrorKind::InvalidEscape)),
        }
    }

    /// Reads `u` and four hexadecimal digits.
    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 5)?.strip_prefix('u')?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 5;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Reads integers of usual length; hands everything else on.
    #[inline]
    fn number(&mut self, build: &mut impl Build) -> Result<(), JsonError> {
        let bytes = self.text.as_bytes();
        let is_negative = self.peek() == Some(b'-');
        let first = self.at + usize::from(is_negative);
        let (mut at, mut number) = (first, 0_i64);
        while let Some(digit @ b'0'..=b'9') = bytes.get(at) {
            number = number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            at += 1;
        }
        let digits = at - first;
        let has_form = digits == 1 || ((2..=SAFE_DIGITS).contains(&digits) && bytes.get(first) != Some(&b'0'));
        if !has_form || !ends_number(bytes.get(at).copied()) {
            return self.other_number(build);
        }
        self.at = at;
        build.integer(if is_negative { -number } else { number });
        Ok(())
    }

    #[inline(never)]
    fn other_number(&mut self, build: &mut impl Build) -> Result<(), JsonError> {
        let start = self.at;
        self.skip(b'-');
        if !self.skip(b'0') {
            self.digits()?;
        }
        let mut is_float = false;
        if self.skip(b'.') {
            is_float = true;
            self.digits()?;
        }
        if self.skip(b'e') || self.skip(b'E') {
            is_float = true;
            let _ = self.skip(b'+') || self.skip(b'-');
            self.digits()?;
        }
        if !ends_number(self.peek()) {
            return Err(self.error(JsonErrorKind::InvalidNumber));
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        if is_float {
            if !build.float(digits) {
                return Err(self.error_at(start, JsonErrorKind::FloatOverflow));
            }
        } else if let Ok(number) = digits.parse::<i64>() {
            build.integer(number);
        } else if let Ok(number) = digits.parse::<u64>() {
            build.large_integer(number);
        } else {
            return Err(self.error_at(start, JsonErrorKind::IntegerOverflow));
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at > start {
            return Ok(());
        }
        Err(self.error(if self.peek().is_none() {
            JsonErrorKind::UnexpectedEnd
        } else {
            JsonErrorKind::InvalidNumber
        }))
    }

    #[inline]
    fn literal(&mut self, word: &str, truth: Option<bool>, build: &mut impl Build) -> Result<(), JsonError> {
        for byte in word.bytes() {
            if !self.skip(byte) {
                return Err(self.unexpected());
            }
        }
        if matches!(self.peek(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_')) {
            return Err(self.unexpected());
        }
        build.literal(truth);
        Ok(())
    }

    #[inline]
    fn blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    #[inline]
    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[cold]
    fn unexpected(&self) -> JsonError {
        self.error(if self.peek().is_none() {
            JsonErrorKind::UnexpectedEnd
        } else {
            JsonErrorKind::UnexpectedCharacter
        })
    }

    #[cold]
    fn error(&self, kind: JsonErrorKind) -> JsonError {
        self.error_at(self.at, kind)
    }

    #[cold]
    fn error_at(&self, position: usize, kind: JsonErrorKind) -> JsonError {
        let character = self.text.get(position..).and_then(|rest| rest.chars().next());
        JsonError {
            kind,
            position,
            character,
        }
    }
}

/// Whether a number can end before this; what cannot stand there either way is found later.
#[inline]
fn ends_number(next: Option<u8>) -> bool {
    matches!(
        next,
        None | Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}' | b':' | b'[' | b'{' | b'"')
    )
}
