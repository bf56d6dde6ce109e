//! Text of strings and bytes: quotes and escapes (spec/script.md 2.6).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

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
fn is_plain_block<const N: usize>(block: &[u8; N]) -> bool {
    let special = |byte: u8| u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\');
    block.iter().fold(0, |found, &byte| found | special(byte)) == 0
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
