//! Bytes literals (spec/script.md 5.2): part types and the writer of bits.

use temblor_value::{Blob, Value};

use crate::limits::{LimitReached, Limits};
use crate::trap::TrapKind;

/// Type and size of a part, checked at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartKind {
    /// An integer of 1 to 64 bits.
    Integer { bits: u32, signed: bool, little: bool },
    /// Bytes of a string or binary, the whole or the first ones.
    Bytes { size: Option<usize> },
}

/// Why a part is refused at load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartError {
    /// Not one of the known types.
    Type,
    /// Not within 1 to 64.
    Size,
}

impl PartKind {
    /// The kind that a type name and a size give.
    pub(crate) fn new(name: Option<&str>, size: Option<i64>) -> Result<Self, PartError> {
        let (signed, little) = match name {
            None | Some("integer" | "big" | "unsigned" | "unsigned-integer" | "big-integer" | "big-unsigned-integer") => {
                (false, false)
            }
            Some("signed-integer" | "big-signed-integer") => (true, false),
            Some("little" | "little-integer" | "little-unsigned-integer") => (false, true),
            Some("little-signed-integer") => (true, true),
            Some("binary") => {
                let size = size.map(check_size).transpose()?.map(|size| size as usize);
                return Ok(Self::Bytes { size });
            }
            Some(_) => return Err(PartError::Type),
        };
        let bits = check_size(size.unwrap_or(8))?;
        Ok(Self::Integer { bits, signed, little })
    }
}

fn check_size(size: i64) -> Result<u32, PartError> {
    u32::try_from(size)
        .ok()
        .filter(|size| (1..=64).contains(size))
        .ok_or(PartError::Size)
}

/// Writes parts bit by bit, most significant bit first.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// Bits that do not fill a byte yet, at the low end.
    rest: u64,
    /// How many bits `rest` holds; below 8.
    held: u32,
}

impl Writer {
    /// Appends one part.
    pub(crate) fn part(&mut self, kind: PartKind, value: &Value, limits: &Limits) -> Result<(), TrapKind> {
        match kind {
            PartKind::Integer { bits, signed, little } => {
                self.grow(8, limits)?;
                let raw = match value {
                    Value::I64(number) if signed || *number >= 0 => *number as u64,
                    Value::U64(number) if !signed => *number,
                    _ if signed => return Err(TrapKind::NotSigned),
                    _ => return Err(TrapKind::NotUnsigned),
                };
                self.bits(if little { swap(raw, bits) } else { raw }, bits);
            }
            PartKind::Bytes { size } => {
                let bytes: &[u8] = match value {
                    Value::Str(text) => text.as_bytes(),
                    Value::Bytes(blob) => blob,
                    _ => return Err(TrapKind::NotLongEnough),
                };
                let bytes = match size {
                    Some(size) => bytes.get(..size).ok_or(TrapKind::NotLongEnough)?,
                    None => bytes,
                };
                self.grow(bytes.len(), limits)?;
                if self.held == 0 {
                    self.bytes.extend_from_slice(bytes);
                } else {
                    for &byte in bytes {
                        self.bits(u64::from(byte), 8);
                    }
                }
            }
        }
        Ok(())
    }

    fn grow(&self, by: usize, limits: &Limits) -> Result<(), TrapKind> {
        limits
            .check_bytes(self.bytes.len().saturating_add(by))
            .map_err(|limit: LimitReached| TrapKind::Limit(limit))
    }

    /// Appends the low `count` bits of `value`.
    fn bits(&mut self, value: u64, count: u32) {
        let mut left = count;
        while left > 0 {
            let take = (8 - self.held).min(left);
            let piece = (value >> (left - take)) & ((1 << take) - 1);
            self.rest = (self.rest << take) | piece;
            self.held += take;
            left -= take;
            if self.held == 8 {
                self.bytes.push(self.rest as u8);
                self.rest = 0;
                self.held = 0;
            }
        }
    }

    /// The bytes; left-over bits form one more, at its low end.
    pub(crate) fn finish(mut self) -> Value {
        if self.held > 0 {
            self.bytes.push(self.rest as u8);
        }
        Value::Bytes(Blob::from(self.bytes))
    }
}

/// Reverses the bytes of `value` at the next full byte width of `bits`.
fn swap(value: u64, bits: u32) -> u64 {
    let width = bits.div_ceil(8) * 8;
    value.swap_bytes() >> (64 - width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(parts: &[(Option<&str>, Option<i64>, Value)]) -> Vec<u8> {
        let mut writer = Writer::default();
        for (name, size, value) in parts {
            let kind = PartKind::new(*name, *size).unwrap();
            writer.part(kind, value, &Limits::default()).unwrap();
        }
        writer.finish().as_bytes().unwrap().to_vec()
    }

    #[test]
    fn left_over_bits_stand_at_the_low_end() {
        assert_eq!(written(&[(None, Some(3), Value::from(5i64))]), [5]);
        assert_eq!(written(&[(None, Some(12), Value::from(4095i64))]), [0xff, 0x0f]);
    }

    #[test]
    fn little_endian_reverses_at_full_byte_width() {
        assert_eq!(written(&[(Some("little"), Some(16), Value::from(0x0102i64))]), [2, 1]);
        assert_eq!(written(&[(Some("little"), Some(12), Value::from(0x0a34i64))]), [0x40, 0x0a]);
        assert_eq!(written(&[(Some("little"), Some(5), Value::from(3i64))]), [3]);
    }

    #[test]
    fn bytes_may_start_inside_a_byte() {
        let parts = [
            (None, Some(4), Value::from(1i64)),
            (Some("binary"), Some(1), Value::from("ab")),
        ];
        assert_eq!(written(&parts), [0x16, 1]);
    }

    #[test]
    fn sizes_and_types_are_checked() {
        assert_eq!(PartKind::new(None, Some(0)), Err(PartError::Size));
        assert_eq!(PartKind::new(Some("binary"), Some(65)), Err(PartError::Size));
        assert_eq!(PartKind::new(Some("signed"), None), Err(PartError::Type));
        let mut writer = Writer::default();
        let kind = PartKind::new(None, None).unwrap();
        assert!(matches!(
            writer.part(kind, &Value::from(-1i64), &Limits::default()),
            Err(TrapKind::NotUnsigned)
        ));
    }
}
