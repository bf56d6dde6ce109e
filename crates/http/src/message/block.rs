//! Fields of a head to be sent, as the text that goes out.
//!
//! Fields are checked and written at once, so that building a head is one pass and sending it one copy. Fields that
//! concern a single connection are left out here, whoever sets them: framing and persistence belong to the engine.

use smallvec::SmallVec;
use thiserror::Error;

use super::class::{TOKEN_LOWER, is_value};
use super::{Field, Name};

/// Length of names up to which lowering them allocates nothing.
const USUAL_NAME: usize = 48;

/// Which way a head goes; it decides which fields the engine keeps for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// A request to an upstream; left out: the list of `proxy.md` 2.6 step 2.
    Request,
    /// A response to a client; left out: the list of `proxy.md` 2.7, and `content-length`.
    Response,
}

/// Why a field cannot be sent (`proxy.md` 2.1, last paragraph).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FieldError {
    /// The name is no token.
    #[error("invalid header name")]
    Name,
    /// The value has a control character other than TAB.
    #[error("invalid header value")]
    Value,
}

/// Fields to send, each a line `name: value`.
#[derive(Clone, Debug)]
pub struct HeaderBlock {
    direction: Direction,
    text: Vec<u8>,
    present: u64,
    wants_close: bool,
}

impl HeaderBlock {
    /// No fields yet.
    pub fn new(direction: Direction) -> HeaderBlock {
        HeaderBlock {
            direction,
            text: Vec::new(),
            present: 0,
            wants_close: false,
        }
    }

    /// No fields yet, with room for so many bytes.
    pub fn with_capacity(direction: Direction, bytes: usize) -> HeaderBlock {
        HeaderBlock {
            text: Vec::with_capacity(bytes),
            ..HeaderBlock::new(direction)
        }
    }

    /// Appends one line, the name in lower case. Fields the engine keeps for itself are left out without an error;
    /// `connection: close` of a response is remembered. The name must be a token, the value free of control characters
    /// other than TAB.
    pub fn push(&mut self, name: &str, value: &[u8]) -> Result<(), FieldError> {
        if !is_value(value) {
            return Err(FieldError::Value);
        }
        // A name that is known as it stands needs no second look at its bytes.
        if let Some(known) = Name::from_lower(name.as_bytes()) {
            self.push_line(Some(known), name.as_bytes(), value);
            return Ok(());
        }
        let lower: SmallVec<[u8; USUAL_NAME]> = name.bytes().map(|byte| TOKEN_LOWER[usize::from(byte)]).collect();
        if lower.is_empty() || lower.contains(&0) {
            return Err(FieldError::Name);
        }
        self.push_line(Name::from_lower(&lower), &lower, value);
        Ok(())
    }

    /// Appends a received field as one line. Its name and value obey the rules of [`HeaderBlock::push`] already.
    pub fn push_field(&mut self, field: Field<'_>) {
        match field.line() {
            Some(line) if !self.keeps_back(field.known(), field.name_bytes()) => {
                self.text.extend_from_slice(line);
                self.present |= field.known().map_or(0, Name::bit);
            }
            _ => self.push_line(field.known(), field.name_bytes(), field.value()),
        }
    }

    /// Appends one line of a recognised name, under the rules of [`HeaderBlock::push`].
    pub fn push_known(&mut self, name: Name, value: &[u8]) -> Result<(), FieldError> {
        if !is_value(value) {
            return Err(FieldError::Value);
        }
        self.push_line(Some(name), name.as_str().as_bytes(), value);
        Ok(())
    }

    fn push_line(&mut self, known: Option<Name>, lower: &[u8], value: &[u8]) {
        if self.keeps_back(known, lower) {
            self.wants_close |= known == Some(Name::Connection) && has_option(value, b"close");
            return;
        }
        self.text.reserve(lower.len() + value.len() + 4);
        self.text.extend_from_slice(lower);
        self.text.extend_from_slice(b": ");
        self.text.extend_from_slice(value);
        self.text.extend_from_slice(b"\r\n");
        self.present |= known.map_or(0, Name::bit);
    }

    fn keeps_back(&self, known: Option<Name>, lower: &[u8]) -> bool {
        let hop = known.is_some_and(|name| name.is_standard_hop() || name == Name::ContentLength);
        match self.direction {
            Direction::Request => hop || matches!(known, Some(Name::Expect | Name::ProxyAuthorization | Name::ProxyAuthenticate)),
            Direction::Response => hop && known != Some(Name::Http2Settings) || lower.starts_with(b"proxy-"),
        }
    }

    /// Was a field of that name appended?
    pub fn contains(&self, name: Name) -> bool {
        self.present & name.bit() != 0
    }

    /// Value of the first field with this lower-case name.
    pub(crate) fn find(&self, name: &str) -> Option<&[u8]> {
        let mut rest = self.text.as_slice();
        while let Some(length) = memchr::memchr(b'\r', rest) {
            let (line, more) = rest.split_at(length);
            let value = line.strip_prefix(name.as_bytes()).and_then(|line| line.strip_prefix(b": "));
            if value.is_some() {
                return value;
            }
            rest = more.get(2..)?;
        }
        None
    }

    /// Did a `connection` field ask to close (responses only)?
    pub fn wants_close(&self) -> bool {
        self.direction == Direction::Response && self.wants_close
    }

    /// Removes all fields but keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.present = 0;
        self.wants_close = false;
    }

    /// The lines, each ended by CRLF, to be added to.
    pub(crate) fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// The lines, each ended by CRLF.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }
}

/// Does the list of options name this one (lower case given)?
pub(crate) fn has_option(value: &[u8], option: &[u8]) -> bool {
    value
        .split(|&byte| byte == b',')
        .any(|item| super::class::trim(item).eq_ignore_ascii_case(option))
}
