//! Runtime errors of scripts and selects as text.

use std::sync::Arc;

use temblor_script::Trap;
use temblor_syntax::{Diagnostic, SourceMap, render};

use crate::op::OpError;

/// Makes texts of runtime errors; cheap to clone.
#[derive(Clone)]
pub(crate) struct Reporter {
    sources: Arc<SourceMap>,
}

impl Reporter {
    pub(crate) fn new(sources: Arc<SourceMap>) -> Self {
        Self { sources }
    }

    /// The text of a script's error event: the header line is a plain `Error: ` (spec/operators-and-flow.md A.4).
    #[cold]
    pub(crate) fn script_error(&self, trap: &Trap) -> String {
        let text = render(&self.sources, &trap.diagnostic(), false);
        let lines = text.split_once('\n').map_or("", |(_, lines)| lines);
        format!("Error: \n{lines}")
    }

    /// The error of a select whose expression failed.
    #[cold]
    pub(crate) fn select_error(&self, trap: &Trap) -> OpError {
        OpError::new(render(&self.sources, &trap.diagnostic(), false))
    }

    /// An error of a select after which `run` does not go on (spec/query.md 8.6).
    #[cold]
    pub(crate) fn fatal(&self, diagnostic: &Diagnostic) -> OpError {
        OpError {
            ends_run: true,
            ..OpError::new(render(&self.sources, diagnostic, false))
        }
    }
}
