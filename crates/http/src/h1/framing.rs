//! What the fields of a head say about the message's length and the connection's future (RFC 9112 6 and 9.3).

use smallvec::SmallVec;

use crate::message::Name;
use crate::message::class::{is_token, trim};

/// How the end of a body is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// So many bytes, possibly none.
    Length(u64),
    /// Chunked transfer coding.
    Chunked,
    /// All bytes until the connection ends (responses only).
    UntilClose,
}

/// `Content-Length`: digits, below 2^63; repeated values must be equal.
#[derive(Debug, Default)]
pub(crate) struct ContentLength {
    value: Option<u64>,
}

impl ContentLength {
    pub(crate) fn add(&mut self, field: &[u8]) -> Result<(), &'static str> {
        for item in field.split(|&byte| byte == b',') {
            let value = parse_length(trim(item)).ok_or("content-length is not a number below 2^63")?;
            if self.value.is_some_and(|other| other != value) {
                return Err("content-length values differ");
            }
            self.value = Some(value);
        }
        Ok(())
    }

    pub(crate) fn value(&self) -> Option<u64> {
        self.value
    }
}

fn parse_length(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_u64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    (value < 1 << 63).then_some(value)
}

/// `Transfer-Encoding`: the codings named, in order.
#[derive(Debug, Default)]
pub(crate) struct TransferEncoding {
    present: bool,
    chunked: u32,
    last_is_chunked: bool,
    other: bool,
    broken: bool,
}

/// What the transfer codings amount to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    /// No such field.
    Absent,
    /// Exactly one coding, `chunked`.
    Chunked,
    /// `chunked` once and last, others before it.
    Unsupported,
    /// Anything else.
    Invalid,
}

impl TransferEncoding {
    pub(crate) fn add(&mut self, field: &[u8]) {
        self.present = true;
        for item in field.split(|&byte| byte == b',') {
            let item = trim(item);
            self.broken |= item.is_empty();
            self.last_is_chunked = item.eq_ignore_ascii_case(b"chunked");
            if self.last_is_chunked {
                self.chunked += 1;
            } else {
                self.other = true;
            }
        }
    }

    pub(crate) fn coding(&self) -> Coding {
        if !self.present {
            Coding::Absent
        } else if self.broken || self.chunked != 1 || !self.last_is_chunked {
            Coding::Invalid
        } else if self.other {
            Coding::Unsupported
        } else {
            Coding::Chunked
        }
    }
}

/// Options of `Connection` fields.
#[derive(Debug, Default)]
pub(crate) struct ConnectionOptions {
    pub(crate) close: bool,
    pub(crate) keep_alive: bool,
    pub(crate) count: usize,
    /// Some option is no token.
    pub(crate) broken: bool,
    /// Names of fields other than the standard ones, in lower case.
    pub(crate) nominated: SmallVec<[Box<[u8]>; 2]>,
}

impl ConnectionOptions {
    pub(crate) fn add(&mut self, field: &[u8]) {
        for item in field.split(|&byte| byte == b',') {
            let item = trim(item);
            if item.is_empty() {
                continue;
            }
            self.count += 1;
            if item.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if item.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if is_token(item) {
                let lower = item.to_ascii_lowercase();
                if !Name::from_lower(&lower).is_some_and(Name::is_standard_hop) {
                    self.nominated.push(lower.into());
                }
            } else {
                self.broken = true;
            }
        }
    }

    pub(crate) fn nominates(&self, name: &[u8]) -> bool {
        self.nominated.iter().any(|nominated| **nominated == *name)
    }
}
