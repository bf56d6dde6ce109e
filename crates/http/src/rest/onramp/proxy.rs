//! Setting `proxy` of an onramp: what it does to the fields that tell of a request's way (spec/proxy.md 2.5).
//!
//! Without the record nothing is added or removed. Everything happens on the head as it was received, before there is an event.

use std::borrow::Cow;

use temblor_runtime::config::{Addresses, ConfigError, ConfigReader};
use temblor_value::Str;

use super::forwarded;
use super::hops::{self, Hops};
use crate::connection::ConnectionInfo;
use crate::message::class::{is_token, is_token_byte};
use crate::message::{Name, RequestHead, Status, Version};

const DEFAULT_MAX_HOPS: usize = 5;
const DEFAULT_STRIP: &str = "x-real-ip";

/// The record as it is written.
pub(super) struct ProxySettings {
    name: Option<Str>,
    via: bool,
    max_hops: usize,
    x_forwarded: bool,
    forwarded: bool,
    trusted: Addresses,
    /// Names in lower case.
    strip: Vec<String>,
    max_forwards: bool,
}

impl ProxySettings {
    /// Reads the record.
    pub(super) fn read(mut reader: ConfigReader<'_>) -> Result<Self, ConfigError> {
        let name: Option<Str> = reader.optional("name")?;
        if name
            .as_deref()
            .is_some_and(|name| name.is_empty() || !name.bytes().all(is_name_byte))
        {
            return Err(reader.error("name", "`name` is letters, digits and `-._:`, without blanks"));
        }
        let max_hops = reader.or("max_hops", DEFAULT_MAX_HOPS)?;
        if max_hops == 0 {
            return Err(reader.error("max_hops", "`max_hops` is at least 1"));
        }
        let strip: Vec<Str> = reader.or("strip", vec![Str::from_static(DEFAULT_STRIP)])?;
        if let Some(name) = strip.iter().find(|name| !is_token(name.as_bytes())) {
            return Err(reader.error("strip", format!("`{name}` is not the name of a header")));
        }
        let settings = Self {
            name,
            via: reader.or("via", true)?,
            max_hops,
            x_forwarded: reader.or("x_forwarded", true)?,
            forwarded: reader.or("forwarded", false)?,
            trusted: reader.or("trusted", Addresses::default())?,
            strip: strip.iter().map(|name| name.to_ascii_lowercase()).collect(),
            max_forwards: reader.or("max_forwards", true)?,
        };
        reader.finish_closed()?;
        Ok(settings)
    }
}

fn is_name_byte(byte: u8) -> bool {
    is_token_byte(byte) || byte == b':'
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passage {
    /// It goes on.
    On,
    /// It was here too often.
    Loop,
    /// It was to go no further than here; this is the answer's status.
    Last(Status),
}

/// The record in force.
pub(super) struct Proxy {
    settings: ProxySettings,
    /// Pseudonym in `Via`.
    name: String,
    /// Elements of `Via` for messages received as HTTP/1.0, HTTP/1.1 and HTTP/2.
    via: [String; 3],
    /// `by=` of `Forwarded`.
    by: String,
}

impl Proxy {
    /// Puts a record in force; the name of the machine stands in for a name that is not given.
    pub(super) fn new(settings: ProxySettings, hostname: &str) -> Self {
        let name: Cow<'_, str> = match &settings.name {
            Some(name) => Cow::Borrowed(name.as_str()),
            None => Cow::Owned(replaced(hostname, is_name_byte)),
        };
        Self {
            via: ["1.0", "1.1", "2"].map(|version| format!("{version} {name}")),
            by: format!(
                "_{}",
                replaced(&name, |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
            ),
            name: name.into_owned(),
            settings,
        }
    }

    /// Peers whose own statements are believed.
    pub(super) fn trusted(&self) -> &Addresses {
        &self.settings.trusted
    }

    /// The element that a message gets appended to its `Via`, if it gets one.
    pub(super) fn via(&self, version: Version) -> Option<&str> {
        let [http10, http11, http2] = &self.via;
        let element = match version {
            Version::Http10 => http10,
            Version::Http11 => http11,
            Version::Http2 => http2,
        };
        self.settings.via.then_some(element)
    }

    /// Changes the head of a request on its way through.
    pub(super) fn pass(&self, head: &mut RequestHead, connection: &ConnectionInfo) -> Passage {
        let settings = &self.settings;
        let mut added = Vec::new();
        if settings.max_forwards {
            match hops::left(head) {
                Hops::Any => {}
                Hops::None => return Passage::Last(hops::last_status(&head.method)),
                Hops::Some(left) => {
                    head.headers.remove(Name::MaxForwards);
                    added.push((Name::MaxForwards, left.to_string().into_bytes()));
                }
            }
        }
        if let Some(element) = self.via(head.version) {
            if hops::visits(&head.headers, &self.name) >= settings.max_hops {
                return Passage::Loop;
            }
            added.push((Name::Via, forwarded::continued(&head.headers, Name::Via, element)));
            head.headers.remove(Name::Via);
        }
        if !settings.trusted.contains(connection.peer.ip()) {
            let is_stripped = |name: &str| settings.strip.iter().any(|stripped| stripped == name);
            head.headers
                .retain(|field| !forwarded::is_statement(field) && !is_stripped(field.name()));
        }
        if settings.x_forwarded {
            forwarded::add_x_forwarded(&mut head.headers, connection, &mut added);
        }
        if settings.forwarded {
            forwarded::add_forwarded(&mut head.headers, connection, &self.by, &mut added);
        }
        head.headers.append(&added);
        Passage::On
    }
}

/// The text with `-` for every byte that is not allowed.
fn replaced(text: &str, is_allowed: impl Fn(u8) -> bool) -> String {
    let allowed = |byte| if is_allowed(byte) { char::from(byte) } else { '-' };
    text.bytes().map(allowed).collect()
}

#[cfg(test)]
mod tests;
