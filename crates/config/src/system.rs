//! The artefacts that are always there (spec/runtime.md 2.10, spec/proxy.md 0.4).

use crate::url::{ArtefactKind, ArtefactUrl};

/// Kind and id of every system artefact. None can be unpublished (spec/runtime.md 3.2).
pub const SYSTEM_ARTEFACTS: [(ArtefactKind, &str); 5] = [
    (ArtefactKind::Pipeline, "system::metrics"),
    (ArtefactKind::Pipeline, "system::passthrough"),
    (ArtefactKind::Pipeline, "system::access"),
    (ArtefactKind::Offramp, "system::stdout"),
    (ArtefactKind::Offramp, "system::stderr"),
];

/// Whether the URL names a system artefact, one of its instances or ports.
pub fn is_system_artefact(url: &ArtefactUrl) -> bool {
    let (Some(kind), Some(artefact)) = (url.kind(), url.artefact()) else {
        return false;
    };
    SYSTEM_ARTEFACTS.contains(&(kind, artefact.as_str()))
}
