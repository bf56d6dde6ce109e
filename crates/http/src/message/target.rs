//! Request targets (RFC 9112 3.2).

use bytes::Bytes;

use super::{Authority, ascii, class, parse_authority};

/// Form of a request target. The authority form belongs to CONNECT, which is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetForm {
    /// `/path?query`
    Origin,
    /// `http://host/path?query` or `https://…`
    Absolute,
    /// `*`, of OPTIONS only
    Asterisk,
}

/// The target of a request as received.
#[derive(Clone, Debug)]
pub struct Target {
    text: Bytes,
    form: TargetForm,
    /// Where the authority of the absolute form begins and ends; both 0 in the other forms.
    authority: (usize, usize),
    /// Where the query begins, the `?` included; the length of the text if there is none.
    query: usize,
}

impl Target {
    /// Reads a target. None: not one of the three forms, bytes outside 0x21–0x7E, a `#`, a scheme other than `http` and
    /// `https`, an invalid host.
    pub fn parse(text: Bytes) -> Option<Target> {
        if !class::is_target(&text) {
            return None;
        }
        let (form, authority) = match text.first()? {
            b'/' => (TargetForm::Origin, (0, 0)),
            b'*' if text.len() == 1 => (TargetForm::Asterisk, (0, 0)),
            _ => (TargetForm::Absolute, find_authority(&text)?),
        };
        let query = text
            .get(authority.1..)
            .and_then(|rest| memchr::memchr(b'?', rest))
            .map_or(text.len(), |at| authority.1 + at);
        let target = Target {
            text,
            form,
            authority,
            query,
        };
        if form == TargetForm::Absolute {
            target.authority()?;
        }
        Some(target)
    }

    /// The form.
    pub fn form(&self) -> TargetForm {
        self.form
    }

    /// The whole target as received.
    pub fn as_str(&self) -> &str {
        ascii(&self.text)
    }

    /// The scheme of an absolute target as written (any case).
    pub fn scheme(&self) -> Option<&str> {
        match self.form {
            TargetForm::Absolute => self.as_str().split_once(':').map(|(scheme, _)| scheme),
            TargetForm::Origin | TargetForm::Asterisk => None,
        }
    }

    /// User name and password (`name[:password]`) of an absolute target.
    pub fn userinfo(&self) -> Option<&str> {
        self.part(self.authority.0, self.authority.1)
            .rsplit_once('@')
            .map(|(userinfo, _)| userinfo)
    }

    /// Host and port of an absolute target as text.
    pub(crate) fn authority_range(&self) -> Option<(usize, usize)> {
        if self.form != TargetForm::Absolute {
            return None;
        }
        let text = self.part(self.authority.0, self.authority.1);
        let skip = text.rfind('@').map_or(0, |at| at + 1);
        Some((self.authority.0 + skip, self.authority.1))
    }

    /// Host and port of an absolute target.
    pub fn authority(&self) -> Option<Authority<'_>> {
        let (start, end) = self.authority_range()?;
        parse_authority(self.part(start, end))
    }

    /// The path as received, at least `/`; `*` for the asterisk form.
    pub fn path(&self) -> &str {
        match self.part(self.authority.1, self.query) {
            "" => "/",
            path => path,
        }
    }

    /// The text after `?`, present (possibly empty) iff there is a `?`.
    pub fn query(&self) -> Option<&str> {
        self.part(self.query, self.text.len()).strip_prefix('?')
    }

    fn part(&self, start: usize, end: usize) -> &str {
        ascii(self.text.get(start..end).unwrap_or_default())
    }
}

/// Range of the authority in an absolute target.
fn find_authority(text: &[u8]) -> Option<(usize, usize)> {
    let start = ["http://", "https://"]
        .into_iter()
        .find(|scheme| {
            text.get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
        })?
        .len();
    let rest = text.get(start..)?;
    let len = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    Some((start, start + len))
}
