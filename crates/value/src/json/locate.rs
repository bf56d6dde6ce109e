//! Checking a text, and finding what is wrong with it.
//!
//! A plain reader of RFC 8259 that builds nothing and so touches no memory but the text: cheaper than the parser's tape where only an
//! answer is wanted. It also tells where a text is wrong, which the parser does not say reliably.

use super::decode::MAX_DEPTH;
use super::error::{JsonError, JsonErrorKind};
use super::text::is_special;

/// Characters of an integer, sign included, that cannot be out of range.
const SAFE_DIGITS: usize = 18;
/// Characters of a float that cannot be out of range: the shortest that is too large is `1e309`.
const SAFE_FLOAT: usize = 4;

/// The first error of `input` as a JSON document, if there is one.
pub(super) fn first_error(input: &[u8]) -> Result<(), JsonError> {
    let (text, is_utf8) = match simdutf8::basic::from_utf8(input) {
        Ok(text) => (text, true),
        Err(_) => (valid_start(input), false),
    };
    let result = Reader { text, at: 0 }.document();
    match result {
        Err(error) if is_utf8 || error.position < text.len() => Err(error),
        Ok(()) if is_utf8 => Ok(()),
        _ => Err(JsonError {
            kind: JsonErrorKind::InvalidUtf8,
            position: text.len(),
            character: None,
        }),
    }
}

/// The high bit of each byte of a word that is a quote, a backslash or below 0x20. Only the lowest bit set is sure: the subtractions
/// may borrow from the bytes above it.
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let zeroes = |word: u64| word.wrapping_sub(ONES) & !word;
    let quotes = zeroes(word ^ (ONES * u64::from(b'"')));
    let backslashes = zeroes(word ^ (ONES * u64::from(b'\\')));
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (quotes | backslashes | controls) & HIGH
}

#[cold]
fn valid_start(input: &[u8]) -> &str {
    input.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.peek().is_none() {
            return Err(self.error(JsonErrorKind::Empty));
        }
        let mut open = Vec::new();
        loop {
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    if open.len() == MAX_DEPTH {
                        return Err(self.error(JsonErrorKind::TooDeep));
                    }
                    self.at += 1;
                    self.blanks();
                    let closing = if bracket == b'{' { b'}' } else { b']' };
                    open.push(closing);
                    if self.peek() != Some(closing) {
                        if closing == b'}' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                Some(b'"') => self.string()?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal("true")?,
                Some(b'f') => self.literal("false")?,
                Some(b'n') => self.literal("null")?,
                _ => return Err(self.unexpected()),
            }
            if self.after_value(&mut open)? {
                return Ok(());
            }
        }
    }

    /// Reads closing brackets up to the place of the next value; tells whether the document ended instead.
    fn after_value(&mut self, open: &mut Vec<u8>) -> Result<bool, JsonError> {
        loop {
            self.blanks();
            let next = self.peek();
            match (open.last().copied(), next) {
                (None, None) => return Ok(true),
                (None, Some(_)) => return Err(self.error(JsonErrorKind::TrailingText)),
                (Some(closing), Some(byte)) if byte == closing => {
                    self.at += 1;
                    open.pop();
                }
                (Some(closing), Some(b',')) => {
                    self.at += 1;
                    self.blanks();
                    if closing == b'}' {
                        self.key()?;
                    }
                    return Ok(false);
                }
                (Some(_), _) => return Err(self.unexpected()),
            }
        }
    }

    /// Reads a key and its colon.
    fn key(&mut self) -> Result<(), JsonError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected());
        }
        self.string()?;
        self.blanks();
        if self.peek() != Some(b':') {
            return Err(self.unexpected());
        }
        self.at += 1;
        self.blanks();
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        loop {
            self.plain_characters();
            match self.peek() {
                None => return Err(self.error(JsonErrorKind::UnexpectedEnd)),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => self.escape()?,
                Some(0..0x20) => return Err(self.error(JsonErrorKind::ControlCharacter)),
                Some(_) => self.at += 1,
            }
        }
    }

    /// Passes over characters that need no look of their own, a word at a time.
    fn plain_characters(&mut self) {
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let Some(word) = rest.first_chunk::<8>() else {
                self.at += rest.iter().position(|&byte| is_special(byte)).unwrap_or(rest.len());
                return;
            };
            let found = special_bytes(u64::from_le_bytes(*word));
            if found != 0 {
                self.at += (found.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
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

    fn number(&mut self) -> Result<(), JsonError> {
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
        if !matches!(
            self.peek(),
            None | Some(b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}' | b':' | b'[' | b'{' | b'"')
        ) {
            return Err(self.error(JsonErrorKind::InvalidNumber));
        }
        let digits = self.text.get(start..self.at).unwrap_or_default();
        if is_float {
            if digits.len() > SAFE_FLOAT && digits.parse().is_ok_and(f64::is_infinite) {
                return Err(self.error_at(start, JsonErrorKind::FloatOverflow));
            }
        } else if digits.len() > SAFE_DIGITS && digits.parse::<i64>().is_err() && digits.parse::<u64>().is_err() {
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

    fn literal(&mut self, word: &str) -> Result<(), JsonError> {
        for byte in word.bytes() {
            if !self.skip(byte) {
                return Err(self.unexpected());
            }
        }
        if matches!(self.peek(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_')) {
            return Err(self.unexpected());
        }
        Ok(())
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn unexpected(&self) -> JsonError {
        self.error(if self.peek().is_none() {
            JsonErrorKind::UnexpectedEnd
        } else {
            JsonErrorKind::UnexpectedCharacter
        })
    }

    fn error(&self, kind: JsonErrorKind) -> JsonError {
        self.error_at(self.at, kind)
    }

    fn error_at(&self, position: usize, kind: JsonErrorKind) -> JsonError {
        let character = self.text.get(position..).and_then(|rest| rest.chars().next());
        JsonError {
            kind,
            position,
            character,
        }
    }
}
