//! In which form errors and warnings of scripts and queries are shown.

use temblor_syntax::{Diagnostic, SourceMap, render, render_json};

/// Forms, by `--diagnostics`; the text is that of spec/script.md 10.5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Form {
    /// For people
    #[default]
    Text,
    /// A JSON record on a line for each
    Json,
}

impl Form {
    /// The diagnostics as a text to print; JSON is never coloured.
    pub(crate) fn render(self, sources: &SourceMap, diagnostics: &[Diagnostic], colour: bool) -> String {
        let one = |diagnostic| match self {
            Self::Text => render(sources, diagnostic, colour),
            Self::Json => render_json(sources, diagnostic) + "\n",
        };
        diagnostics.iter().map(one).collect()
    }
}
