//! Where a request goes (spec/artefacts.md 4.2 and 4.3).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use temblor_value::{ObjectMap, Str, Value};

use crate::message::parse_authority;
use crate::rest::meta::key::URL_PARTS;

/// What must be escaped in a path: everything outside 0x21–0x7E, and what would end the path.
const IN_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'?').add(b'#');
/// What must be escaped in a query: everything outside 0x21–0x7E, and what would end the query.
const IN_QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'#');

/// Parts of a URL; each may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Endpoint {
    scheme: Option<Str>,
    username: Option<Str>,
    password: Option<Str>,
    host: Option<Str>,
    port: Option<u16>,
    path: Option<Str>,
    query: Option<Str>,
    fragment: Option<Str>,
}

/// Why no request can be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EndpointError {
    /// Neither configuration nor event name a host.
    #[error("empty host")]
    EmptyHost,
    /// The host is none.
    #[error("invalid host `{0}`")]
    InvalidHost(String),
    /// Only `http` and `https` are spoken.
    #[error("Invalid URI scheme")]
    Scheme,
    /// `$endpoint` is neither text nor record.
    #[error("Invalid $endpoint type. Use String or Map.")]
    Type,
    /// `$endpoint` is a text that is no absolute URL.
    #[error("`{0}` is no absolute URL")]
    NotAbsolute(String),
}

/// A checked endpoint, as a request needs it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Resolved {
    /// TLS is asked for.
    pub is_https: bool,
    /// Host without port.
    pub host: Str,
    /// Port.
    pub port: u16,
    /// Request target in origin form.
    pub target: String,
    /// `host[:port]`, the port only if it is not the scheme's default.
    pub authority: Str,
    /// The parts it was made from.
    pub(crate) parts: Endpoint,
    /// User name and password, if there is a user name.
    pub credentials: Option<(Str, Str)>,
}

impl Endpoint {
    /// Reads an absolute URL.
    pub(super) fn from_url(text: &str) -> Result<Self, EndpointError> {
        let bad = || EndpointError::NotAbsolute(text.to_owned());
        let (scheme, rest) = text.split_once("://").ok_or_else(bad)?;
        if scheme.is_empty()
            || !scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            return Err(bad());
        }
        let (rest, fragment) = split_off(rest, '#');
        let (rest, query) = split_off(rest, '?');
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (userinfo, host_port) = authority
            .rsplit_once('@')
            .map_or((None, authority), |(user, host)| (Some(user), host));
        let parsed = parse_authority(host_port).ok_or_else(bad)?;
        let (username, password) = match userinfo.map(|user| user.split_once(':').unwrap_or((user, ""))) {
            Some((name, password)) => (Some(name), Some(password).filter(|text| !text.is_empty())),
            None => (None, None),
        };
        Ok(Self {
            scheme: Some(Str::from(scheme.to_ascii_lowercase())),
            username: username.map(Str::new),
            password: password.map(Str::new),
            host: Some(Str::new(parsed.host)),
            port: parsed.port,
            path: Some(path).filter(|text| !text.is_empty()).map(Str::new),
            query: query.map(Str::new),
            fragment: fragment.map(Str::new),
        })
    }

    /// A copy in which each well-typed field of `record` replaces ours; other fields are ignored.
    #[must_use]
    pub(super) fn overridden_by(&self, record: &ObjectMap) -> Self {
        let mut changed = self.clone();
        for (name, value) in record {
            changed.set(name, value);
        }
        changed
    }

    /// Sets one part, if `name` is one and the value fits.
    pub(super) fn set(&mut self, name: &str, value: &Value) {
        if name == "port" {
            if let Some(port) = value.as_u64().and_then(|port| u16::try_from(port).ok()) {
                self.port = Some(port);
            }
            return;
        }
        let Value::Str(text) = value else { return };
        let field = match name {
            "scheme" => &mut self.scheme,
            "username" => &mut self.username,
            "password" => &mut self.password,
            "host" => &mut self.host,
            "path" => &mut self.path,
            "query" => &mut self.query,
            "fragment" => &mut self.fragment,
            _ => return,
        };
        *field = Some(text.clone());
    }

    /// The endpoint of one event: the configured one, changed by `$endpoint`. `usual` is the configured one, put together, if it is one by itself.
    pub(super) fn for_event(&self, meta: &Value, usual: Option<&Resolved>) -> Result<Resolved, EndpointError> {
        match meta.get("endpoint") {
            None => usual.map_or_else(|| self.resolve(), |usual| Ok(usual.clone())),
            Some(Value::Str(text)) => Self::from_url(text)?.put_together(usual),
            Some(Value::Object(record)) => self.overridden_by(record).put_together(usual),
            Some(_) => Err(EndpointError::Type),
        }
    }

    /// Checks the parts and puts them together.
    pub(super) fn resolve(&self) -> Result<Resolved, EndpointError> {
        self.clone().put_together(None)
    }

    /// The same; what is as in `usual` is taken from there.
    fn put_together(self, usual: Option<&Resolved>) -> Result<Resolved, EndpointError> {
        let is_https = match self.scheme.as_deref() {
            None => false,
            Some(scheme) if scheme.eq_ignore_ascii_case("http") => false,
            Some(scheme) if scheme.eq_ignore_ascii_case("https") => true,
            Some(_) => return Err(EndpointError::Scheme),
        };
        let is_like =
            |usual: &&Resolved| usual.is_https == is_https && usual.parts.host == self.host && usual.parts.port == self.port;
        let (host, port, authority) = match usual.filter(is_like) {
            Some(usual) => (usual.host.clone(), usual.port, usual.authority.clone()),
            None => self.address(is_https)?,
        };
        Ok(Resolved {
            is_https,
            target: self.target(),
            credentials: self.credentials(),
            parts: self,
            host,
            port,
            authority,
        })
    }

    /// Host, port, and both as a text without the scheme's default port.
    fn address(&self, is_https: bool) -> Result<(Str, u16, Str), EndpointError> {
        let host = self.checked_host()?;
        let default_port = if is_https { 443 } else { 80 };
        let port = self.port.unwrap_or(default_port);
        let authority = if port == default_port {
            host.clone()
        } else {
            Str::from(format!("{host}:{port}"))
        };
        Ok((host, port, authority))
    }

    fn credentials(&self) -> Option<(Str, Str)> {
        let username = self.username.clone().filter(|name| !name.is_empty())?;
        Some((username, self.password.clone().unwrap_or_default()))
    }

    /// A host with a port in it is cut at the colon; the brackets of an IPv6 address stay.
    fn checked_host(&self) -> Result<Str, EndpointError> {
        let text = self
            .host
            .as_ref()
            .filter(|host| !host.is_empty())
            .ok_or(EndpointError::EmptyHost)?;
        let parsed = parse_authority(text).ok_or_else(|| EndpointError::InvalidHost(text.to_string()))?;
        Ok(if parsed.host.len() == text.len() {
            text.clone()
        } else {
            Str::new(parsed.host)
        })
    }

    fn target(&self) -> String {
        let path = self.path.as_deref().unwrap_or("");
        let query = self.query.as_deref();
        let mut target = String::with_capacity(path.len() + query.map_or(0, str::len) + 2);
        if !path.starts_with('/') && path != "*" {
            target.push('/');
        }
        target.push_str(&Cow::from(utf8_percent_encode(path, IN_PATH)));
        if let Some(query) = query {
            target.push('?');
            target.push_str(&Cow::from(utf8_percent_encode(query, IN_QUERY)));
        }
        target
    }
}

impl Resolved {
    /// The eight parts as `$response.request.endpoint` shows them; null where empty, and for the scheme's default port.
    pub(crate) fn record(&self) -> Value {
        let text = |part: &Option<Str>| part.clone().map_or(Value::Null, Value::Str);
        let parts = &self.parts;
        let default_port = if self.is_https { 443 } else { 80 };
        let [scheme, username, password, host_key, port_key, path, query, fragment] = URL_PARTS;
        let mut record = ObjectMap::with_capacity(8);
        record.insert(scheme, Str::from_static(if self.is_https { "https" } else { "http" }));
        record.insert(username, text(&parts.username));
        record.insert(password, text(&parts.password));
        record.insert(host_key, self.host.clone());
        let port = (self.port != default_port).then(|| Value::from(i64::from(self.port)));
        record.insert(port_key, port.unwrap_or(Value::Null));
        record.insert(path, parts.path.clone().map_or(Value::Str(Str::from_static("/")), Value::Str));
        record.insert(query, text(&parts.query));
        record.insert(fragment, text(&parts.fragment));
        Value::from(record)
    }
}

fn split_off(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests;
