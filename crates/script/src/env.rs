//! What compiling needs beside the text.

use std::sync::Arc;

use temblor_syntax::ParseLimits;
use temblor_syntax::ast::Dialect;

use crate::func::Registry;
use crate::host::Host;
use crate::limits::Limits;
use crate::loader::Loader;

/// Surroundings of a compilation; cheap to clone.
#[derive(Clone)]
pub struct Env {
    /// Library functions, aggregates and library modules.
    pub registry: Arc<Registry>,
    /// The module path.
    pub loader: Arc<dyn Loader>,
    /// The program around scripts.
    pub host: Arc<dyn Host>,
    /// Limits at load and at run time.
    pub limits: Limits,
    /// Dialect of files without a directive of their own.
    pub dialect: Dialect,
}

impl Env {
    /// The limits for the parser.
    pub(crate) fn parse_limits(&self) -> ParseLimits {
        ParseLimits {
            source_depth: u32::try_from(self.limits.source_depth).unwrap_or(u32::MAX),
        }
    }
}
