//! What onramps and offramps have in common, with all names looked up (spec/artefacts.md 1.1 and 1.2).

use std::sync::Arc;

use temblor_codec::{Codec, CodecMap, MimeTable, PostChain, PostFactory, PreChain, PreFactory, codec};
use temblor_config::{ArtefactUrl, ConfigReader, RampEntry};
use temblor_value::{Str, Value};

use crate::source::StartError;

/// What an instance is called in metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RampName {
    /// The artefact's id.
    pub id: Str,
    /// The instance.
    pub instance: Str,
}

/// An artefact that is about to become an instance.
pub struct Ramp {
    /// Id and instance.
    pub name: RampName,
    /// The instance's own name, with the port of the link that made it.
    pub url: String,
    /// The reverse direction is in use.
    pub is_linked: bool,
    /// Codec.
    pub codec: Arc<dyn Codec>,
    /// Codecs by content type.
    pub codec_map: CodecMap,
    /// Preprocessors in order.
    pub preprocessors: Vec<PreFactory>,
    /// Postprocessors in order.
    pub postprocessors: Vec<PostFactory>,
    entry: RampEntry,
}

impl Ramp {
    /// Looks up codecs and processors; of content types, `table` knows the usual ones.
    pub fn resolve(entry: &RampEntry, url: &ArtefactUrl, default_codec: &str, table: MimeTable) -> Result<Self, StartError> {
        let unknown = |error: temblor_codec::UnknownName| StartError(error.to_string());
        let pairs = entry
            .codec_map
            .iter()
            .flatten()
            .map(|(mime, name)| (mime.as_str(), name.as_str()));
        let names = |list: &Option<Vec<Str>>| list.clone().unwrap_or_default();
        Ok(Self {
            name: RampName {
                id: entry.id.clone(),
                instance: url.instance().cloned().unwrap_or_default(),
            },
            url: url.to_string(),
            is_linked: entry.linked,
            codec: find_codec(entry.codec.as_deref().unwrap_or(default_codec))?,
            codec_map: CodecMap::new(table, pairs).map_err(unknown)?,
            preprocessors: PreChain::factories(&names(&entry.preprocessors)).map_err(unknown)?,
            postprocessors: PostChain::factories(&names(&entry.postprocessors)).map_err(unknown)?,
            entry: entry.clone(),
        })
    }

    /// Reads `config` with `read`, which gets the record; errors are placed in the file they come from.
    pub fn config<T>(
        &self,
        read: impl FnOnce(ConfigReader<'_>) -> Result<T, temblor_config::ConfigError>,
    ) -> Result<T, StartError> {
        ConfigReader::new(self.entry.config.as_ref())
            .and_then(read)
            .map_err(|error| StartError(self.entry.locate(error).to_string()))
    }

    /// Like [`Ramp::config`], of a type that needs no `config`: absence reads as the empty record.
    pub fn optional_config<T>(
        &self,
        read: impl FnOnce(ConfigReader<'_>) -> Result<T, temblor_config::ConfigError>,
    ) -> Result<T, StartError> {
        let empty = Value::object();
        ConfigReader::new(Some(self.entry.config.as_ref().unwrap_or(&empty)))
            .and_then(read)
            .map_err(|error| StartError(self.entry.locate(error).to_string()))
    }

    /// The artefact's id.
    pub fn id(&self) -> &Str {
        &self.entry.id
    }

    /// The name of the connector type.
    pub fn type_name(&self) -> &Str {
        &self.entry.type_
    }
}

fn find_codec(name: &str) -> Result<Arc<dyn Codec>, StartError> {
    codec(name).ok_or_else(|| StartError(format!("Codec '{name}' not found.")))
}
