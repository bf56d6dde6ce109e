//! The bearer token that readers have to show (spec/runtime.md 12).

use aws_lc_rs::constant_time::verify_slices_are_equal;

/// A secret text.
#[derive(Clone)]
pub struct Token(Box<[u8]>);

impl Token {
    /// The token that this text is, without blanks around it; `None` if nothing is left.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.as_bytes().into()))
    }

    /// Whether an `authorization` field shows it. Takes the same time for every wrong token of the right length.
    pub(crate) fn is_shown(&self, field: &[u8]) -> bool {
        let Some((scheme, shown)) = field.split_at_checked(7) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"bearer ") && verify_slices_are_equal(shown.trim_ascii(), &self.0).is_ok()
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_opens() {
        let token = Token::new(" s3cret\n").unwrap();
        for good in [&b"Bearer s3cret"[..], b"bearer s3cret", b"BEARER  s3cret "] {
            assert!(token.is_shown(good), "{good:?}");
        }
        for bad in [
            &b""[..],
            b"Bearer",
            b"Bearer ",
            b"Bearer s3cre",
            b"Bearer s3crett",
            b"Basic s3cret",
            b"s3cret",
        ] {
            assert!(!token.is_shown(bad), "{bad:?}");
        }
        assert!(Token::new(" \n").is_none());
    }
}
