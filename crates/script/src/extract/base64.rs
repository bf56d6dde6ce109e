//! `base64`: strings that are standard base64 (spec/extractors.md 3.1).
//!
//! Padding is optional, everything else is strict. Bound is text only: bytes that are not UTF-8 match unbound, but bind nothing.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use temblor_value::Value;

use super::{Extract, text};

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(false),
);

/// Decoded bytes up to which decoding needs no buffer of its own.
const SHORT: usize = 256;

/// The extractor; its format is ignored.
pub(super) struct Base64;

impl Extract for Base64 {
    fn accepts(&self, target: &Value) -> bool {
        text(target).is_some_and(|text| is_base64(text.as_bytes()))
    }

    fn extract(&self, target: &Value, _ingest_ns: u64) -> Option<Value> {
        let encoded = text(target)?.as_bytes();
        let mut buffer = [0; SHORT];
        if base64::decoded_len_estimate(encoded.len()) <= SHORT {
            let length = ENGINE.decode_slice(encoded, &mut buffer).ok()?;
            return decoded(buffer.get(..length)?);
        }
        decoded(&ENGINE.decode(encoded).ok()?)
    }
}

fn decoded(bytes: &[u8]) -> Option<Value> {
    Some(Value::from(std::str::from_utf8(bytes).ok()?))
}

/// Whether `text` is what the engine decodes, without decoding it.
fn is_base64(text: &[u8]) -> bool {
    let digits = text.len() - text.iter().rev().take_while(|&&byte| byte == b'=').count();
    let (digits, padding) = text.split_at(digits);
    if padding.len() > (4 - digits.len() % 4) % 4 {
        return false;
    }
    let Some(&last) = digits.last() else {
        return true;
    };
    let stray_bits = match digits.len() % 4 {
        0 => 0,
        2 => 0b1111,
        3 => 0b11,
        _ => return false,
    };
    digits.iter().all(|&byte| digit(byte).is_some()) && digit(last).is_some_and(|value| value & stray_bits == 0)
}

/// The six bits that a character of the standard alphabet stands for.
fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD as STANDARD_ENGINE;

    use super::*;

    fn extracted(text: &str) -> Option<Value> {
        Base64.extract(&Value::from(text), 0)
    }

    #[test]
    fn decodes_with_all_with_some_and_without_padding() {
        for text in ["cHVtcA==", "cHVtcA=", "cHVtcA"] {
            assert_eq!(extracted(text), Some(Value::from("pump")), "{text}");
            assert!(Base64.accepts(&Value::from(text)), "{text}");
        }
        assert_eq!(extracted("w7xiZXI="), Some(Value::from("über")));
        assert_eq!(extracted(""), Some(Value::from("")));
    }

    #[test]
    fn texts_of_any_length_are_decoded() {
        for length in [SHORT - 4, SHORT - 1, SHORT, SHORT + 1, 4 * SHORT] {
            let plain = "x".repeat(length);
            assert_eq!(extracted(&STANDARD_ENGINE.encode(&plain)), Some(Value::from(plain)));
        }
    }

    #[test]
    fn refuses_what_is_not_exactly_base64() {
        for text in [
            "cHVtcA=!",
            "cHVt cA==",
            "a",
            "cHVtcB==",
            "cHV-",
            "=",
            "====",
            "AAAA=",
            "QQ===",
            "QQ==QQ==",
        ] {
            assert_eq!(extracted(text), None, "{text}");
            assert!(!Base64.accepts(&Value::from(text)), "{text}");
        }
        assert!(!Base64.accepts(&Value::from(5)));
    }

    #[test]
    fn bytes_that_are_no_text_match_but_bind_nothing() {
        assert!(Base64.accepts(&Value::from("/w==")));
        assert_eq!(extracted("/w=="), None);
    }

    #[test]
    fn acceptance_agrees_with_the_decoder_on_all_short_texts() {
        let alphabet = b"AQBg/=-";
        for length in 0..=5_u32 {
            for mut number in 0..alphabet.len().pow(length) {
                let text: Vec<u8> = (0..length)
                    .map(|_| {
                        let byte = alphabet[number % alphabet.len()];
                        number /= alphabet.len();
                        byte
                    })
                    .collect();
                assert_eq!(is_base64(&text), ENGINE.decode(&text).is_ok(), "{}", text.escape_ascii());
            }
        }
    }
}
