//! Errors of building a graph, one function for each (spec/query.md 11); the markers are those of the specification.

use temblor_syntax::ast::Name;
use temblor_syntax::codes::{self, Code};
use temblor_syntax::span::Span;
use temblor_syntax::suggest::nearest;
use temblor_syntax::{Diagnostic, Excerpt};

use crate::op::config::ConfigError;

/// Label on the definition of what `create` asks for.
const DEFINED: &str = "defined here";

fn narrow(code: Code, at: Span, message: String) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(code, at, message).with_excerpt(Excerpt::Range(at)))
}

fn near<'n>(diagnostic: Box<Diagnostic>, word: &str, known: impl Iterator<Item = &'n str>) -> Box<Diagnostic> {
    match nearest(word, known, 2) {
        Some(word) => Box::new(diagnostic.with_hint(format!("Did you mean to use `{word}`?"))),
        None => diagnostic,
    }
}

/// `from` or `into` names a node that does not exist.
pub(super) fn unknown_node<'n>(name: &Name, known: impl Iterator<Item = &'n str>) -> Box<Diagnostic> {
    let message = format!("The stream, operator or script `{}` is not defined", name.text);
    near(narrow(codes::UNKNOWN_NODE, name.span, message), &name.text, known)
}

/// A built-in name for an operator or script.
pub(super) fn reserved(name: &Name) -> Box<Diagnostic> {
    narrow(
        codes::RESERVED_NODE,
        name.span,
        format!("The name `{}` is reserved for a port of the pipeline", name.text),
    )
}

/// A name for two nodes.
pub(super) fn in_use(name: &Name) -> Box<Diagnostic> {
    narrow(
        codes::NODE_TWICE,
        name.span,
        format!("The name `{}` is already in use", name.text),
    )
}

/// `create` of a definition that does not exist; `what` is `operator` or `script`.
pub(super) fn unknown_definition<'n>(
    what: &str,
    definition: &str,
    name: &Name,
    known: impl Iterator<Item = &'n str>,
) -> Box<Diagnostic> {
    let message = format!("{what} not found: there is no definition `{definition}`");
    near(narrow(codes::UNKNOWN_DEFINITION, name.span, message), definition, known)
}

/// An operator type that does not exist, defined at `defined`.
pub(super) fn unknown_operator<'n>(
    kind: &str,
    name: &Name,
    defined: Span,
    known: impl Iterator<Item = &'n str>,
) -> Box<Diagnostic> {
    let message = format!("Unknown operator {kind}");
    let diagnostic = *narrow(codes::UNKNOWN_OPERATOR, name.span, message);
    near(Box::new(diagnostic.with_label(defined, DEFINED)), kind, known)
}

/// A configuration that an operator refuses, defined at `defined`.
pub(super) fn operator_config(error: &ConfigError, name: &Name, defined: Span) -> Box<Diagnostic> {
    let diagnostic = *narrow(codes::OPERATOR_CONFIG, name.span, error.0.clone());
    Box::new(diagnostic.with_label(defined, DEFINED))
}

/// A select names a window that does not exist.
pub(super) fn unknown_window<'n>(path: &str, at: Span, known: impl Iterator<Item = &'n str>) -> Box<Diagnostic> {
    near(
        narrow(codes::UNKNOWN_WINDOW, at, format!("Unknown window `{path}`")),
        path,
        known,
    )
}

/// A sliding window.
pub(super) fn sliding(name: &str, at: Span) -> Box<Diagnostic> {
    narrow(
        codes::WINDOW_SLIDING,
        at,
        format!("The window `{name}` is a sliding window; these are not yet implemented"),
    )
}

/// Both settings of a window.
pub(super) fn both_settings(name: &str, at: Span) -> Box<Diagnostic> {
    let message = format!("The window `{name}` has both `size` and `interval`, only one of them is allowed");
    let diagnostic = *narrow(codes::WINDOW_SETTINGS, at, message);
    Box::new(diagnostic.with_hint("In dialect 0.9 `interval` counts and `size` is ignored"))
}

/// Neither setting of a window.
pub(super) fn no_setting(name: &str, at: Span) -> Box<Diagnostic> {
    let message = format!("The window `{name}` has neither: either `size` or `interval` is required, an unsigned integer");
    narrow(codes::WINDOW_SETTINGS, at, message)
}

/// Empty windows for groups without bound.
pub(super) fn warn_unbounded_groups(name: &str, at: Span) -> Diagnostic {
    let message = format!("The window `{name}` emits empty windows for groups that are never dropped");
    Diagnostic::warning(codes::UNBOUNDED_GROUPS, at, message)
        .with_excerpt(Excerpt::Range(at))
        .with_hint("Set `eviction_period` or `max_groups`")
}

/// An operator type under its old name.
pub(super) fn warn_deprecated(kind: &str, new: &str, at: Span) -> Diagnostic {
    let message = format!("The operator type {kind} is deprecated, it is called {new} now");
    Diagnostic::warning(codes::DEPRECATED_OPERATOR, at, message).with_excerpt(Excerpt::Range(at))
}

/// The nodes form a cycle; `dot` is the drawn graph.
pub(super) fn cycle(at: Option<Span>, dot: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(codes::CYCLE, at, "The nodes of the query form a cycle").with_note(dot))
}

/// More nodes or ports than numbers.
pub(super) fn too_many(what: &str) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(
        codes::PORT,
        None,
        format!("The query has more than {} {what}", u16::MAX),
    ))
}
