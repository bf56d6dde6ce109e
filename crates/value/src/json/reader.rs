//! The grammar of JSON texts (RFC 8259), read in one pass.
//!
//! Must not know: values. What is read goes to a [`Build`], so that checking a text and decoding it are one grammar and cannot differ.
//! Invariants: no recursion (the kinds of the open containers are a list of bits); no number that is given on is out of range; nothing
//! is allocated here.

use super::error::{JsonError, JsonErrorKind};
use super::text::{BLOCK, first_special, is_special};

/// Levels of arrays and objects that are read; a document with more is an error.
pub const MAX_DEPTH: usize = 1024;

/// Digits of an integer that cannot be out of range.
const SAFE_DIGITS: usize = 18;

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
    Plain(Part<'a>),
    /// It has escapes, which are valid.
    Escaped(&'a str),
}

/// A part of a text, with what is around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// The text.
    pub(super) whole: &'a str,
    /// Where the part begins.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
}

impl<'a> Part<'a> {
    /// Its length in bytes.
    #[inline]
    pub(super) fn len(self) -> usize {
        self.end - self.start
    }

    #[inline]
    pub(super) fn as_str(self) -> &'a str {
        self.whole.get(self.start..self.end).unwrap_or_default()
    }

    /// The part with what follows it, if that is enough.
    #[inline]
    pub(super) fn window<const N: usize>(self) -> Option<&'a [u8; N]> {
        self.whole.as_bytes().get(self.start..)?.first_chunk()
    }
}

/// Reads a text to its end, or to its first error. Gives whether it is compact: no blanks, and numbers and escapes only in the form in which
/// they are written here (that of a float is not looked at, and counts as another one).
#[inline]
pub(super) fn read(text: &str, build: &mut impl Build) -> Result<bool, JsonError> {
    let mut reader = Reader::new(text, 0);
    reader.document(build)?;
    Ok(reader.is_compact)
}

/// Where the number or literal ends that begins at `start`; `None` if it is none.
#[inline]
pub(super) fn end_of_scalar(text: &str, start: usize, build: &mut impl Build) -> Option<usize> {
    let bytes = text.as_bytes();
    let end = match *bytes.get(start)? {
        b't' => end_of_word(bytes, start, b"true")?,
        b'f' => end_of_word(bytes, start, b"false")?,
        b'n' => end_of_word(bytes, start, b"null")?,
        first => Reader::new(text, start).number(start, first, build).ok()?,
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
    let mut reader = Reader::new(text, start);
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
    innermost: Option<Container>,
}

impl Levels {
    const NONE: Self = Self {
        bits: [0; MAX_DEPTH / 64],
        depth: 0,
        innermost: None,
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
        self.innermost = Some(container);
        true
    }

    #[inline]
    fn close(&mut self) {
        self.depth -= 1;
        self.innermost = self.depth.checked_sub(1).map(|around| {
            let bits = self.bits.get(around / 64).copied().unwrap_or_default();
            if bits >> (around % 64) & 1 == 0 {
                Container::Array
            } else {
                Container::Object
            }
        });
    }
}

/// The usual way through a text keeps its place in a register, and hands it to the methods below; those for the unusual parts, which are not
/// inlined, work on `at`.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    is_compact: bool,
}

#[expect(
    clippy::inline_always,
    reason = "where a call is not inlined, the place in the text goes through memory"
)]
impl<'a> Reader<'a> {
    #[inline]
    fn new(text: &'a str, at: usize) -> Self {
        Self {
            text,
            at,
            is_compact: true,
        }
    }

    #[inline]
    fn document(&mut self, build: &mut impl Build) -> Result<(), JsonError> {
        let mut levels = Levels::NONE;
        let mut at = self.after_blanks(0);
        if self.byte(at).is_none() {
            return Err(self.error_at(at, JsonErrorKind::Empty));
        }
        let mut awaits_key = false;
        loop {
            if awaits_key {
                at = self.key(at, build)?;
            }
            match self.byte(at) {
                Some(b'"') => {
                    let (text, behind) = self.string(at)?;
                    build.string(text);
                    at = behind;
                }
                Some(first @ (b'-' | b'0'..=b'9')) => at = self.number(at, first, build)?,
                Some(bracket @ (b'{' | b'[')) => {
                    let (container, closing) = if bracket == b'{' {
                        (Container::Object, b'}')
                    } else {
                        (Container::Array, b']')
                    };
                    if !levels.open(container) {
                        return Err(self.error_at(at, JsonErrorKind::TooDeep));
                    }
                    build.open(container);
                    at = self.after_blanks(at + 1);
                    if self.byte(at) != Some(closing) {
                        awaits_key = container == Container::Object;
                        continue;
                    }
                }
                Some(b't') => at = self.literal(at, "true", Some(true), build)?,
                Some(b'f') => at = self.literal(at, "false", Some(false), build)?,
                Some(b'n') => at = self.literal(at, "null", None, build)?,
                _ => return Err(self.unexpected_at(at)),
            }
            // Behind a value: closing brackets, up to the place of the next one.
            loop {
                at = self.after_blanks(at);
                match (self.byte(at), levels.innermost) {
                    (Some(b','), Some(container)) => {
                        at = self.after_blanks(at + 1);
                        awaits_key = container == Container::Object;
                        break;
                    }
                    (Some(b']'), Some(Container::Array)) | (Some(b'}'), Some(Container::Object)) => {
                        at += 1;
                        levels.close();
                        build.close();
                    }
                    (None, None) => return Ok(()),
                    (Some(_), None) => return Err(self.error_at(at, JsonErrorKind::TrailingText)),
                    _ => return Err(self.unexpected_at(at)),
                }
            }
        }
    }

    /// Reads a key, its colon and the blanks before the value.
    #[inline(always)]
    fn key(&mut self, at: usize, build: &mut impl Build) -> Result<usize, JsonError> {
        if self.byte(at) != Some(b'"') {
            return Err(self.unexpected_at(at));
        }
        let (text, behind) = self.string(at)?;
        build.key(text);
        let at = self.after_blanks(behind);
        if self.byte(at) != Some(b':') {
            return Err(self.unexpected_at(at));
        }
        Ok(self.after_blanks(at + 1))
    }

    /// Reads a string whose quote is at `at`; gives where it ends as well.
    #[inline(always)]
    fn string(&mut self, at: usize) -> Result<(Text<'a>, usize), JsonError> {
        let start = at + 1;
        let end = self.plain_end(start);
        if self.byte(end) == Some(b'"') {
            let part = Part {
                whole: self.text,
                start,
                end,
            };
            return Ok((Text::Plain(part), end + 1));
        }
        self.at = end;
        let text = self.escaped_string(start)?;
        Ok((Text::Escaped(text), self.at))
    }

    /// Where the characters that need no look of their own end.
    #[inline(always)]
    fn plain_end(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        match rest.first_chunk().map(first_special) {
            Some(found) if found < BLOCK => at + found,
            _ => self.far_plain_end(at),
        }
    }

    #[inline(never)]
    fn far_plain_end(&self, at: usize) -> usize {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        let (blocks, last) = rest.as_chunks::<BLOCK>();
        let mut passed = at;
        for block in blocks {
            let found = first_special(block);
            passed += found;
            if found < BLOCK {
                return passed;
            }
        }
        passed + last.iter().position(|&byte| is_special(byte)).unwrap_or(last.len())
    }

    /// Reads integers of usual length; hands everything else on.
    #[inline(always)]
    fn number(&mut self, at: usize, first: u8, build: &mut impl Build) -> Result<usize, JsonError> {
        let is_negative = first == b'-';
        let start = at + usize::from(is_negative);
        let (mut end, mut number) = (start, 0_i64);
        while let Some(digit @ b'0'..=b'9') = self.byte(end) {
            number = number.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'));
            end += 1;
        }
        let digits = end - start;
        let has_form = digits == 1 || ((2..=SAFE_DIGITS).contains(&digits) && self.byte(start) != Some(b'0'));
        if !has_form || !ends_number(self.byte(end)) {
            self.at = at;
            self.other_number(build)?;
            return Ok(self.at);
        }
        if is_negative {
            self.is_compact &= number != 0;
            number = -number;
        }
        build.integer(number);
        Ok(end)
    }

    #[inline(always)]
    fn literal(&mut self, at: usize, word: &str, truth: Option<bool>, build: &mut impl Build) -> Result<usize, JsonError> {
        let end = at + word.len();
        let is_there = self.text.as_bytes().get(at..end) == Some(word.as_bytes());
        if !is_there || continues_word(self.byte(end)) {
            return Err(self.wrong_word(at, word));
        }
        build.literal(truth);
        Ok(end)
    }

    #[cold]
    fn wrong_word(&self, at: usize, word: &str) -> JsonError {
        let there = self.text.as_bytes().get(at..).unwrap_or_default();
        let same = word.bytes().zip(there).take_while(|(wanted, found)| wanted == *found).count();
        self.unexpected_at(at + same)
    }

    /// The place behind blanks.
    #[inline(always)]
    fn after_blanks(&mut self, at: usize) -> usize {
        if self.byte(at).is_some_and(|byte| byte <= b' ') {
            self.pass_blanks(at)
        } else {
            at
        }
    }

    #[inline(never)]
    fn pass_blanks(&mut self, mut at: usize) -> usize {
        while self.byte(at).is_some_and(is_blank) {
            at += 1;
            self.is_compact = false;
        }
        at
    }

    #[inline(always)]
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    #[cold]
    fn unexpected_at(&self, at: usize) -> JsonError {
        let kind = if self.byte(at).is_none() {
            JsonErrorKind::UnexpectedEnd
        } else {
            JsonErrorKind::UnexpectedCharacter
        };
        self.error_at(at, kind)
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

/// What is unusual, read from `at` on.
impl<'a> Reader<'a> {
    /// Reads on in a string that began at `start` and has an escape, or an error, here.
    #[inline(never)]
    fn escaped_string(&mut self, start: usize) -> Result<&'a str, JsonError> {
        loop {
            match self.peek() {
                None => return Err(self.error(JsonErrorKind::UnexpectedEnd)),
                Some(b'"') => {
                    let text = self.text.get(start..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => self.escape()?,
                Some(0..0x20) => return Err(self.error(JsonErrorKind::ControlCharacter)),
                Some(_) => self.at += 1,
            }
            self.at = self.far_plain_end(self.at);
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            None => Err(self.error(JsonErrorKind::UnexpectedEnd)),
            Some(escaped @ (b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => {
                self.is_compact &= escaped != b'/';
                self.at += 1;
                Ok(())
            }
            Some(b'u') => {
                self.is_compact = false;
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
            self.is_compact = false;
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

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    #[cold]
    fn error(&self, kind: JsonErrorKind) -> JsonError {
        self.error_at(self.at, kind)
    }
}

/// Whether a number can end before this; what cannot stand there either way is found later.
#[inline]
fn ends_number(next: Option<u8>) -> bool {
    // The usual ones first.
    matches!(next, Some(b',' | b']' | b'}')) || ends_number_otherwise(next)
}

#[inline(never)]
fn ends_number_otherwise(next: Option<u8>) -> bool {
    matches!(next, None | Some(b' ' | b'\t' | b'\n' | b'\r' | b':' | b'[' | b'{' | b'"'))
}

/// Whether a word that ended before this does not end there.
#[inline]
fn continues_word(next: Option<u8>) -> bool {
    matches!(next, Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}
