//! Which codec a content type stands for (artefacts.md 1.2, formats.md 4).

use std::sync::Arc;

use crate::{UnknownName, codec::Codec, codec::codec};

const BUILT_IN: &[(&str, &str)] = &[
    ("application/json", "json"),
    ("application/yaml", "yaml"),
    ("text/plain", "string"),
    ("text/html", "string"),
    ("application/msgpack", "msgpack"),
    ("application/x-msgpack", "msgpack"),
    ("application/vnd.msgpack", "msgpack"),
    (OCTET_STREAM, "binary"),
];

const OCTET_STREAM: &str = "application/octet-stream";

/// Which built-in table there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MimeTable {
    /// That of tremor 0.11.
    #[default]
    Modern,
    /// That of tremor 0.9, in which `application/octet-stream` stands for no codec (dialects.md C1).
    V09,
}

impl MimeTable {
    fn entries<'a>(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let entries = BUILT_IN.iter().copied();
        entries.filter(move |(essence, _)| self == Self::Modern || *essence != OCTET_STREAM)
    }
}

/// Codecs by MIME essence (type and subtype, without parameters).
#[derive(Clone)]
pub struct CodecMap {
    entries: Vec<Entry>,
}

#[derive(Clone)]
struct Entry {
    essence: Box<str>,
    codec: Arc<dyn Codec>,
    /// Has no capitals; others match nothing.
    is_lower: bool,
}

impl CodecMap {
    /// A built-in table, with the pairs of essence and codec name in `entries` added; they win over the table. Fails at the first codec that does
    /// not exist.
    pub fn new<'a>(table: MimeTable, entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, UnknownName> {
        let mut map = Self {
            entries: Vec::with_capacity(BUILT_IN.len()),
        };
        for (essence, name) in table.entries().chain(entries) {
            let codec = codec(name).ok_or_else(|| UnknownName::Codec(name.to_owned()))?;
            match map.entries.iter_mut().find(|entry| *entry.essence == *essence) {
                Some(entry) => entry.codec = codec,
                None => map.entries.push(Entry {
                    essence: essence.into(),
                    codec,
                    is_lower: !essence.bytes().any(|byte| byte.is_ascii_uppercase()),
                }),
            }
        }
        Ok(map)
    }

    /// All essences with their codecs, the built-in ones first.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Arc<dyn Codec>)> {
        self.entries.iter().map(|entry| (&*entry.essence, &entry.codec))
    }

    /// The codec for the value of a `content-type` field. None if there is no such field, or none of that essence in the map: then the artefact's
    /// own codec applies. The field is taken in lower case, so an entry with capitals never matches.
    pub fn resolve(&self, content_type: Option<&str>) -> Option<&Arc<dyn Codec>> {
        self.resolve_bytes(content_type?.as_bytes())
    }

    /// The same for the value as it came.
    pub fn resolve_bytes(&self, text: &[u8]) -> Option<&Arc<dyn Codec>> {
        let entries = || self.entries.iter().filter(|entry| entry.is_lower);
        // Nearly always the type is written as it is known, and bare.
        let as_known = entries().find(|entry| entry.essence.as_bytes() == text);
        let found = as_known.or_else(|| {
            let end = text.iter().position(|&byte| byte == b';').unwrap_or(text.len());
            let essence = trim(text.get(..end).unwrap_or_default());
            entries().find(|entry| entry.essence.as_bytes().eq_ignore_ascii_case(essence))
        });
        found.map(|entry| &entry.codec)
    }
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(map: &CodecMap, content_type: &str) -> Option<&'static str> {
        map.resolve(Some(content_type)).map(|codec| codec.name())
    }

    #[test]
    fn built_in_types_are_found_by_essence() {
        let map = CodecMap::new(MimeTable::Modern, []).unwrap();
        assert_eq!(name(&map, "application/json"), Some("json"));
        assert_eq!(name(&map, "Application/JSON; charset=utf-8"), Some("json"));
        assert_eq!(name(&map, " text/html ;q=1"), Some("string"));
        assert_eq!(name(&map, "application/vnd.msgpack"), Some("msgpack"));
        assert_eq!(name(&map, "application/x-ndjson"), None);
        assert_eq!(name(&map, "json"), None);
        assert!(map.resolve(None).is_none());
    }

    #[test]
    fn own_entries_win_unless_they_have_capitals() {
        let map = CodecMap::new(
            MimeTable::Modern,
            [("application/json", "string"), ("text/CSV", "string"), ("text/x", "influx")],
        )
        .unwrap();
        assert_eq!(name(&map, "application/json"), Some("string"));
        assert_eq!(name(&map, "text/CSV"), None);
        assert_eq!(name(&map, "TEXT/X"), Some("influx"));
        assert_eq!(name(&map, "application/yaml"), Some("yaml"));
    }

    #[test]
    fn codecs_that_do_not_exist_are_named() {
        let error = CodecMap::new(MimeTable::Modern, [("text/x", "jsonx")]).err().unwrap();
        assert_eq!(error.to_string(), "Codec 'jsonx' not found.");
    }

    #[test]
    fn tremor_09_left_bytes_without_a_meaning_to_the_codec_of_the_artefact() {
        let old = CodecMap::new(MimeTable::V09, []).unwrap();
        assert_eq!(
            (name(&old, OCTET_STREAM), name(&old, "application/json")),
            (None, Some("json"))
        );
        let added = CodecMap::new(MimeTable::V09, [(OCTET_STREAM, "binary")]).unwrap();
        assert_eq!(name(&added, OCTET_STREAM), Some("binary"));
    }

    #[test]
    fn announced_types_lead_back_to_their_codec() {
        let map = CodecMap::new(MimeTable::Modern, []).unwrap();
        for codec in crate::codec_names().filter_map(codec) {
            for essence in codec.mime_types() {
                assert_eq!(name(&map, essence), Some(codec.name()));
            }
        }
    }
}
