//! Text of numbers (spec/script.md 2.6).

/// Appends the text of a double: the shortest digits that read back as the same number, plain for 10⁻⁵ ≤ |x| < 10¹⁶ and zero, otherwise
/// scientific; `null` for infinities and not-a-number.
#[inline]
pub fn write_f64(number: f64, out: &mut Vec<u8>) {
    if number.is_finite() {
        // ryu changes between plain and scientific exactly where the specification does.
        out.extend_from_slice(ryu::Buffer::new().format_finite(number).as_bytes());
    } else {
        out.extend_from_slice(b"null");
    }
}

/// Appends an integer in decimal.
#[inline]
pub(super) fn write_integer(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
