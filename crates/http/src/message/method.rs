//! Request methods.

use super::class;

/// A request method. Methods are case-sensitive and kept as sent (`proxy.md` 2.1); the registered ones are variants, all
/// others (`PURGE`, `get`) are texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`
    Get,
    /// `HEAD`
    Head,
    /// `POST`
    Post,
    /// `PUT`
    Put,
    /// `DELETE`
    Delete,
    /// `OPTIONS`
    Options,
    /// `TRACE`
    Trace,
    /// `PATCH`
    Patch,
    /// `CONNECT`
    Connect,
    /// Another token of at most [`Method::MAX_LENGTH`] bytes.
    Extension(Box<str>),
}

impl Method {
    /// Longest method taken or sent, in bytes (`proxy.md` 2.1).
    pub const MAX_LENGTH: usize = 32;

    /// The method written so, as on the wire. None: no token, or too long.
    pub fn from_bytes(text: &[u8]) -> Option<Method> {
        if let Some(method) = Method::registered(text) {
            return Some(method);
        }
        if text.len() > Method::MAX_LENGTH || !class::is_token(text) {
            return None;
        }
        std::str::from_utf8(text).ok().map(|text| Method::Extension(text.into()))
    }

    /// The method a configuration or program names: blanks at the ends are ignored and registered methods are taken in any
    /// case (`artefacts.md` 4.2). None: no token, or too long.
    pub fn from_text(text: &str) -> Option<Method> {
        let text = text.trim();
        let mut upper = [0; Method::MAX_LENGTH];
        let upper = upper.get_mut(..text.len())?;
        upper.copy_from_slice(text.as_bytes());
        upper.make_ascii_uppercase();
        Method::registered(upper).or_else(|| Method::from_bytes(text.as_bytes()))
    }

    fn registered(text: &[u8]) -> Option<Method> {
        Some(match text {
            b"GET" => Method::Get,
            b"HEAD" => Method::Head,
            b"POST" => Method::Post,
            b"PUT" => Method::Put,
            b"DELETE" => Method::Delete,
            b"OPTIONS" => Method::Options,
            b"TRACE" => Method::Trace,
            b"PATCH" => Method::Patch,
            b"CONNECT" => Method::Connect,
            _ => return None,
        })
    }

    /// The method's text.
    pub fn as_str(&self) -> &str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
            Method::Options => "OPTIONS",
            Method::Trace => "TRACE",
            Method::Patch => "PATCH",
            Method::Connect => "CONNECT",
            Method::Extension(text) => text,
        }
    }

    /// May the request be repeated without harm (RFC 9110 9.2.2, as `proxy.md` 2.16 lists them)?
    pub fn is_idempotent(&self) -> bool {
        self.is_safe() || matches!(self, Method::Put | Method::Delete)
    }

    /// Does the request only read (RFC 9110 9.2.1, as `proxy.md` 1.6 lists them)?
    pub fn is_safe(&self) -> bool {
        matches!(self, Method::Get | Method::Head | Method::Options | Method::Trace)
    }

    /// Is an empty body announced by `content-length: 0` (`proxy.md` 2.6 step 7)?
    pub fn announces_empty_body(&self) -> bool {
        matches!(self, Method::Post | Method::Put | Method::Patch)
    }
}
