//! Heads as metadata and back (spec/artefacts.md 3.3, 4.8; spec/proxy.md 2.1).

use temblor_value::{ObjectMap, Str, Value};

use super::headers;
use crate::message::{Authority, Headers, Name, RequestHead, TargetForm, ascii, host_of, parse_authority};

/// The media type of a message's body, of several fields the last one's.
pub(crate) fn content_type(headers: &Headers) -> Option<&[u8]> {
    headers.get_all(Name::ContentType).next_back()
}

/// Keys of metadata records. Constants, so that no key is built at run time.
pub mod key {
    use temblor_value::Str;

    /// `request`
    pub const REQUEST: Str = Str::from_static("request");
    /// `response`
    pub const RESPONSE: Str = Str::from_static("response");
    /// `method`
    pub const METHOD: Str = Str::from_static("method");
    /// `headers`
    pub const HEADERS: Str = Str::from_static("headers");
    /// `url`
    pub const URL: Str = Str::from_static("url");
    /// `status`
    pub const STATUS: Str = Str::from_static("status");
    /// `endpoint`
    pub const ENDPOINT: Str = Str::from_static("endpoint");
    /// `correlation`
    pub const CORRELATION: Str = Str::from_static("correlation");
    /// `error`
    pub const ERROR: Str = Str::from_static("error");
    /// `event_id`
    pub const EVENT_ID: Str = Str::from_static("event_id");
    /// `reason`
    pub const REASON: Str = Str::from_static("reason");
    /// `client`
    pub const CLIENT: Str = Str::from_static("client");
    /// `upstream`
    pub const UPSTREAM: Str = Str::from_static("upstream");
    /// `host`
    pub const HOST: Str = Str::from_static("host");
    /// `source_id`
    pub const SOURCE_ID: Str = Str::from_static("source_id");
    /// Parts of a URL, in the order in which records show them.
    pub const URL_PARTS: [Str; 8] = [
        Str::from_static("scheme"),
        Str::from_static("username"),
        Str::from_static("password"),
        Str::from_static("host"),
        Str::from_static("port"),
        Str::from_static("path"),
        Str::from_static("query"),
        Str::from_static("fragment"),
    ];
}

/// Position of a part in [`key::URL_PARTS`].
#[derive(Clone, Copy)]
enum Part {
    Scheme = 0,
    Username = 1,
    Password = 2,
    Host = 3,
    Port = 4,
    Path = 5,
    Query = 6,
}

fn put(record: &mut ObjectMap, part: Part, value: impl Into<Value>) {
    record.append(key::URL_PARTS[part as usize].clone(), value);
}

/// Metadata of a request: `{"request": {"method", "headers", "url"}}`. `is_secure`: it came over TLS.
pub fn request(head: RequestHead, is_secure: bool) -> Value {
    let mut request = ObjectMap::with_capacity(3);
    let url = url(&head, is_secure);
    request.append(key::METHOD, Str::new(head.method.as_str()));
    request.append(key::HEADERS, headers::record(head.headers));
    request.append(key::URL, url);
    let mut meta = ObjectMap::with_capacity(4);
    meta.append(key::REQUEST, Value::from(request));
    Value::from(meta)
}

/// The host that a request is for, without its port: that of an absolute target, else the `Host` field.
pub fn host(head: &RequestHead) -> Option<&str> {
    let of_field = || head.headers.get(Name::Host).map(|field| host_of(ascii(field)));
    let of_target = head.target.authority().map(|authority| authority.host);
    of_target.or_else(of_field).filter(|host| !host.is_empty())
}

fn authority(head: &RequestHead) -> Option<Authority<'_>> {
    let field = || {
        std::str::from_utf8(head.headers.get(Name::Host)?)
            .ok()
            .and_then(parse_authority)
    };
    head.target.authority().or_else(field)
}

fn url(head: &RequestHead, is_secure: bool) -> Value {
    let target = &head.target;
    let mut url = ObjectMap::with_capacity(5);
    let scheme = match target.scheme() {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => "https",
        None if is_secure => "https",
        _ => "http",
    };
    put(&mut url, Part::Scheme, Str::from_static(scheme));
    if let Some(userinfo) = target.userinfo() {
        let (username, password) = userinfo
            .split_once(':')
            .map_or((userinfo, None), |(name, rest)| (name, Some(rest)));
        put(&mut url, Part::Username, Str::new(username));
        if let Some(password) = password {
            put(&mut url, Part::Password, Str::new(password));
        }
    }
    if let Some(authority) = authority(head) {
        put(&mut url, Part::Host, Str::new(authority.host));
        let default = if scheme == "https" { 443 } else { 80 };
        if let Some(port) = authority.port.filter(|port| *port != default) {
            put(&mut url, Part::Port, i64::from(port));
        }
    }
    let path = match target.form() {
        TargetForm::Asterisk => Str::from_static("*"),
        TargetForm::Origin | TargetForm::Absolute => resolve_dots(target.path()),
    };
    put(&mut url, Part::Path, path);
    if let Some(query) = target.query() {
        put(&mut url, Part::Query, Str::new(query));
    }
    Value::from(url)
}

/// Resolves `.` and `..` segments (RFC 3986 5.2.4, also in their percent-encoded spellings); the text otherwise stays as received.
fn resolve_dots(path: &str) -> Str {
    // A segment of dots begins with a dot or its escape.
    let may_have_dots = path.as_bytes().windows(2).any(|pair| matches!(pair, [b'/', b'.' | b'%']));
    if !may_have_dots || !path.split('/').any(|segment| dots(segment) > 0) {
        return Str::new(path);
    }
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_open = false;
    for segment in path.split('/').skip(1) {
        ends_open = dots(segment) > 0;
        match dots(segment) {
            1 => {}
            2 => {
                kept.pop();
            }
            _ => kept.push(segment),
        }
    }
    let mut resolved = String::with_capacity(path.len());
    for segment in &kept {
        resolved.push('/');
        resolved.push_str(segment);
    }
    if ends_open || resolved.is_empty() {
        resolved.push('/');
    }
    Str::from(resolved)
}

/// 1 for `.`, 2 for `..`, 0 for any other segment.
fn dots(segment: &str) -> usize {
    let plain = |text: &str| text == "." || text.eq_ignore_ascii_case("%2e");
    if plain(segment) {
        return 1;
    }
    let second = |first_len: usize| segment.get(first_len..).is_some_and(plain);
    let starts = segment.starts_with('.') && second(1);
    let starts_encoded = segment.get(..3).is_some_and(plain) && second(3);
    if starts || starts_encoded { 2 } else { 0 }
}

/// Host of the origin URI of a request's events (spec/artefacts.md 3.4).
pub fn origin_host(head: &RequestHead) -> Str {
    let text = |name| head.headers.get(name).and_then(|value| std::str::from_utf8(value).ok());
    let forwarded = text(Name::Forwarded).and_then(|value| {
        let pairs = value.split([',', ';']).map(str::trim);
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case("host"))
            .map(|(_, host)| host.trim_matches('"'))
    });
    let x_forwarded = || {
        text(Name::XForwardedHost)
            .and_then(|value| value.split(',').next())
            .map(str::trim)
    };
    if let Some(host) = forwarded.or_else(x_forwarded) {
        return Str::new(host);
    }
    let own = head.headers.get(Name::Host).and_then(Str::from_utf8);
    own.or_else(|| head.target.authority().map(|authority| Str::new(authority.host)))
        .unwrap_or(Str::from_static("tremor-rest-client-host.remote"))
}

#[cfg(test)]
mod tests;
