//! Errors and warnings with their places.
//!
//! A diagnostic is data; [`crate::render`] turns it into text. Messages contain the markers of spec/script.md 10 and spec/query.md 11.

use crate::codes::Code;
use crate::span::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The text is refused, or the evaluation of the event stopped.
    Error,
    /// Shown, without any effect.
    Warning,
}

/// Which source lines a report shows (spec/script.md 10.5, item 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Excerpt {
    /// The lines of this range: the whole expression that contains the marked one.
    Range(Span),
    /// The marked range and some lines on both sides.
    Around {
        /// Lines above.
        before: u32,
        /// Lines below.
        after: u32,
    },
}

/// An error or a warning.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// What kind it is.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong; contains the marker that the specification asks for.
    pub message: String,
    /// The range that is underlined; `None` if there is no place to show.
    pub span: Option<Span>,
    /// The lines to show.
    pub excerpt: Excerpt,
    /// Further ranges with a word on each.
    pub labels: Vec<(Span, String)>,
    /// Further remarks, without place.
    pub notes: Vec<String>,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error that shows two lines around its place.
    pub fn error(code: Code, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: span.into(),
            excerpt: Excerpt::Around { before: 2, after: 2 },
            labels: Vec::new(),
            notes: Vec::new(),
            hint: None,
        }
    }

    /// A warning that shows two lines around its place.
    pub fn warning(code: Code, span: impl Into<Option<Span>>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, span, message)
        }
    }

    /// Adds the hint, which takes the place of one given before.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a remark.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds a further marked range.
    #[must_use]
    pub fn with_label(mut self, span: Span, label: impl Into<String>) -> Self {
        self.labels.push((span, label.into()));
        self
    }

    /// Sets the lines to show.
    #[must_use]
    pub fn with_excerpt(mut self, excerpt: Excerpt) -> Self {
        self.excerpt = excerpt;
        self
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
