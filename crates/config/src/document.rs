//! A whole deployment document (spec/runtime.md 2.3).

use std::sync::Arc;

use crate::body::Read;
use crate::dialect::{DialectKey, dialect_named};
use crate::entry::{BindingEntry, MappingEntry, OfframpEntry, OnrampEntry, read_mappings};
use crate::error::ConfigError;
use crate::fields::Cursor;
use crate::settings::Settings;
use crate::yaml;

const KEYS: [&str; 6] = ["onramp", "offramp", "binding", "mapping", "dialect", "temblor"];

/// What one file declares, each list in document order.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// Sources.
    pub onramps: Vec<OnrampEntry>,
    /// Sinks.
    pub offramps: Vec<OfframpEntry>,
    /// Sets of links.
    pub bindings: Vec<BindingEntry>,
    /// Deployments.
    pub mappings: Vec<MappingEntry>,
    /// The key `dialect`.
    pub dialect: Option<DialectKey>,
    /// The key `temblor`.
    pub temblor: Option<Settings>,
}

impl Document {
    /// Reads the text of a file; `file` is its name for messages.
    ///
    /// # Errors
    /// No or more than one YAML document, wrong syntax, an unknown or repeated key, a value of the wrong type, a malformed URL.
    pub fn parse(file: &str, text: &[u8]) -> Result<Self, ConfigError> {
        let file = Arc::from(file);
        let node = yaml::parse(&file, text)?;
        let record = Cursor::top(&node, Some(&file)).record(&KEYS, explain_key)?;
        Ok(Self {
            onramps: record
                .get("onramp")
                .map_or_else(|| Ok(Vec::new()), |list| list.list_of(OnrampEntry::read))?,
            offramps: record
                .get("offramp")
                .map_or_else(|| Ok(Vec::new()), |list| list.list_of(OfframpEntry::read))?,
            bindings: record
                .get("binding")
                .map_or_else(|| Ok(Vec::new()), |list| list.list_of(BindingEntry::read))?,
            mappings: record.get("mapping").as_ref().map_or_else(|| Ok(Vec::new()), read_mappings)?,
            dialect: record.get("dialect").as_ref().map(read_dialect).transpose()?,
            temblor: record.get("temblor").as_ref().map(Settings::read).transpose()?,
        })
    }
}

fn read_dialect(cursor: &Cursor<'_>) -> Result<DialectKey, ConfigError> {
    let name = cursor.text()?;
    let dialect = dialect_named(&name).map_err(|error| cursor.error(error.to_string()))?;
    Ok(DialectKey {
        name,
        dialect,
        place: cursor.place(),
    })
}

/// How to mend an unknown key at top level.
fn explain_key(key: &str) -> Option<String> {
    match key {
        "pipeline" => {
            Some("pipelines are not written in YAML: put the query into a `.trickle` file and name that file too".to_owned())
        }
        "id" | "type" | "linked" | "codec" | "config" | "links" => Some(format!(
            "`{key}` belongs to an entry below `onramp:`, `offramp:` or `binding:`; check the indentation"
        )),
        _ => None,
    }
}
