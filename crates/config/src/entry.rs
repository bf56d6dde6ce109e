//! The entries of a document: onramps, offramps, bindings and mappings (spec/runtime.md 2.3, spec/artefacts.md 1.1).
//!
//! Only the shape is checked here. Types, codecs, processors and what is inside `config` are the business of whoever makes an
//! instance.

use std::sync::Arc;

use temblor_value::{Str, Value};

use crate::body::Read;
use crate::error::{ConfigError, Place};
use crate::fields::{Cursor, Record, keep_last, url};
use crate::link::{Link, LinkError, RefusedLink};
use crate::path::KeyPath;
use crate::placeholder::{PlaceholderError, PlaceholderValues};
use crate::url::{ArtefactKind, ArtefactUrl, UrlError};
use crate::yaml::{self, Node};

const ONRAMP_KEYS: [&str; 11] = [
    "id",
    "type",
    "description",
    "linked",
    "err_required",
    "codec",
    "codec_map",
    "preprocessors",
    "postprocessors",
    "metrics_interval_s",
    "config",
];
const OFFRAMP_KEYS: [&str; 10] = [
    "id",
    "type",
    "description",
    "linked",
    "codec",
    "codec_map",
    "preprocessors",
    "postprocessors",
    "metrics_interval_s",
    "config",
];
const BINDING_KEYS: [&str; 3] = ["id", "description", "links"];

/// What onramps and offramps have in common.
#[derive(Clone, Debug)]
pub struct RampEntry {
    /// Artefact id, as written; one segment of a URL.
    pub id: Str,
    /// Connector type, not looked up yet.
    pub type_: Str,
    /// Free text, empty by default.
    pub description: Str,
    /// Whether the reverse direction is in use.
    pub linked: bool,
    /// Codec name; absent: the connector's default.
    pub codec: Option<Str>,
    /// MIME type and codec name, added over the built-in table.
    pub codec_map: Option<Vec<(Str, Str)>>,
    /// Names of preprocessors in order.
    pub preprocessors: Option<Vec<Str>>,
    /// Names of postprocessors in order.
    pub postprocessors: Option<Vec<Str>>,
    /// Seconds between metrics; absent: none.
    pub metrics_interval_s: Option<u64>,
    /// The connector's own record; null counts as absent.
    pub config: Option<Value>,
    source: Option<ConfigSource>,
}

/// The text that `config` was read from.
#[derive(Clone, Debug)]
struct ConfigSource {
    node: Node,
    file: Arc<str>,
}

/// An element of the list `onramp`.
#[derive(Clone, Debug)]
pub struct OnrampEntry {
    /// The common part.
    pub ramp: RampEntry,
    /// Whether reading starts only when the port `err` is connected too.
    pub err_required: bool,
}

/// An element of the list `offramp`.
#[derive(Clone, Debug)]
pub struct OfframpEntry {
    /// The common part.
    pub ramp: RampEntry,
}

/// An element of the list `binding`.
#[derive(Clone, Debug)]
pub struct BindingEntry {
    /// Artefact id, as written; one segment of a URL.
    pub id: Str,
    /// Free text, empty by default.
    pub description: Str,
    /// The links in document order; no two have the same from side.
    pub links: Vec<LinkEntry>,
}

/// One key of `links` with its list.
#[derive(Clone, Debug)]
pub struct LinkEntry {
    /// Where events come from, placeholders included.
    pub from: ArtefactUrl,
    /// Where they go, in list order.
    pub to: Vec<ArtefactUrl>,
    /// Where the key is written, if in a file.
    pub place: Option<Place>,
}

/// One key of `mapping`: the request to deploy a binding.
#[derive(Clone, Debug)]
pub struct MappingEntry {
    /// The binding instance: kind binding, artefact and instance are present, a port is dropped.
    pub url: ArtefactUrl,
    /// What replaces the placeholders.
    pub values: PlaceholderValues,
    /// Where the key is written, if in a file.
    pub place: Option<Place>,
}

impl Read for OnrampEntry {
    fn read(cursor: &Cursor<'_>) -> Result<Self, ConfigError> {
        let record = cursor.record(&ONRAMP_KEYS, explain_ramp_key)?;
        Ok(Self {
            ramp: RampEntry::read(&record, ArtefactKind::Onramp)?,
            err_required: read_flag(&record, "err_required")?,
        })
    }
}

impl Read for OfframpEntry {
    fn read(cursor: &Cursor<'_>) -> Result<Self, ConfigError> {
        let record = cursor.record(&OFFRAMP_KEYS, explain_ramp_key)?;
        Ok(Self {
            ramp: RampEntry::read(&record, ArtefactKind::Offramp)?,
        })
    }
}

impl Read for BindingEntry {
    fn read(cursor: &Cursor<'_>) -> Result<Self, ConfigError> {
        let record = cursor.record(&BINDING_KEYS, explain_merge_key)?;
        let links = record
            .require("links")?
            .mapping()?
            .iter()
            .map(|pair| {
                Ok(LinkEntry {
                    from: pair.url()?,
                    to: pair.value.list_of(url)?,
                    place: pair.place(),
                })
            })
            .collect::<Result<_, ConfigError>>()?;
        Ok(Self {
            id: read_id(&record, ArtefactKind::Binding)?,
            description: read_description(&record)?,
            links: keep_last(links, |link| link.from.clone()),
        })
    }
}

impl PlaceholderValues {
    /// Reads the YAML text of a mapping from names to values.
    ///
    /// # Errors
    /// Wrong syntax, or a value that is no instance name.
    pub fn parse(text: &[u8]) -> Result<Self, ConfigError> {
        let file = Arc::from("body");
        let node = yaml::parse(&file, text)?;
        Self::read(&Cursor::top(&node, Some(&file)))
    }
}

impl Read for PlaceholderValues {
    fn read(cursor: &Cursor<'_>) -> Result<Self, ConfigError> {
        let mut values = Self::default();
        for pair in cursor.mapping()? {
            let value = pair.value.text()?;
            values
                .insert(pair.text().clone(), value)
                .map_err(|error| pair.value.error(error.to_string()))?;
        }
        Ok(values)
    }
}

impl RampEntry {
    fn read(record: &Record<'_>, kind: ArtefactKind) -> Result<Self, ConfigError> {
        let names = |key| record.get_nullable(key).map(|field| field.list_of(Cursor::text)).transpose();
        let config = record.get_nullable("config");
        Ok(Self {
            id: read_id(record, kind)?,
            type_: record.require("type")?.text()?,
            description: read_description(record)?,
            linked: read_flag(record, "linked")?,
            codec: record.get_nullable("codec").map(|field| field.text()).transpose()?,
            codec_map: record.get_nullable("codec_map").as_ref().map(read_codec_map).transpose()?,
            preprocessors: names("preprocessors")?,
            postprocessors: names("postprocessors")?,
            metrics_interval_s: record
                .get_nullable("metrics_interval_s")
                .map(|field| field.unsigned())
                .transpose()?,
            source: config.as_ref().and_then(|field| {
                Some(ConfigSource {
                    node: field.node().clone(),
                    file: Arc::clone(field.file()?),
                })
            }),
            config: config.map(|field| field.node().to_value()),
        })
    }

    /// Where in the file the value is written that `path`, counted from `config`, leads to.
    pub fn place_of(&self, path: &KeyPath) -> Option<Place> {
        let source = self.source.as_ref()?;
        Some(Place {
            file: Arc::clone(&source.file),
            position: source.node.locate(path.steps()),
        })
    }

    /// An error about `config` with its place in the file, where that is known.
    #[must_use]
    pub fn locate(&self, error: ConfigError) -> ConfigError {
        match self.place_of(error.path()) {
            Some(place) => error.at(place),
            None => error,
        }
    }
}

impl OnrampEntry {
    /// The URL of the artefact.
    ///
    /// # Errors
    /// None for an entry that was read; an id set by hand may be unfit.
    pub fn url(&self) -> Result<ArtefactUrl, UrlError> {
        ArtefactUrl::of_artefact(ArtefactKind::Onramp, &self.ramp.id)
    }
}

impl OfframpEntry {
    /// The URL of the artefact.
    ///
    /// # Errors
    /// None for an entry that was read; an id set by hand may be unfit.
    pub fn url(&self) -> Result<ArtefactUrl, UrlError> {
        ArtefactUrl::of_artefact(ArtefactKind::Offramp, &self.ramp.id)
    }
}

impl BindingEntry {
    /// The URL of the artefact.
    ///
    /// # Errors
    /// None for an entry that was read; an id set by hand may be unfit.
    pub fn url(&self) -> Result<ArtefactUrl, UrlError> {
        ArtefactUrl::of_artefact(ArtefactKind::Binding, &self.id)
    }

    /// The binding with all placeholders replaced.
    ///
    /// # Errors
    /// [`PlaceholderError::Missing`] for a placeholder without a value.
    pub fn substitute(&self, values: &PlaceholderValues) -> Result<Self, PlaceholderError> {
        let links = self.links.iter().map(|link| {
            Ok(LinkEntry {
                from: values.substitute(&link.from)?,
                to: link.to.iter().map(|to| values.substitute(to)).collect::<Result<_, _>>()?,
                place: link.place.clone(),
            })
        });
        Ok(Self {
            id: self.id.clone(),
            description: self.description.clone(),
            links: links.collect::<Result<_, PlaceholderError>>()?,
        })
    }

    /// The single links of a deployment, checked, in the order of their stages and inside a stage in document order.
    ///
    /// # Errors
    /// The first link that is refused, with the place of its key if that is known.
    pub fn deployment_links(&self, values: &PlaceholderValues) -> Result<Vec<Link>, RefusedLink> {
        let mut links = Vec::new();
        for entry in &self.links {
            let refuse = |error: LinkError| RefusedLink {
                error,
                place: entry.place.clone(),
            };
            let from = values.substitute(&entry.from).map_err(|error| refuse(error.into()))?;
            for to in &entry.to {
                let to = values.substitute(to).map_err(|error| refuse(error.into()))?;
                links.push(Link::between(&from, &to).map_err(refuse)?);
            }
        }
        links.sort_by_key(Link::stage);
        Ok(links)
    }
}

/// The entries of the mapping `mapping`, in document order.
pub(crate) fn read_mappings(cursor: &Cursor<'_>) -> Result<Vec<MappingEntry>, ConfigError> {
    let entries = cursor.mapping()?.into_iter().map(|pair| {
        let url = pair.url()?;
        if url.kind() != Some(ArtefactKind::Binding) || url.artefact().is_none() {
            let error = pair.error(format!("URL {url} does not contain a binding artifact id"));
            return Err(error.with_hint("write /binding/ID/INSTANCE"));
        }
        if url.instance().is_none() {
            let error = pair.error(format!("URL does not contain a binding servant id: {url}"));
            return Err(error.with_hint("write /binding/ID/INSTANCE"));
        }
        Ok(MappingEntry {
            url: url.without_port(),
            values: PlaceholderValues::read(&pair.value)?,
            place: pair.place(),
        })
    });
    let entries = entries.collect::<Result<Vec<_>, ConfigError>>()?;
    Ok(keep_last(entries, |entry| entry.url.clone()))
}

fn read_id(record: &Record<'_>, kind: ArtefactKind) -> Result<Str, ConfigError> {
    let field = record.require("id")?;
    let id = field.text()?;
    ArtefactUrl::of_artefact(kind, &id).map_err(|error| field.error(error.to_string()))?;
    Ok(id)
}

fn read_description(record: &Record<'_>) -> Result<Str, ConfigError> {
    record
        .get("description")
        .map_or_else(|| Ok(Str::from_static("")), |field| field.text())
}

fn read_flag(record: &Record<'_>, key: &str) -> Result<bool, ConfigError> {
    record.get(key).map_or(Ok(false), |field| field.boolean())
}

fn read_codec_map(cursor: &Cursor<'_>) -> Result<Vec<(Str, Str)>, ConfigError> {
    let entries = cursor
        .mapping()?
        .into_iter()
        .map(|pair| Ok((pair.text().clone(), pair.value.text()?)));
    Ok(keep_last(entries.collect::<Result<_, ConfigError>>()?, |(mime, _)| {
        mime.clone()
    }))
}

/// How to mend an unknown key of a ramp.
fn explain_ramp_key(key: &str) -> Option<String> {
    match key {
        "err_required" => Some("an offramp has no such setting; it belongs to onramps".to_owned()),
        "host" | "port" | "endpoint" | "url" | "file" => {
            Some(format!("settings of the connector go below `config:`, so does `{key}`"))
        }
        _ => explain_merge_key(key),
    }
}

fn explain_merge_key(key: &str) -> Option<String> {
    (key == "<<").then(|| "merge keys are not expanded; repeat the settings or use an alias for a whole value".to_owned())
}
