//! Byte classes of RFC 9110 5.5, 5.6.2 and RFC 3986, as tables: one load per byte of a head.

/// For bytes of a token (RFC 9110 5.6.2): the byte in lower case. For all others 0.
pub(crate) static TOKEN_LOWER: [u8; 256] = token_lower();

/// Bytes of a registered name or IPv4 address (RFC 3986 3.2.2), the `%` of escapes included.
static REG_NAME: [bool; 256] = reg_name();

const fn token_lower() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let is_token = matches!(
            byte as u8,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.'
                | b'^' | b'_' | b'`' | b'|' | b'~'
        );
        if is_token {
            table[byte] = (byte as u8).to_ascii_lowercase();
        }
        byte += 1;
    }
    table
}

const fn reg_name() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(
            byte as u8,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'%' | b'!' | b'$' | b'&' | b'\'' | b'('
                | b')' | b'*' | b'+' | b',' | b';' | b'='
        );
        byte += 1;
    }
    table
}

/// Is the byte allowed in a token?
pub(crate) fn is_token_byte(byte: u8) -> bool {
    TOKEN_LOWER[usize::from(byte)] != 0
}

/// Is the text a token (at least one byte)?
pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_token_byte(byte))
}

/// May every byte stand in a field value: TAB, SP, visible ASCII and everything from 0x80 (`proxy.md` 2.1)? Values are mostly short and
/// without TAB, so words are looked at first, the last of which may overlap the one before.
pub(crate) fn is_value(text: &[u8]) -> bool {
    match text.last_chunk::<8>() {
        Some(last) if is_plain_word(last) && text.as_chunks::<8>().0.iter().all(is_plain_word) => true,
        _ => text.iter().all(|&byte| byte >= 0x20 && byte != 0x7f || byte == b'\t'),
    }
}

/// Is no byte of the word below 0x20 or 0x7f?
fn is_plain_word(word: &[u8; 8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(*word);
    let deletes = word ^ (ONES * 0x7f);
    // Borrows can only come from a byte that is itself found.
    let controls = word.wrapping_sub(ONES * 0x20) & !word;
    let deletes = deletes.wrapping_sub(ONES) & !deletes;
    (controls | deletes) & HIGH == 0
}

/// Is every byte allowed in a registered name?
pub(crate) fn is_reg_name(text: &[u8]) -> bool {
    text.iter().all(|&byte| REG_NAME[usize::from(byte)])
}

/// Is every byte visible ASCII other than `#` (`proxy.md` 2.1, row target)?
pub(crate) fn is_target(text: &[u8]) -> bool {
    text.iter()
        .map(|&byte| u8::from(!(0x21..=0x7e).contains(&byte) || byte == b'#'))
        .fold(0, |bad, one| bad | one)
        == 0
}

/// The text without blanks and tabs at its ends (RFC 9110 5.6.3, `OWS`).
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}
