//! Backslash escapes inside the formats of `kv` and `dissect` (spec/extractors.md 3.6, 3.7).

use super::{ExtractError, bad};

/// `text` with `\\`, `\n`, `\t` and `\r` replaced by what they stand for; any other backslash is refused.
pub(super) fn unescape(text: &str) -> Result<String, ExtractError> {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        plain.push(match chars.next() {
            Some('\\') => '\\',
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some(other) => return Err(bad(format!("invalid escape sequence \\{other}"))),
            None => return Err(bad("the text ends in a lone backslash")),
        });
    }
    Ok(plain)
}
