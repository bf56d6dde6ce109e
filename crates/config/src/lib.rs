//! Deployment documents: model, artefact URLs, bindings, mappings, validation (spec/runtime.md 2).
//!
//! Texts come in as bytes and leave as typed entries or as a [`ConfigError`] that names file, line, column, key and mend.
//! Nothing here opens files, knows a connector or starts anything. What a connector's `config` means is the connector's
//! business; [`ConfigReader`] gives it the rules that all of them share.

mod access_log;
mod body;
mod boot;
mod dialect;
mod document;
mod entry;
mod error;
mod fields;
mod link;
mod path;
mod placeholder;
mod reader;
mod render;
mod settings;
mod system;
mod url;
mod yaml;

pub use access_log::{AccessFormat, AccessLog, AccessTarget, ExchangeField, TemplatePart};
pub use body::Body;
pub use boot::{BootStep, FileKind, UnsupportedFile, boot_order, pipeline_id};
pub use dialect::{DialectKey, TwoDialects, UnknownDialect, agreed_dialect, dialect_named};
pub use document::Document;
pub use entry::{BindingEntry, LinkEntry, MappingEntry, OfframpEntry, OnrampEntry, RampEntry};
pub use error::{ConfigError, ConfigWarning, Place, Position};
pub use link::{Endpoint, Link, LinkError, LinkStage, OnrampPort, RefusedLink};
pub use path::KeyPath;
pub use placeholder::{PlaceholderError, PlaceholderValues};
pub use reader::{Addresses, ByteSize, ConfigReader, ExactText, Field, FromConfig, Pairs, Percent, Statuses, canonical_text};
pub use settings::{MetricsSettings, Ordering, ScriptLimits, Settings, agreed_settings};
pub use system::{SYSTEM_ARTEFACTS, is_system_artefact};
pub use url::{ArtefactKind, ArtefactUrl, UrlError};

#[cfg(test)]
mod tests;
