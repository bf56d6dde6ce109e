//! Text of strings and bytes: quotes and escapes (spec/script.md 2.6).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Str;

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
    let (first, rest) = bytes.split_at(8);
    let (second, third) = rest.split_at(8);
    let word = |bytes: &[u8], from: usize| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        // Zeros behind the text must not count as control characters; blanks never do.
        let held = 8 * len.saturating_sub(from).min(8) as u32;
        u64::from_le_bytes(word) | 0x2020_2020_2020_2020_u64.checked_shl(held).unwrap_or_default()
    };
    special_bytes(word(first, 0)) | special_bytes(word(second, 8)) | special_bytes(word(third, 16)) == 0
}

/// Appends the standard base64 form, padded, in quotes.
pub(super) fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

/// Whether nothing needs an escape. Looks at blocks that compilers turn into vector code; the last may overlap the one before.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    if let Some(last) = bytes.last_chunk::<16>() {
        bytes.as_chunks::<16>().0.iter().all(is_plain_block) && is_plain_block(last)
    } else if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        is_plain_block(first) && is_plain_block(last)
    } else {
        !bytes.iter().any(|&byte| is_special(byte))
    }
}

/// Adds up instead of branching, so that all bytes are looked at in one step.
#[inline]
pub(super) fn is_plain_block<const N: usize>(block: &[u8; N]) -> bool {
    let special = |byte: u8| u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\');
    block.iter().fold(0, |found, &byte| found | special(byte)) == 0
}

/// The high bit of each byte of a word that is a quote, a backslash or below 0x20. Only the lowest bit set is sure: the subtractions
/// may borrow from the bytes above it.
#[inline]
pub(super) const fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quotes = word ^ (ONES * b'"' as u64);
    let backslashes = word ^ (ONES * b'\\' as u64);
    let zero_quotes = quotes.wrapping_sub(ONES) & !quotes;
    let zero_backslashes = backslashes.wrapping_sub(ONES) & !backslashes;
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    (zero_quotes | zero_backslashes | controls) & HIGH
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
