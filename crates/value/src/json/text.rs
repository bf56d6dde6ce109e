//! Text of strings and bytes: quotes and escapes (spec/script.md 2.6).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use wide::u8x16;

use crate::Str;

/// Bytes that are looked at together.
pub(super) const BLOCK: usize = 16;

/// Appends `text` in quotes. Escaped are `"`, `\` and characters below 0x20, nothing else.
#[inline]
pub fn write_str(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        write_escaped(text.as_bytes(), out);
    }
    out.push(b'"');
}

/// Appends the text of a value as [`write_str`] does. A text that is held inline is copied whole, with what is behind it, and then cut:
/// one copy of known length is cheaper than one of the right length.
#[inline]
pub(super) fn write_text(text: &Str, out: &mut Vec<u8>) {
    match text.inline_bytes() {
        Some((bytes, len)) if is_plain_inline(bytes, len) => {
            out.reserve(bytes.len() + 2);
            out.push(b'"');
            out.extend_from_slice(bytes);
            out.truncate(out.len() - (bytes.len() - len));
            out.push(b'"');
        }
        _ => write_str(text, out),
    }
}

/// Whether nothing in the first `len` bytes needs an escape; those behind are zero.
#[inline]
fn is_plain_inline(bytes: &[u8; Str::INLINE], len: usize) -> bool {
    let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else {
        return false;
    };
    let special = special_bits(first) | special_bits(last) << (Str::INLINE - BLOCK);
    // Zeros behind the text are no control characters.
    special & ((1 << len) - 1) == 0
}

/// Appends the standard base64 form, padded, in quotes.
pub(super) fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

/// Whether nothing needs an escape. The last block may overlap the one before.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    match bytes.last_chunk() {
        Some(last) => bytes.as_chunks().0.iter().all(|block| special_bits(block) == 0) && special_bits(last) == 0,
        None => !bytes.iter().any(|&byte| is_special(byte)),
    }
}

/// Place of the first byte of a block that is a quote, a backslash or below 0x20; [`BLOCK`] if none is.
#[inline]
pub(super) fn first_special(block: &[u8; BLOCK]) -> usize {
    (special_bits(block) | 1 << BLOCK).trailing_zeros() as usize
}

/// A bit for each byte of a block that is a quote, a backslash or below 0x20, the lowest for the first byte.
#[inline]
fn special_bits(block: &[u8; BLOCK]) -> u32 {
    let bytes = u8x16::new(*block);
    let controls = bytes.simd_eq(bytes.min(u8x16::splat(0x1f)));
    let marks = bytes.simd_eq(u8x16::splat(b'"')) | bytes.simd_eq(u8x16::splat(b'\\'));
    (controls | marks).to_bitmask()
}

#[inline(never)]
fn write_escaped(mut bytes: &[u8], out: &mut Vec<u8>) {
    while let Some(at) = bytes.iter().position(|&byte| is_special(byte)) {
        let (plain, special) = bytes.split_at(at);
        out.extend_from_slice(plain);
        if let Some((&first, after)) = special.split_first() {
            write_escape(first, out);
            bytes = after;
        }
    }
    out.extend_from_slice(bytes);
}

#[inline]
pub(super) const fn is_special(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\')
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let low = HEX[usize::from(byte & 0x0f)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), low]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_special_byte_is_found(block in proptest::array::uniform16(prop_oneof![any::<u8>(), 0x1e..0x24_u8, 0x5b..0x5e_u8])) {
            let expected = (0..).zip(&block).filter(|(_, byte)| is_special(**byte)).map(|(at, _)| 1 << at).sum::<u32>();
            prop_assert_eq!(special_bits(&block), expected);
        }
    }
}
