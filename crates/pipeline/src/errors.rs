//! What refuses a query, or is remarked about it.

use std::fmt;
use std::sync::Arc;

use temblor_syntax::{Diagnostic, SourceMap, render};

/// Errors or warnings of a query with the sources they point into; text is made on demand.
#[derive(Clone)]
pub struct QueryErrors {
    sources: Arc<SourceMap>,
    diagnostics: Vec<Diagnostic>,
}

impl QueryErrors {
    pub(crate) fn new(sources: Arc<SourceMap>, diagnostics: Vec<Diagnostic>) -> Self {
        Self { sources, diagnostics }
    }

    /// The errors or warnings, the one that matters most first.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The texts their places point into.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// All of them as text (spec/script.md 10.5).
    pub fn render(&self, colour: bool) -> String {
        self.diagnostics
            .iter()
            .map(|diagnostic| render(&self.sources, diagnostic, colour))
            .collect()
    }
}

impl fmt::Display for QueryErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl fmt::Debug for QueryErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.diagnostics).finish()
    }
}

impl std::error::Error for QueryErrors {}
