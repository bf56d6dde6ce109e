//! Text of strings and bytes: quotes and escapes (spec/script.md 2.6).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes that are looked at together; a width that compilers turn into vector code.
const BLOCK: usize = 16;

/// Appends `text` in quotes. Escaped are `"`, `\` and characters below 0x20, nothing else.
#[inline]
pub fn write_str(text: &str, out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_prefix(rest));
        out.extend_from_slice(plain);
        let Some((&first, after)) = special.split_first() else {
            break;
        };
        write_escape(first, out);
        rest = after;
    }
    out.push(b'"');
}

/// Appends the standard base64 form, padded, in quotes.
pub(super) fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(STANDARD.encode(bytes).as_bytes());
    out.push(b'"');
}

/// Number of bytes before the first that needs an escape.
#[inline]
fn plain_prefix(bytes: &[u8]) -> usize {
    let (blocks, tail) = bytes.as_chunks::<BLOCK>();
    for (at, block) in blocks.iter().enumerate() {
        if block.iter().fold(false, |special, &byte| special | is_special(byte)) {
            let within = block.iter().position(|&byte| is_special(byte)).unwrap_or(BLOCK);
            return at * BLOCK + within;
        }
    }
    let within = tail.iter().position(|&byte| is_special(byte)).unwrap_or(tail.len());
    blocks.len() * BLOCK + within
}

#[inline]
const fn is_special(byte: u8) -> bool {
    matches!(byte, 0..0x20 | b'"' | b'\\')
}

#[cold]
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
