//! Spans, diagnostics, lexer, parser and syntax trees of scripts and queries.
//!
//! This crate knows nothing of values or evaluation. Parsing never fails: it returns a tree and diagnostics.

#![forbid(unsafe_code)]

pub mod ast;
pub mod codes;
pub mod diagnostic;
pub mod dialect;
pub mod highlight;
pub mod lexer;
pub mod parser;
pub mod printer;
pub mod render;
pub mod source;
pub mod span;
pub mod suggest;
pub mod token;

pub use codes::Code;
pub use diagnostic::{Diagnostic, Excerpt, Severity};
pub use parser::{BraceCandidate, ParseLimits, Parsed, parse_module, parse_query, parse_query_module, parse_script};
pub use render::{render, render_json};
pub use source::{Location, SourceMap};
pub use span::{SourceId, Span};
