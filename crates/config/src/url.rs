//! Artefact URLs: the name of a kind, artefact, instance or port (spec/runtime.md 2.6).
//!
//! Segments are held in their encoded form, which is also what is compared and printed. Texts without a leading slash and
//! with fewer than four segments have no kind; they can be parsed and shown, and name nothing that is ever found.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use temblor_value::Str;
use thiserror::Error;

/// The host of everything that runs in this process.
const LOCAL_HOST: Str = Str::from_static("localhost");

/// What is encoded inside a path segment, besides non-ASCII.
const SEGMENT: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');

/// The four kinds of artefacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArtefactKind {
    /// A source.
    Onramp,
    /// A sink.
    Offramp,
    /// A compiled query.
    Pipeline,
    /// A set of links.
    Binding,
}

impl ArtefactKind {
    /// The kind as it is written in URLs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Onramp => "onramp",
            Self::Offramp => "offramp",
            Self::Pipeline => "pipeline",
            Self::Binding => "binding",
        }
    }
}

impl fmt::Display for ArtefactKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ArtefactKind {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        match text {
            "onramp" => Ok(Self::Onramp),
            "offramp" => Ok(Self::Offramp),
            "pipeline" => Ok(Self::Pipeline),
            "binding" => Ok(Self::Binding),
            other => Err(UrlError::Kind(other.to_owned())),
        }
    }
}

/// A text that is no artefact URL.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UrlError {
    /// The shape is wrong; the text as written.
    #[error("Bad URL: {0}")]
    Shape(String),
    /// The first segment is none of the four kinds; the segment.
    #[error("Bad Resource type: {0}")]
    Kind(String),
    /// A name that cannot be one segment of a URL; the name.
    #[error("Bad URL: `{0}` cannot name an artefact, instance or port: names are not empty and have no `/`, `?` or `#`")]
    Name(String),
}

/// A parsed artefact URL. Equality and hash are on host and encoded segments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArtefactUrl {
    host: Str,
    kind: Option<ArtefactKind>,
    artefact: Option<Str>,
    instance: Option<Str>,
    port: Option<Str>,
}

impl ArtefactUrl {
    /// Reads any of the written forms.
    ///
    /// # Errors
    /// [`UrlError::Shape`] for no or more than four segments or an empty one, [`UrlError::Kind`] for an unknown kind.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        // as URL parsers do: blanks around, tabs and line breaks inside do not count
        let cleaned: String = text
            .trim_matches(|c: char| c <= ' ')
            .chars()
            .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
            .collect();
        let bad = || UrlError::Shape(text.to_owned());
        let (host, path, is_absolute) = split_host(&cleaned).ok_or_else(bad)?;
        let segments = segments(path).ok_or_else(bad)?;
        let url = |kind: Option<&Str>, rest: [Option<&Str>; 3]| {
            let [artefact, instance, port] = rest.map(Option::<&Str>::cloned);
            Ok(Self {
                host: host.clone(),
                kind: kind.map(|kind| kind.parse()).transpose()?,
                artefact,
                instance,
                port,
            })
        };
        match (is_absolute, segments.as_slice()) {
            (true, [kind]) => url(Some(kind), [None, None, None]),
            (true, [kind, artefact]) => url(Some(kind), [Some(artefact), None, None]),
            (true, [kind, artefact, instance]) => url(Some(kind), [Some(artefact), Some(instance), None]),
            (_, [kind, artefact, instance, port]) => url(Some(kind), [Some(artefact), Some(instance), Some(port)]),
            (false, [port]) => url(None, [None, None, Some(port)]),
            (false, [instance, port]) => url(None, [None, Some(instance), Some(port)]),
            (false, [artefact, instance, port]) => url(None, [Some(artefact), Some(instance), Some(port)]),
            _ => Err(bad()),
        }
    }

    /// The URL of the artefact with this id, which is given unencoded.
    ///
    /// # Errors
    /// [`UrlError::Name`] for an id that no URL can spell.
    pub fn of_artefact(kind: ArtefactKind, id: &str) -> Result<Self, UrlError> {
        Ok(Self {
            host: LOCAL_HOST,
            kind: Some(kind),
            artefact: Some(encode_name(id)?),
            instance: None,
            port: None,
        })
    }

    /// This artefact's instance of the given unencoded name, without a port.
    ///
    /// # Errors
    /// [`UrlError::Name`] for a name that no URL can spell.
    pub fn with_instance(&self, name: &str) -> Result<Self, UrlError> {
        Ok(self.with_raw_instance(encode_name(name)?).without_port())
    }

    /// The same instance with another port.
    ///
    /// # Errors
    /// [`UrlError::Name`] for a name that no URL can spell.
    pub fn with_port(&self, name: &str) -> Result<Self, UrlError> {
        Ok(Self {
            port: Some(encode_name(name)?),
            ..self.clone()
        })
    }

    /// The same URL without its port.
    #[must_use]
    pub fn without_port(&self) -> Self {
        Self {
            port: None,
            ..self.clone()
        }
    }

    /// The artefact alone: neither instance nor port. This is the key of the repository.
    #[must_use]
    pub fn without_instance(&self) -> Self {
        Self {
            instance: None,
            port: None,
            ..self.clone()
        }
    }

    /// The same URL with an instance text put in as it is.
    pub(crate) fn with_raw_instance(&self, instance: Str) -> Self {
        Self {
            instance: Some(instance),
            ..self.clone()
        }
    }

    /// Every part as it is, for an address that is known to be complete.
    pub(crate) fn from_parts(host: Str, kind: ArtefactKind, artefact: Str, instance: Str, port: Option<Str>) -> Self {
        Self {
            host,
            kind: Some(kind),
            artefact: Some(artefact),
            instance: Some(instance),
            port,
        }
    }

    /// The host; `localhost` where none is written.
    pub fn host(&self) -> &Str {
        &self.host
    }

    /// The kind; absent in relative URLs of up to three segments.
    pub fn kind(&self) -> Option<ArtefactKind> {
        self.kind
    }

    /// The artefact id, encoded.
    pub fn artefact(&self) -> Option<&Str> {
        self.artefact.as_ref()
    }

    /// The instance name, encoded.
    pub fn instance(&self) -> Option<&Str> {
        self.instance.as_ref()
    }

    /// The port name, encoded.
    pub fn port(&self) -> Option<&Str> {
        self.port.as_ref()
    }

    /// Whether both name the same instance: everything but the port is equal.
    pub fn instance_eq(&self, other: &Self) -> bool {
        self.host == other.host && self.kind == other.kind && self.artefact == other.artefact && self.instance == other.instance
    }
}

impl FromStr for ArtefactUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        Self::parse(text)
    }
}

impl fmt::Display for ArtefactUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.map(ArtefactKind::as_str);
        let rest = [&self.artefact, &self.instance, &self.port];
        let parts = kind.into_iter().chain(rest.into_iter().flatten().map(Str::as_str));
        if kind.is_some() {
            write!(f, "tremor://{}/", self.host)?;
        }
        for (position, part) in parts.enumerate() {
            if position > 0 {
                f.write_str("/")?;
            }
            f.write_str(part)?;
        }
        Ok(())
    }
}

/// Host, path without its leading slash, and whether the URL is absolute. `None` if the part before the path is malformed.
fn split_host(text: &str) -> Option<(Str, &str, bool)> {
    if let Some(path) = text.strip_prefix('/') {
        return Some((LOCAL_HOST, path, true));
    }
    let Some(rest) = strip_scheme(text) else {
        return Some((LOCAL_HOST, text, false));
    };
    let Some(rest) = rest.strip_prefix("//") else {
        return Some((LOCAL_HOST, rest.strip_prefix('/')?, true));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    Some((host_of(authority)?, path.strip_prefix('/').unwrap_or(""), true))
}

/// What follows `scheme:`, if the text begins with one.
fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some(rest)
}

/// The host of `user@host:port`.
fn host_of(authority: &str) -> Option<Str> {
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = if host_and_port.starts_with('[') {
        let end = host_and_port.find(']')? + 1;
        let (host, port) = host_and_port.split_at(end);
        (host, if port.is_empty() { "" } else { port.strip_prefix(':')? })
    } else {
        host_and_port.split_once(':').unwrap_or((host_and_port, ""))
    };
    if !port.is_empty() && port.parse::<u16>().is_err() {
        return None;
    }
    if !host.starts_with('[') && host.contains([' ', ':', '<', '>', '[', '\\', ']', '^', '|', '%']) {
        return None;
    }
    Some(if host.is_empty() { LOCAL_HOST } else { encode(host) })
}

/// The encoded segments with `.` and `..` resolved; `None` if one is empty.
fn segments(path: &str) -> Option<Vec<Str>> {
    let end = path.find(['?', '#']).unwrap_or(path.len());
    let mut segments = Vec::new();
    let mut written = path[..end].split('/').peekable();
    while let Some(segment) = written.next() {
        let is_last = written.peek().is_none();
        match dots(segment) {
            // a final dot segment leaves a path that ends in a slash, so an empty segment
            1 | 2 if is_last => return None,
            1 => {}
            2 => {
                segments.pop();
            }
            _ if segment.is_empty() => return None,
            _ => segments.push(encode(segment)),
        }
    }
    Some(segments)
}

/// 1 for `.`, 2 for `..`, in either written form; 0 for any other segment.
fn dots(segment: &str) -> usize {
    if segment.len() > 6 {
        return 0;
    }
    match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
        "." => 1,
        ".." => 2,
        _ => 0,
    }
}

fn encode(segment: &str) -> Str {
    Str::from(utf8_percent_encode(segment, SEGMENT).to_string())
}

/// The encoded form of a name that must fit into one segment.
fn encode_name(name: &str) -> Result<Str, UrlError> {
    if name.is_empty() || dots(name) > 0 || name.contains(['/', '?', '#', '\t', '\n', '\r']) {
        return Err(UrlError::Name(name.to_owned()));
    }
    Ok(encode(name))
}
