//! Errors of loading and deploying (spec/runtime.md 2.11).

use temblor_config::{ArtefactUrl, ConfigError, RefusedLink, UrlError};

use crate::source::StartError;

/// Why something cannot be published or deployed.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The id is taken.
    #[error("The published {0} already exists.")]
    Exists(ArtefactUrl),
    /// Nothing is published under that URL.
    #[error("The artifact was not found: {0}")]
    NotFound(ArtefactUrl),
    /// The process ends.
    #[error("The process is draining")]
    Draining,
    /// Another change has something in hand that this one needs, and takes too long.
    #[error("{0}: another change opens or takes out an instance that it needs, and does not end")]
    Busy(ArtefactUrl),
    /// An onramp type that this binary does not have.
    #[error("[onramp:{url}] Onramp type {name} not known")]
    UnknownOnramp {
        /// The instance.
        url: String,
        /// The type.
        name: String,
    },
    /// An offramp type that this binary does not have.
    #[error("Offramp {0} not known")]
    UnknownOfframp(String),
    /// A connector refuses its configuration or cannot start.
    #[error("{url}: {error}")]
    Start {
        /// The instance.
        url: String,
        /// The reason.
        error: StartError,
    },
    /// The built-in artefacts cannot be made.
    #[error("system artefacts: {0}")]
    System(String),
    /// A link is not allowed.
    #[error(transparent)]
    Link(#[from] RefusedLink),
    /// A pipeline cannot be built; the formatted errors.
    #[error("{0}")]
    Pipeline(String),
    /// An id that is no segment of a URL.
    #[error(transparent)]
    Url(#[from] UrlError),
}

/// Why files cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// A file of no known kind.
    #[error(transparent)]
    Kind(#[from] temblor_config::UnsupportedFile),
    /// A file that cannot be read.
    #[error("An error occurred while loading the file `{file}`: Failed to open file `{file}`: {error}")]
    Open {
        /// The file.
        file: String,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A document that cannot be read.
    #[error("An error occurred while loading the file `{file}`: {error}")]
    Document {
        /// The file.
        file: String,
        /// The reason.
        error: Box<ConfigError>,
    },
    /// Something in a file that cannot be published or deployed.
    #[error("An error occurred while loading the file `{file}`: {error}")]
    Deploy {
        /// The file.
        file: String,
        /// The reason.
        error: Box<DeployError>,
    },
    /// A query that does not compile; its errors were given before.
    #[error("failed to load trickle script: {0}")]
    Query(String),
    /// Documents that do not agree.
    #[error("{0}")]
    Disagree(String),
}
