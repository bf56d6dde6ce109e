//! Spans, diagnostics, lexer, parser and syntax trees of scripts and queries.
//!
//! This crate knows nothing of values or evaluation. Parsing never fails: it returns a tree and diagnostics.

pub mod ast;
pub mod span;
